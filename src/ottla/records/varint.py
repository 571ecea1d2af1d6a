"""Signed variable-length integers as records use them: zigzag, then seven bits to a byte, lowest first.

The hot loops of `builder` and `reader` handle one and two bytes on the spot and come here for the rest.
"""

from ottla.records.errors import CorruptRecordError
from ottla.wire.types import Buffer

TABLE_SIZE = 4096
INT64_RANGE = 1 << 64


def _encode_unsigned(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


ENCODED = (
    *[bytes((value,)) for value in range(128)],
    *[bytes((value & 127 | 128, value >> 7)) for value in range(128, TABLE_SIZE)],
)
"""The encodings of the unsigned values 0 to 4095, by value: zigzag numbers up to ±2047 (200 KB, 1 ms)."""


def wrapped(value: int) -> int:
    """`value` as two's complement of 64 bits would have it."""
    return (value + INT64_RANGE // 2) % INT64_RANGE - INT64_RANGE // 2


def encode(value: int) -> bytes:
    """`value` as a varint; one that does not fit 64 bits wraps around, as differences of timestamps do."""
    if not -INT64_RANGE // 2 <= value < INT64_RANGE // 2:
        value = wrapped(value)
    zigzag = value << 1 ^ value >> 63
    return ENCODED[zigzag] if zigzag < TABLE_SIZE else _encode_unsigned(zigzag)


def decode(buffer: Buffer, position: int, max_bytes: int = 5) -> tuple[int, int]:
    """The value at `position` and the position after it; 5 bytes hold 32 bits, 10 hold 64.

    Raises CorruptRecordError for more bytes or bits than that, IndexError where the buffer ends.
    """
    value = shift = 0
    for _ in range(max_bytes):
        byte = buffer[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if value >> (32 if max_bytes == 5 else 64):
                break
            return value >> 1 ^ -(value & 1), position
        shift += 7
    raise CorruptRecordError(
        f"varint longer than {32 if max_bytes == 5 else 64} bits ends at byte {position}"
    )
