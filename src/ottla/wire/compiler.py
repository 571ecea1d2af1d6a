"""Makes readers, writers and constructors, each when it is first used."""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any, cast

from ottla.wire import runtime
from ottla.wire.execute import define
from ottla.wire.fields import fields_of
from ottla.wire.reading import ReaderSource
from ottla.wire.schema import Message, MessageType
from ottla.wire.source import Source, assign_default
from ottla.wire.types import Buffer, Fresh, WireError
from ottla.wire.writing import WriterSource

Reader = Callable[[memoryview, int], tuple[Any, int]]
Writer = Callable[[Message], list[Buffer]]
Constructor = Callable[..., None]

_GLOBALS = {
    **{name: getattr(runtime, name) for name in runtime.__all__},
    "FRESH": Fresh(),
    "new": object.__new__,
    "pack": pack,
    "unpack_from": unpack_from,
}


def reader(cls: MessageType, version: int) -> Reader:
    """The function that reads `cls` in this version. Raises WireError when there is no such version."""
    source = ReaderSource(version, flexible=_is_flexible(cls, version)).message(cls)
    return cast("Reader", _define(source, "read", f"{cls.__name__} v{version} reader"))


def writer(cls: MessageType, version: int) -> Writer:
    """The function that writes `cls` in this version. Raises WireError when there is no such version."""
    source = WriterSource(version, flexible=_is_flexible(cls, version)).message(cls)
    return cast("Writer", _define(source, "write", f"{cls.__name__} v{version} writer"))


def constructor(cls: MessageType) -> Constructor:
    """The keyword-only `__init__` of `cls`."""
    source = Source()
    fields = fields_of(cls)
    parameters = [
        f"{field.name}={'FRESH' if isinstance(field.default, Fresh | list) else repr(field.default)}"
        for field in fields
    ]
    source.line(f"def __init__(self, *, {', '.join([*parameters, 'unknown_tags=()'])}):")
    with source.indented():
        source.line("self.unknown_tags = unknown_tags")
        for field in fields:
            source.line(f"self.{field.name} = {field.name}")
            if isinstance(field.default, Fresh | list):
                source.line(f"if {field.name} is FRESH:")
                with source.indented():
                    assign_default(source, field, f"self.{field.name}")
    return cast("Constructor", _define(source, "__init__", f"{cls.__name__} constructor"))


def _is_flexible(cls: MessageType, version: int) -> bool:
    if cls.__versions__ is None:
        raise WireError(f"{cls.__name__} is only a part of messages: it has no versions of its own")
    first, last = cls.__versions__
    if not first <= version <= last:
        raise WireError(f"{cls.__name__} has versions {first} to {last}, not {version}")
    return cls.__flexible_from__ is not None and version >= cls.__flexible_from__


def _define(source: Source, name: str, title: str) -> object:
    return define(source.lines, name, {**_GLOBALS, **source.globals}, title)
