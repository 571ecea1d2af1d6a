"""Random messages that a version can carry, from a seed."""

import random
from typing import Any

from ottla.wire.fields import Array, Field, WireType, fields_of
from ottla.wire.registry import all_apis
from ottla.wire.schema import Message, MessageType
from ottla.wire.types import Fresh, Kind

ALPHABET = "abcXYZ019.-_ äß€語🐦\x00"
ONE_IN = 8
"""How often something unusual is chosen: null, nothing, a long value, a default."""


def every_message() -> list[type[Message]]:
    """All requests and responses."""
    return [cls for api in all_apis() for cls in (api.request, api.response)]


def versions_of(cls: type[Message]) -> range:
    assert cls.__versions__ is not None
    return range(cls.__versions__[0], cls.__versions__[1] + 1)


def is_flexible(cls: MessageType, version: int) -> bool:
    return cls.__flexible_from__ is not None and version >= cls.__flexible_from__


class Values:
    """Draws messages. `tame` keeps to what other libraries' types can hold, and adds no unknown tags."""

    def __init__(self, seed: str, *, tame: bool = False) -> None:
        self.random = random.Random(seed)
        self.tame = tame

    def message(self, cls: type[Message], version: int) -> Message:
        return self._structure(cls, version, flexible=is_flexible(cls, version), depth=0)

    def _structure(self, cls: Any, version: int, *, flexible: bool, depth: int) -> Message:
        values = {
            field.name: self._field(field, version, flexible=flexible, depth=depth)
            for field in fields_of(cls)
            if field.exists(version) and not (field.tag is not None and self._seldom())
        }
        if flexible and not self.tame and self._seldom():
            values["unknown_tags"] = self._unknown_tags()
        message: Message = cls(**values)
        return message

    def _field(self, field: Field, version: int, *, flexible: bool, depth: int) -> object:
        if field.may_be_null(version) and self._seldom():
            return None
        if isinstance(field.default, Fresh) and self._seldom():
            return field.type() if isinstance(field.type, MessageType) else None
        return self._value(field.type, field.name, version, flexible=flexible, depth=depth)

    def _value(self, wire_type: WireType, name: str, version: int, *, flexible: bool, depth: int) -> object:
        if isinstance(wire_type, Array):
            longest = 150 if isinstance(wire_type.element, Kind) and self._seldom() else 3
            count = self.random.randint(0, longest if depth < 3 else 1)
            inner = (wire_type.element, name, version)
            return [self._value(*inner, flexible=flexible, depth=depth + 1) for _ in range(count)]
        if isinstance(wire_type, MessageType):
            return self._structure(wire_type, version, flexible=flexible, depth=depth + 1)
        return self._tame_value(wire_type, name) if self.tame else self._kind(wire_type)

    def _tame_value(self, kind: Kind, name: str) -> object:
        if name in {"error_code", "partition_error_code"}:
            return self.random.randint(-1, 100)
        if kind.name == "int64" and name.endswith(("_ms", "timestamp", "time_stamp")):
            return self.random.randint(0, 4_000_000_000_000)
        return self._kind(kind)

    def _kind(self, kind: Kind) -> object:
        match kind.name:
            case "bool":
                return self.random.random() < 0.5
            case "float64":
                return self.random.uniform(-1e9, 1e9)
            case "uuid":
                return self.random.randbytes(16)
            case "string":
                return "".join(self.random.choices(ALPHABET, k=self._length()))
            case "bytes" | "records":
                return self.random.randbytes(self._length())
        return self._integer(kind)

    def _integer(self, kind: Kind) -> int:
        bits = kind.size * 8
        low, high = (
            (0, 2**bits - 1) if kind.name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
        return self.random.choice((low, high, 0, self.random.randint(low, high), self.random.randint(0, 100)))

    def _length(self) -> int:
        return self.random.randint(0, 20_000 if self._seldom() and self._seldom() else 30)

    def _unknown_tags(self) -> tuple[tuple[int, bytes], ...]:
        tags = sorted(self.random.sample(range(10, 100_000), self.random.randint(1, 3)))
        return tuple((tag, self.random.randbytes(self._length())) for tag in tags)

    def _seldom(self) -> bool:
        return self.random.randrange(ONE_IN) == 0
