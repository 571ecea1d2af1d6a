"""Unsigned varints (KIP-482): seven bits to a byte, lowest first; the high bit says that more follow."""

from ottla.wire.types import Buffer, WireError

MAX_UNSIGNED = 0xFFFF_FFFF
"""Kafka's are 32 bits wide: five bytes at most."""

ONE_BYTE = tuple(bytes((value,)) for value in range(128))
"""The encodings of 0 to 127, by value."""


def encode_unsigned(value: int) -> bytes:
    """`value` (0 to 2³²-1) in as few bytes as it takes. Raises WireError outside that range."""
    if not 0 <= value <= MAX_UNSIGNED:
        raise WireError(f"{value} does not fit an unsigned 32-bit varint")
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode_unsigned(buffer: Buffer, position: int) -> tuple[int, int]:
    """The value at `position`, and the position after it. Raises WireError, IndexError at the end."""
    first = buffer[position]
    position += 1
    return (first, position) if first < 128 else decode_rest(buffer, position, first)


def decode_rest(buffer: Buffer, position: int, first: int) -> tuple[int, int]:
    """The same when `first`, whose high bit is set, has been read already and `position` is behind it."""
    value = first & 127
    for shift in (7, 14, 21, 28):
        byte = buffer[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if value > MAX_UNSIGNED:
                break
            return value, position
    raise WireError("a varint is longer than 32 bits")
