"""Values of one machine type each, byte for byte as Apache Kafka's own serializers write them (big-endian)."""

import struct
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, NoReturn, Self, TypeVar
from uuid import UUID

from ottla.client.serdes.errors import SerializationError
from ottla.client.serdes.serde import Field, Headers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PrimitiveSerde(Generic[T]):
    """What they share: null stays null, and an error names the place and the way out."""

    field: Field = "value"

    java: ClassVar[str]
    """The Java class that reads and writes the same bytes."""
    writes: ClassVar[str]
    """What a value must be."""
    reads: ClassVar[str]
    """What bytes must be."""

    def for_field(self, field: Field) -> Self:
        """The same for keys or for values."""
        return replace(self, field=field)

    def serialize(self, value: T | None, topic: str, headers: Headers, /) -> bytes | None:  # noqa: ARG002
        """The bytes to send. Raises SerializationError."""
        if value is None:
            return None
        try:
            return self.encode(value)
        except (ValueError, TypeError, AttributeError, struct.error) as error:
            self._refuse_value(value, topic, error)

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> T | None:  # noqa: ARG002
        """The value of bytes that came. Raises SerializationError."""
        if data is None:
            return None
        try:
            return self.decode(data)
        except (ValueError, struct.error) as error:
            self._refuse_bytes(data, topic, error)

    def encode(self, value: T) -> bytes:
        """Bytes, or ValueError, TypeError, AttributeError, struct.error."""
        raise NotImplementedError

    def decode(self, data: bytes) -> T:
        """A value, or ValueError, struct.error."""
        raise NotImplementedError

    def _refuse_value(self, value: object, topic: str, error: Exception) -> NoReturn:
        message = (
            f"topic {topic}: the {self.field} {value!r:.100} of type {type(value).__qualname__} is not "
            f"{self.writes} ({error}); send one, or give the topic another {self.field} type"
        )
        raise SerializationError(message, topic=topic, field=self.field) from error

    def _refuse_bytes(self, data: bytes, topic: str, error: Exception) -> NoReturn:
        message = (
            f"topic {topic}: the {self.field} {bytes(data[:40])!r} ({len(data)} bytes) is not {self.reads} "
            f"({error}); give the topic the {self.field} type that its writers use, or read bytes"
        )
        raise SerializationError(message, topic=topic, field=self.field) from error


class BytesSerde(PrimitiveSerde[bytes]):
    """Bytes as they are. Clients do no work at all for a topic of bytes; this one is for those who ask."""

    java = "ByteArraySerializer"
    writes = reads = "bytes"

    def encode(self, value: bytes) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError("no bytes")
        return bytes(value)

    def decode(self, data: bytes) -> bytes:
        return bytes(data)


class StringSerde(PrimitiveSerde[str]):
    """Text in UTF-8."""

    java = "StringSerializer"
    writes = "text that UTF-8 can hold"
    reads = "text in UTF-8"

    def encode(self, value: str) -> bytes:
        return str.encode(value)

    def decode(self, data: bytes) -> str:
        return str(data, "utf-8")


class _NumberSerde(PrimitiveSerde[T]):
    """One number of a fixed width."""

    layout: ClassVar[struct.Struct]

    def encode(self, value: T) -> bytes:
        if isinstance(value, bool):
            raise TypeError("true and false are no numbers here")
        return self.layout.pack(value)

    def decode(self, data: bytes) -> T:
        [value] = self.layout.unpack(data)
        return value  # type: ignore[no-any-return]


class LongSerde(_NumberSerde[int]):
    """A signed integer in 8 bytes."""

    java = "LongSerializer"
    writes = "an integer that fits 8 bytes with a sign"
    reads = "an integer of 8 bytes"
    layout = struct.Struct(">q")


class IntegerSerde(_NumberSerde[int]):
    """A signed integer in 4 bytes."""

    java = "IntegerSerializer"
    writes = "an integer that fits 4 bytes with a sign"
    reads = "an integer of 4 bytes"
    layout = struct.Struct(">i")


class ShortSerde(_NumberSerde[int]):
    """A signed integer in 2 bytes."""

    java = "ShortSerializer"
    writes = "an integer that fits 2 bytes with a sign"
    reads = "an integer of 2 bytes"
    layout = struct.Struct(">h")


class DoubleSerde(_NumberSerde[float]):
    """A floating-point number in 8 bytes (IEEE 754)."""

    java = "DoubleSerializer"
    writes = "a number"
    reads = "a floating-point number of 8 bytes"
    layout = struct.Struct(">d")


class FloatSerde(_NumberSerde[float]):
    """A floating-point number in 4 bytes (IEEE 754); it comes back rounded."""

    java = "FloatSerializer"
    writes = "a number that fits a float of 4 bytes"
    reads = "a floating-point number of 4 bytes"
    layout = struct.Struct(">f")

    def encode(self, value: float) -> bytes:
        try:
            return self.layout.pack(value)
        except OverflowError as error:
            raise ValueError(error) from error


class BooleanSerde(PrimitiveSerde[bool]):
    """True as 0x01, false as 0x00."""

    java = "BooleanSerializer"
    writes = "True or False"
    reads = "one byte, 0 or 1"

    def encode(self, value: bool) -> bytes:
        if not isinstance(value, bool):
            raise TypeError("no bool")
        return b"\x01" if value else b"\x00"

    def decode(self, data: bytes) -> bool:
        if data not in (b"\x00", b"\x01"):
            raise ValueError("no boolean")
        return data == b"\x01"


class UUIDSerde(PrimitiveSerde[UUID]):
    """A UUID as its text of 36 letters."""

    java = "UUIDSerializer"
    writes = "a UUID"
    reads = "the text of a UUID"

    def encode(self, value: UUID) -> bytes:
        if not isinstance(value, UUID):
            raise TypeError("no UUID")
        return str(value).encode()

    def decode(self, data: bytes) -> UUID:
        return UUID(str(data, "utf-8"))


class VoidSerde(PrimitiveSerde[None]):
    """Nothing: always null."""

    java = "VoidSerializer"
    writes = "None"
    reads = "null"

    def encode(self, value: None) -> bytes:  # noqa: ARG002
        raise TypeError(f"a topic without a {self.field}")

    def decode(self, data: bytes) -> None:  # noqa: ARG002
        raise ValueError(f"a topic without a {self.field}, and this is one")
