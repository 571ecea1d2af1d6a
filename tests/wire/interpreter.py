"""The wire format once more, slowly and plainly: a walk over the annotations that anybody can check by eye.

It shares nothing with the compiler but the fields. Malformed input raises any exception.
"""

import io
import struct
from typing import Any

from ottla.wire.fields import Array, Field, WireType, fields_of
from ottla.wire.schema import Message, MessageType
from ottla.wire.types import Kind
from tests.wire.values import is_flexible

FIXED = {
    "int8": ">b",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "float64": ">d",
}


def encode(message: Message, version: int) -> bytes:
    writer = Writer(version, flexible=is_flexible(type(message), version))
    writer.structure(message)
    return writer.out.getvalue()


def decode(cls: type[Message], data: bytes, version: int) -> tuple[Message, int]:
    reader = Reader(data, version, flexible=is_flexible(cls, version))
    return reader.structure(cls), reader.data.tell()


class Writer:
    def __init__(self, version: int, *, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.out = io.BytesIO()

    def varint(self, value: int) -> None:
        while value >= 0x80:
            self.out.write(bytes([value % 0x80 + 0x80]))
            value //= 0x80
        self.out.write(bytes([value]))

    def length(self, length: int | None, old_format: str) -> None:
        if self.flexible:
            self.varint(0 if length is None else length + 1)
        else:
            self.out.write(struct.pack(old_format, -1 if length is None else length))

    def structure(self, message: Message) -> None:
        tagged: dict[int, bytes] = dict(message.unknown_tags)
        for field in fields_of(type(message)):
            if not field.exists(self.version):
                continue
            value = getattr(message, field.name)
            if field.tag is None:
                self.field(field, value)
            elif value != self.default(field):
                inner = Writer(self.version, flexible=self.flexible)
                inner.field(field, value)
                tagged[field.tag] = inner.out.getvalue()
        if self.flexible:
            self.varint(len(tagged))
            for tag in sorted(tagged):
                self.varint(tag)
                self.varint(len(tagged[tag]))
                self.out.write(tagged[tag])

    @staticmethod
    def default(field: Field) -> object:
        fresh = isinstance(field.type, MessageType) and field.default is not None
        return field.type() if fresh and isinstance(field.type, MessageType) else field.default

    def field(self, field: Field, value: Any) -> None:
        if isinstance(field.type, MessageType) and field.may_be_null(self.version):
            none = b"\xff" if field.tag is None else b"\x00"
            self.out.write(none if value is None else b"\x01")
            if value is None:
                return
        self.value(field.type, value)

    def value(self, wire_type: WireType, value: Any) -> None:
        if isinstance(wire_type, MessageType):
            self.structure(value)
        elif isinstance(wire_type, Array):
            self.length(None if value is None else len(value), ">i")
            for element in value or []:
                self.value(wire_type.element, element)
        elif wire_type.name in FIXED:
            self.out.write(struct.pack(FIXED[wire_type.name], value))
        elif wire_type.name == "bool":
            self.out.write(b"\x01" if value else b"\x00")
        elif wire_type.name == "uuid":
            self.out.write(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            self.length(None if value is None else len(content), ">h" if wire_type.name == "string" else ">i")
            self.out.write(content or b"")


class Reader:
    def __init__(self, data: bytes, version: int, *, flexible: bool) -> None:
        self.data = io.BytesIO(data)
        self.version = version
        self.flexible = flexible

    def take(self, count: int) -> bytes:
        taken = self.data.read(count)
        assert len(taken) == count, "the end"
        return taken

    def varint(self) -> int:
        value = 0
        for position in range(5):
            byte = self.take(1)[0]
            value += (byte % 0x80) << (7 * position)
            if byte < 0x80:
                assert value < 2**32
                return value
        raise AssertionError("too long")

    def length(self, old_format: str) -> int | None:
        """None for null."""
        if self.flexible:
            length = self.varint() - 1
        else:
            (length,) = struct.unpack(old_format, self.take(struct.calcsize(old_format)))
        return None if length < 0 else length

    def structure(self, cls: Any) -> Message:
        values: dict[str, Any] = {}
        tagged: dict[int, Field] = {}
        for field in fields_of(cls):
            if field.exists(self.version) and field.tag is None:
                values[field.name] = self.field(field)
            elif field.exists(self.version) and field.tag is not None:
                tagged[field.tag] = field
        if self.flexible:
            values |= self.tags(tagged)
        message: Message = cls(**values)
        return message

    def tags(self, known: dict[int, Field]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        unknown = []
        last = -1
        count = self.varint()
        assert count <= 10_000
        for _ in range(count):
            tag, size = self.varint(), self.varint()
            assert tag > last
            last = tag
            content = self.take(size)
            if tag in known:
                inner = Reader(content, self.version, flexible=self.flexible)
                values[known[tag].name] = inner.field(known[tag])
                assert inner.data.tell() == size
            else:
                unknown.append((tag, content))
        return {**values, "unknown_tags": tuple(unknown)}

    def field(self, field: Field) -> object:
        nullable = field.may_be_null(self.version)
        none = -1 if field.tag is None else 0
        if isinstance(field.type, MessageType) and nullable and struct.unpack(">b", self.take(1))[0] <= none:
            return None
        value = self.value(field.type)
        assert nullable or value is not None
        return value

    def value(self, wire_type: WireType) -> Any:
        if isinstance(wire_type, MessageType):
            return self.structure(wire_type)
        if isinstance(wire_type, Array):
            count = self.length(">i")
            assert count is None or count <= 1_000_000
            return None if count is None else [self.element(wire_type.element) for _ in range(count)]
        if wire_type.name in FIXED:
            form = FIXED[wire_type.name]
            return struct.unpack(form, self.take(struct.calcsize(form)))[0]
        if wire_type.name == "bool":
            return self.take(1) != b"\0"
        if wire_type.name == "uuid":
            return self.take(16)
        return self.content(wire_type)

    def element(self, wire_type: WireType) -> Any:
        value = self.value(wire_type)
        assert value is not None
        return value

    def content(self, kind: Kind) -> str | bytes | None:
        length = self.length(">h" if kind.name == "string" else ">i")
        if length is None:
            return None
        assert kind.name != "string" or length <= 32767
        content = self.take(length)
        return content.decode() if kind.name == "string" else content
