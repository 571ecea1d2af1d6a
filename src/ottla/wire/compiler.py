"""Makes readers, writers and constructors when they are first used. The one file of the project that may exec."""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any

from ottla.wire import runtime
from ottla.wire.fields import fields_of
from ottla.wire.reading import ReaderSource
from ottla.wire.schema import Message, MessageType
from ottla.wire.source import Source
from ottla.wire.types import Buffer, Fresh, WireError
from ottla.wire.writing import WriterSource

_GLOBALS = {
    **{name: getattr(runtime, name) for name in runtime.__all__},
    "new": object.__new__,
    "pack": pack,
    "unpack_from": unpack_from,
}


def reader(cls: MessageType, version: int) -> Callable[[memoryview, int], tuple[Any, int]]:
    """The function that reads `cls` in this version. Raises WireError when there is no such version."""
    flexible = _is_flexible(cls, version)
    return _compile(
        ReaderSource(version, flexible=flexible).message(cls), f"{cls.__name__} v{version} reader"
    )


def writer(cls: MessageType, version: int) -> Callable[[Message], list[Buffer]]:
    """The function that writes `cls` in this version. Raises WireError when there is no such version."""
    flexible = _is_flexible(cls, version)
    return _compile(
        WriterSource(version, flexible=flexible).message(cls), f"{cls.__name__} v{version} writer"
    )


def constructor(cls: MessageType) -> Callable[..., None]:
    """The keyword-only `__init__` of `cls`."""
    source = Source()
    parameters, body = [], []
    for field in fields_of(cls):
        default = field.default
        body.append(f"self.{field.name} = {field.name}")
        if isinstance(default, Fresh | list):
            made = f"{source.bind(field.type)}()" if isinstance(default, Fresh) else "[]"
            body[-1] += f" if {field.name} is not FRESH else {made}"
            default = Fresh()
        parameters.append(f"{field.name}={'FRESH' if isinstance(default, Fresh) else repr(default)}")
    source.globals["FRESH"] = Fresh()
    source.line(f"def __init__(self, *, {', '.join([*parameters, 'unknown_tags=()'])}):")
    with source.indented():
        for text in [*body, "self.unknown_tags = unknown_tags"]:
            source.line(text)
    return _compile(source, f"{cls.__name__} constructor")


def _is_flexible(cls: MessageType, version: int) -> bool:
    if cls.__versions__ is None:
        raise WireError(f"{cls.__name__} is only a part of messages: it has no versions of its own")
    first, last = cls.__versions__
    if not first <= version <= last:
        raise WireError(f"{cls.__name__} has versions {first} to {last}, not {version}")
    return cls.__flexible_from__ is not None and version >= cls.__flexible_from__


def _compile(source: Source, title: str) -> Any:
    """Run the source's `def` and hand out its function."""
    namespace = {**_GLOBALS, **source.globals}
    exec(compile("\n".join(source.lines), f"<{title}>", "exec"), namespace)  # noqa: S102
    return next(value for name, value in namespace.items() if name in {"read", "write", "__init__"})
