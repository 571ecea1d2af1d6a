"""The words that message classes are written in: types, version markers, and the one error.

A type checker reads `Annotated[int32, since(7)]` as plain `int`; the compiler reads what `Annotated` holds.
"""

from typing import Annotated, Any, Final

from ottla.core import zero_uuid

Buffer = bytes | bytearray | memoryview
"""Whatever holds bytes. A buffer that is passed on must not be changed by its owner any more."""

ZERO_UUID: Final = zero_uuid.ZERO_UUID
"""A default that message classes name."""


class WireError(ValueError):
    """Bytes that are no such message, or a message that this version cannot carry."""


class Kind:
    """How one value lies on the wire. `code` is its letter in struct, none if its length varies."""

    __slots__ = ("code", "default", "name", "size")

    def __init__(self, name: str, default: object, code: str = "", size: int = 0) -> None:
        self.name = name
        self.default = default
        self.code = code
        self.size = size

    def __repr__(self) -> str:
        return self.name


int8 = Annotated[int, Kind("int8", 0, "b", 1)]
int16 = Annotated[int, Kind("int16", 0, "h", 2)]
uint16 = Annotated[int, Kind("uint16", 0, "H", 2)]
int32 = Annotated[int, Kind("int32", 0, "i", 4)]
uint32 = Annotated[int, Kind("uint32", 0, "I", 4)]
int64 = Annotated[int, Kind("int64", 0, "q", 8)]
float64 = Annotated[float, Kind("float64", 0.0, "d", 8)]
boolean = Annotated[bool, Kind("bool", False, "?", 1)]
uuid = Annotated[bytes, Kind("uuid", ZERO_UUID, "16s", 16)]
string = Annotated[str, Kind("string", "")]
bytes_ = Annotated[bytes, Kind("bytes", b"")]
records_ = Annotated[bytes | bytearray | memoryview, Kind("records", None)]


class Marker:
    """What a field says about itself besides its type; made by the functions below."""

    __slots__ = ("name", "numbers")

    def __init__(self, name: str, *numbers: int | None) -> None:
        self.name = name
        self.numbers = numbers


def since(version: int) -> Marker:
    """The first version that has the field; without it, the message's first."""
    return Marker("since", version)


def until(version: int) -> Marker:
    """The last version that has the field; without it, the message's last."""
    return Marker("until", version)


def nullable(first: int, last: int | None = None) -> Marker:
    """Versions in which a `… | None` field may really be None; without it, all that have the field."""
    return Marker("nullable", first, last)


def tagged(tag: int) -> Marker:
    """The field travels in the tagged section (KIP-482), under this number, and only when not its default."""
    return Marker("tagged", tag)


ignorable: Final = Marker("ignorable")
"""A value that the version lacks is dropped in silence; without it, an error."""


class Fresh:
    """A default that is made anew for each message: the structure named in the annotation, all defaults."""

    __slots__ = ()


_FRESH = Fresh()


def fresh() -> Any:  # noqa: ANN401  # passes for whatever its field holds
    """The default of a field that holds a structure: a new one in each message."""
    return _FRESH
