"""docs/guide/tracing.md and coming-from.md: their programs run, and every name of Ottla's in the tables is one."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ottla
import ottla.client
from ottla.client.config.options import AdminOptions, ConsumerOptions, ProducerOptions
from ottla.testing.broker_thread import BrokerThread

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guide"
TABLE_ROW = re.compile(r"^\|.*\| ([^|]*) \|$", re.MULTILINE)
OPTIONS = {*ProducerOptions.__annotations__, *ConsumerOptions.__annotations__, *AdminOptions.__annotations__}
OBJECTS: dict[str, Any] = {
    name: getattr(ottla.client, name.capitalize(), None) or getattr(ottla, name.capitalize())
    for name in ("producer", "consumer", "admin", "record", "batch", "delivery", "transaction")
}
GIVEN = {"topic", "topics", "value", "values", "keys", "headers", "servers", "callback", "handler", "hook"} | {
    "config", "offset", "offsets", "partition", "partitions",
}  # fmt: skip


def printed(page: str) -> str:
    """What the page's programs print, one after another at the same broker."""
    programs = re.findall(r"^```python\n(.*?)^```$", (GUIDES / page).read_text(), re.DOTALL | re.MULTILINE)
    output = ""
    with BrokerThread() as broker:
        for program in programs:
            code = program.replace("127.0.0.1:9092", broker.bootstrap_servers)
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", code],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.stderr == ""
            output += done.stdout
    return output


def test_tracing() -> None:
    spans = ["a loop of one's own", "checkout", "process traced", "reckon", "send traced"]
    assert sorted(printed("tracing.md").splitlines()) == spans


def test_coming_from() -> None:
    assert printed("coming-from.md").splitlines() == ["b'nonsense' comes again", "b'tea'", "50 orders"]


def ottla_code() -> Iterator[str]:
    """What stands in the last columns of the tables."""
    for cell in TABLE_ROW.findall((GUIDES / "coming-from.md").read_text()):
        yield from re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("code", sorted(set(ottla_code())))
def test_every_name_in_the_tables_is_one(code: str) -> None:
    whole = f"{code}: ..." if code.startswith("async ") else code
    tree = compile(whole, code, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name):
                assert name in GIVEN | OPTIONS | OBJECTS.keys() or named(name) is not None, name
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                owner = OBJECTS.get(name) or named(name)
                instance = vars(owner(ottla.ErrorCode.NONE)) if owner is ottla.KafkaError else {}
                assert attribute in instance or hasattr(owner, attribute), f"{name}.{attribute}"
            case ast.Call(func=function, keywords=keywords):
                for keyword in keywords:
                    assert keyword.arg in OPTIONS | parameters(function), keyword.arg


def named(name: str) -> Any:
    return getattr(ottla, name, None) or getattr(ottla.client, name, None)


def parameters(function: ast.expr) -> set[str]:
    match function:
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return set(inspect.signature(getattr(OBJECTS[name], attribute)).parameters)
        case ast.Name(id=name):
            return set(inspect.signature(named(name)).parameters)
    return set()


def test_the_tables_are_read() -> None:
    assert len(set(ottla_code())) > 40
