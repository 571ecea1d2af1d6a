"""Source text in the making, and what readers and writers need to know about types."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from ottla.wire.fields import EVER, Field, WireType, fields_of
from ottla.wire.schema import MessageType
from ottla.wire.types import Fresh, Kind


class Source:
    """Lines of one function and the objects that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.globals: dict[str, object] = {}
        self._depth = 0
        self._names = 0

    def line(self, text: str) -> None:
        self.lines.append(" " * self._depth + text)

    @contextmanager
    def indented(self) -> Iterator[None]:
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, word: str) -> str:
        """A variable that nothing else uses."""
        self._names += 1
        return f"{word}{self._names}"

    def bind(self, thing: type) -> str:
        """A global name for `thing`."""
        self.globals[thing.__name__] = thing
        return thing.__name__

    def layout(self, codes: str) -> tuple[str, int]:
        """A global name for the big-endian Struct of these codes, and its size in bytes."""
        layout = struct.Struct(">" + codes)
        name = "layout_" + codes.replace("?", "z")
        self.globals[name] = layout
        return name, layout.size


def assign_default(source: Source, field: Field, target: str) -> None:
    """Lines that give `target` the field's default; lists and structures are made anew each time."""
    if not isinstance(field.default, Fresh):
        source.line(f"{target} = {field.default!r}")
        return
    assert isinstance(field.type, MessageType)
    inner = source.name("inner")
    source.line(f"{target} = {inner} = new({source.bind(field.type)})")
    source.line(f"{inner}.unknown_tags = ()")
    for part in fields_of(field.type):
        assign_default(source, part, f"{inner}.{part.name}")


def differs(field: Field, value: str) -> str:
    """A condition: `value` is not the field's default."""
    if isinstance(field.default, Fresh):
        assert isinstance(field.type, MessageType)
        parts = [differs(part, f"{value}.{part.name}") for part in fields_of(field.type)]
        none = [f"{value} is None"] if field.nullable_since <= EVER else []
        return f"({' or '.join([*none, *parts, f'{value}.unknown_tags'])})"
    if field.default is None:
        return f"{value} is not None"
    if field.default is False:
        return value
    return f"{value} != {field.default!r}"


def smallest_size(wire_type: WireType, version: int, *, flexible: bool) -> int:
    """The fewest bytes that a value of this type takes."""
    if isinstance(wire_type, MessageType):
        present = [field for field in fields_of(wire_type) if field.exists(version) and field.tag is None]
        return flexible + sum(_field_size(field, version, flexible=flexible) for field in present)
    if isinstance(wire_type, Kind) and wire_type.code:
        return wire_type.size
    if flexible:
        return 1
    return 2 if isinstance(wire_type, Kind) and wire_type.name == "string" else 4


def _field_size(field: Field, version: int, *, flexible: bool) -> int:
    if isinstance(field.type, MessageType) and field.may_be_null(version):
        return 1
    return smallest_size(field.type, version, flexible=flexible)
