"""What a message class's annotations say, read once per class and kept: the input of the compiler."""

import types
import typing
from functools import cache
from typing import Any

from ottla.wire.execute import annotations
from ottla.wire.schema import MessageType
from ottla.wire.types import Kind, Marker

EVER = 32767
"""No last version."""


class Array:
    """A list of `element`s."""

    __slots__ = ("element",)

    def __init__(self, element: "WireType") -> None:
        self.element = element


WireType = Kind | Array | MessageType
"""A single value, a list, or a structure."""


class Field:
    """One field of a message class, for all versions. Version ranges are inclusive."""

    __slots__ = (
        "default",
        "ignorable",
        "name",
        "nullable_since",
        "nullable_until",
        "since",
        "tag",
        "type",
        "until",
    )

    def __init__(self, name: str, wire_type: WireType, default: object) -> None:
        self.name = name
        self.type = wire_type
        self.default = default
        self.since = 0
        self.until = EVER
        self.nullable_since = EVER + 1
        self.nullable_until = EVER
        self.tag: int | None = None
        self.ignorable = False

    def exists(self, version: int) -> bool:
        return self.since <= version <= self.until

    def may_be_null(self, version: int) -> bool:
        return self.nullable_since <= version <= self.nullable_until

    def apply(self, marker: Marker) -> None:
        """Take in one marker of the annotation."""
        first, last = (*marker.numbers, None, None)[:2]
        if marker.name == "ignorable":
            self.ignorable = True
        elif marker.name == "nullable":
            assert first is not None
            self.nullable_since = first
            self.nullable_until = EVER if last is None else last
        elif marker.name == "tagged":
            self.tag = first
        else:
            assert marker.name in {"since", "until"}
            assert first is not None
            setattr(self, marker.name, first)


@cache
def fields_of(cls: MessageType) -> tuple[Field, ...]:
    """The fields of `cls` in wire order. Raises TypeError when an annotation is not of the wire."""
    return tuple(
        _field(cls, name, hint) for name, hint in zip(cls.__defaults__, annotations(cls), strict=True)
    )


def _field(cls: MessageType, name: str, hint: object) -> Field:
    wire_type, markers, optional = _resolve(hint, f"{cls.__name__}.{name}")
    field = Field(name, wire_type, cls.__defaults__[name])
    for marker in markers:
        field.apply(marker)
    if optional and field.nullable_since > EVER:
        field.nullable_since = 0
    return field


def _resolve(hint: Any, where: str) -> tuple[WireType, list[Marker], bool]:  # noqa: ANN401  # types have no type
    """Take an annotation apart: its type on the wire, the markers around it, and whether it allows None."""
    markers: list[Marker] = []
    optional = False
    while not isinstance(hint, MessageType):
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            kind = next((item for item in hint.__metadata__ if isinstance(item, Kind)), None)
            markers += [item for item in hint.__metadata__ if isinstance(item, Marker)]
            if kind is not None:
                return kind, markers, optional
            hint = hint.__origin__
        elif origin in {typing.Union, types.UnionType} and types.NoneType in typing.get_args(hint):
            optional = True
            (hint,) = (item for item in typing.get_args(hint) if item is not types.NoneType)
        elif origin is list:
            return Array(_resolve(typing.get_args(hint)[0], where)[0]), markers, optional
        else:
            raise TypeError(f"{where}: {hint!r} is no wire type")
    return hint, markers, optional
