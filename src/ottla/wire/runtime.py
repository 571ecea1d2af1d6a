"""What compiled readers and writers call in the rarer cases: long lengths, tagged fields, refusals."""

from collections.abc import Sequence

from ottla.core.limits import MAX_ARRAY_ELEMENTS, MAX_TAGGED_FIELDS
from ottla.wire.types import WireError
from ottla.wire.varint import ONE_BYTE, decode_rest, decode_unsigned, encode_unsigned

MAX_STRING_BYTES = 0x7FFF
"""Kafka's own bound for a string, in old and compact form alike."""

Tags = tuple[tuple[int, bytes], ...]


def null(name: str) -> WireError:
    """The error for a null where there must be a value."""
    return WireError(f"{name} is null, which it may not be in this version")


def past_end(position: int, end: int) -> WireError:
    return WireError(f"cut short: {position} bytes are announced, {end} are there")


def wrong_size(name: str, position: int, stop: int) -> WireError:
    return WireError(f"tagged field {name} ends at byte {position} but its size says {stop}")


def check_count(name: str, count: int, smallest: int, left: int) -> None:
    """Refuse a list that cannot be, before memory is taken for it. `smallest` and `left` are in bytes."""
    if count > MAX_ARRAY_ELEMENTS or count * smallest > left:
        raise WireError(f"{name} announces {count} elements but {left} bytes are left")


def long_string(view: memoryview, position: int, first: int) -> tuple[int, int]:
    """The rest of a compact string's length. Raises WireError when no string may be that long."""
    length, position = decode_rest(view, position, first)
    if length - 1 > MAX_STRING_BYTES:
        raise WireError(f"a string of {length - 1} bytes is too long")
    return length, position


def tag_count(view: memoryview, position: int, first: int, end: int) -> tuple[int, int]:
    """How many tagged fields follow, when the first byte of that number is not zero."""
    count = first
    if first > 127:
        count, position = decode_rest(view, position, first)
    if count > MAX_TAGGED_FIELDS or count * 2 > end - position:
        raise WireError(f"{count} tagged fields are announced but {end - position} bytes are left")
    return count, position


def read_tag(view: memoryview, position: int, last: int, end: int) -> tuple[int, int, int]:
    """A tag's number, where its content starts and where it stops. Numbers must rise, so none comes twice."""
    tag, position = decode_unsigned(view, position)
    size, position = decode_unsigned(view, position)
    if tag <= last:
        raise WireError(f"tag {tag} comes after tag {last}")
    if size > end - position:
        raise WireError(f"tag {tag} announces {size} bytes but {end - position} are left")
    return tag, position, position + size


def read_unknown(view: memoryview, position: int, first: int, end: int) -> tuple[Tags, int]:
    """All tagged fields of a structure that knows none of them."""
    count, position = tag_count(view, position, first, end)
    tags = []
    last = -1
    for _ in range(count):
        last, position, stop = read_tag(view, position, last, end)
        tags.append((last, bytes(view[position:stop])))
        position = stop
    return tuple(tags), position


def encode_tags(tags: Sequence[tuple[int, bytes]]) -> bytes:
    """A tagged section in order of the numbers. Raises WireError when one number occurs twice."""
    parts = [encode_unsigned(len(tags))]
    last = -1
    for tag, content in sorted(tags):
        if tag == last:
            raise WireError(f"tag {tag} is there twice")
        parts += (encode_unsigned(tag), encode_unsigned(len(content)), content)
        last = tag
    return b"".join(parts)


def encode_string_length(size: int) -> bytes:
    """The compact length of a string of `size` bytes."""
    if size > MAX_STRING_BYTES:
        raise WireError(f"a string of {size} bytes is too long")
    return encode_unsigned(size + 1)


def encode_length(size: int) -> bytes:
    """The compact length of bytes, records or a list."""
    return encode_unsigned(size + 1)


def wrong_uuid(name: str) -> WireError:
    return WireError(f"{name} is not 16 bytes long")


def lacking(name: str) -> WireError:
    """The error for a value in a field that the version does not have."""
    return WireError(f"{name} is set, which this version does not have")


__all__ = [
    "ONE_BYTE",
    "check_count",
    "decode_rest",
    "encode_length",
    "encode_string_length",
    "encode_tags",
    "lacking",
    "long_string",
    "null",
    "past_end",
    "read_tag",
    "read_unknown",
    "tag_count",
    "wrong_size",
    "wrong_uuid",
]
