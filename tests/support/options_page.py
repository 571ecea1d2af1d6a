"""Makes docs/reference/client-options.md out of the settings' definitions and the texts below them.

python -m tests.support.options_page > docs/reference/client-options.md
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import Field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from ottla.client.config import settings
from ottla.client.config.settings import ClientSettings, ConsumerSettings, ProducerSettings
from ottla.records.compression import Codec

_HEAD = """# Options of the clients

Keyword arguments of `Producer`, `Consumer` and `Admin`: Kafka's names with underscores for dots, and (unless said) the
defaults of its Java clients. `from_config` takes the dotted names of Java's clients and of librdkafka instead. To
a type checker a dict to be spread with `**` is a `ProducerOptions`, `ConsumerOptions` or `AdminOptions` of
`ottla.client.config.options`.

Made from `ottla.client.config.settings`: `python -m tests.support.options_page > docs/reference/client-options.md`
"""
_PARTS = ((ClientSettings, "Every client"), (ProducerSettings, "Producer"), (ConsumerSettings, "Consumer"))


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_part(kind, title) for kind, title in _PARTS)


def _part(kind: type[ClientSettings], title: str) -> str:
    of_all = {field.name for field in fields(ClientSettings)} if kind is not ClientSettings else set()
    texts = dict(_texts(kind.__name__))
    rows = [
        f"| `{field.name}` | {_default(field)} | {texts.get(field.name, '')} |"
        for field in fields(kind)
        if field.name not in of_all
    ]
    return "\n".join(["", f"## {title}", "", "| Option | Default | |", "|---|---|---|", *rows, ""])


def _default(field: Field[Any]) -> str:
    if field.name == "acks":
        return '`"all"`'
    value = field.default
    if isinstance(value, Codec):
        value = value.name.lower()
    if isinstance(value, tuple):
        value = list(value)
    return f"`{value!r}`".replace("'", '"')


def _texts(class_name: str) -> Iterator[tuple[str, str]]:
    """Each option's text: the string that stands below it."""
    module = ast.parse(Path(settings.__file__).read_text())
    [body] = [node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    for option, below in pairwise(body):
        match option, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
