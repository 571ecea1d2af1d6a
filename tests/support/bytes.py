"""The primitive types of the wire's old, fixed-width encoding, written and read by hand.

On purpose nothing of `ottla.wire`: what checks the broker must not share its mistakes.
"""

import struct
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def int8(value: int) -> bytes:
    return struct.pack(">b", value)


def int16(value: int) -> bytes:
    return struct.pack(">h", value)


def int32(value: int) -> bytes:
    return struct.pack(">i", value)


def int64(value: int) -> bytes:
    return struct.pack(">q", value)


def string(value: str | None) -> bytes:
    """int16 length and UTF-8; -1 for null."""
    if value is None:
        return int16(-1)
    encoded = value.encode()
    return int16(len(encoded)) + encoded


def blob(value: bytes | None) -> bytes:
    """int32 length and bytes; -1 for null."""
    return int32(-1) if value is None else int32(len(value)) + value


def array(items: list[bytes] | None) -> bytes:
    """int32 count and encoded elements; -1 for null."""
    return int32(-1) if items is None else int32(len(items)) + b"".join(items)


class Reader:
    """Reads the same types in order; raises struct.error or IndexError past the end."""

    __slots__ = ("buffer", "position")

    def __init__(self, buffer: bytes, position: int = 0) -> None:
        self.buffer = buffer
        self.position = position

    def _unpack(self, layout: str, size: int) -> int:
        (value,) = struct.unpack_from(layout, self.buffer, self.position)
        self.position += size
        return int(value)

    def int8(self) -> int:
        return self._unpack(">b", 1)

    def int16(self) -> int:
        return self._unpack(">h", 2)

    def int32(self) -> int:
        return self._unpack(">i", 4)

    def int64(self) -> int:
        return self._unpack(">q", 8)

    def string(self) -> str | None:
        length = self.int16()
        return None if length < 0 else self.take(length).decode()

    def blob(self) -> bytes | None:
        length = self.int32()
        return None if length < 0 else self.take(length)

    def take(self, length: int) -> bytes:
        piece = self.buffer[self.position : self.position + length]
        if len(piece) < length:
            raise IndexError(f"{length} bytes wanted, {len(piece)} left")
        self.position += length
        return piece

    def array(self, item: Callable[[], T]) -> list[T]:
        return [item() for _ in range(self.int32())]
