"""The blocking clients are the asyncio ones: the same methods with the same parameters."""

import inspect
from typing import Any

import pytest

import ottla.sync
from ottla.client import Admin, Consumer, Producer
from ottla.client.consuming.batch import Batch

PAIRS: list[tuple[Any, Any]] = [
    (Admin, ottla.sync.Admin),
    (Batch, ottla.sync.Batch),
    (Consumer, ottla.sync.Consumer),
    (Producer, ottla.sync.Producer),
]


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("asynchronous", "blocking"), PAIRS, ids=lambda kind: kind.__module__)
def test_nothing_is_missing(asynchronous: type, blocking: type) -> None:
    extra = {"settings", "asynchronous"}  # an attribute there, a property here; what transactions go through
    assert public(blocking) - extra == public(asynchronous) - extra


def methods() -> list[Any]:
    return [
        pytest.param(asynchronous, blocking, name, id=f"{asynchronous.__name__}.{name}")
        for asynchronous, blocking in PAIRS
        for name in sorted(public(asynchronous) | {"__init__"})
        if inspect.isfunction(getattr(asynchronous, name, None))
        and (asynchronous, name) != (Batch, "__init__")
    ]


@pytest.mark.parametrize(("asynchronous", "blocking", "name"), methods())
def test_parameters_and_defaults_are_the_same(asynchronous: type, blocking: type, name: str) -> None:
    theirs = inspect.signature(getattr(asynchronous, name)).parameters.values()
    ours = inspect.signature(getattr(blocking, name)).parameters.values()
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


@pytest.mark.parametrize(("asynchronous", "blocking", "name"), methods())
def test_each_says_what_it_does(asynchronous: type, blocking: type, name: str) -> None:
    assert bool(inspect.getdoc(getattr(blocking, name))) is bool(inspect.getdoc(getattr(asynchronous, name)))
