"""Which schema some bytes were written with: Confluent's two ways to say so.

Before the data: byte 0, the schema's id in 4 bytes (big-endian), data. Or in a header, `__key_schema_id` or
`__value_schema_id`: byte 1, the schema's GUID in 16 bytes; then the record holds nothing but the data. Protobuf
has its message indexes behind the id or GUID: zigzag varints, how many and which; a single 0 is short for the
first message of its file.
"""

from collections.abc import Sequence
from uuid import UUID

from ottla.client.serdes.serde import Field, Headers
from ottla.records.errors import CorruptRecordError
from ottla.records.varint import decode, encode

_BY_ID, _BY_GUID = 0, 1
_ID_END, _GUID_END = 5, 17
_MOST_INDEXES = 1000  # deeper nesting than any message has


def prefix_of(schema_id: int) -> bytes:
    """What stands before data that was written with this schema."""
    return bytes((_BY_ID,)) + schema_id.to_bytes(4, "big")


def split(data: bytes, headers: Headers, field: Field) -> tuple[int | str, bytes]:
    """The id (a number) or GUID (text) of the schema, and what stands behind it. Raises ValueError."""
    guid = next((content for name, content in headers if name == f"__{field}_schema_id"), None)
    if guid is not None and len(guid) >= _GUID_END and guid[0] == _BY_GUID:
        return str(UUID(bytes=bytes(guid[1:_GUID_END]))), guid[_GUID_END:] + data
    if len(data) < _ID_END:
        raise ValueError("too short for a schema's id")
    if data[0] != _BY_ID:
        raise ValueError(f"its first byte is {data[0]}, and 0 before a schema's id")
    return int.from_bytes(data[1:_ID_END], "big"), data[_ID_END:]


def indexes_of(path: Sequence[int]) -> bytes:
    """The message indexes of Protobuf: the message's place among its siblings, from the outermost one on."""
    return b"\x00" if list(path) == [0] else b"".join(map(encode, (len(path), *path)))


def split_indexes(data: bytes) -> tuple[tuple[int, ...], bytes]:
    """The message indexes, and the message behind them. Raises ValueError."""
    try:
        count, position = decode(data, 0)
        if not 0 <= count <= _MOST_INDEXES:
            raise ValueError(f"{count} message indexes")
        path = []
        for _ in range(count):
            index, position = decode(data, position)
            path.append(index)
    except (IndexError, CorruptRecordError) as error:
        raise ValueError("no message indexes") from error
    return tuple(path) or (0,), data[position:]
