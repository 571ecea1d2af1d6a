"""Records out of a batch, in Python."""

from collections.abc import Iterator
from typing import Any, overload

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.batch import Batch
from ottla.records.body import records_body
from ottla.records.errors import CorruptRecordError
from ottla.records.pure.record import Record
from ottla.records.source import NOWHERE, K, RecordHeaders, Source, V
from ottla.records.timestamp_type import TimestampType
from ottla.records.varint import decode, wrapped

Fields = tuple[int, int, bytes | None, bytes | None, RecordHeaders]
"""Offset, timestamp, key, value, headers."""

_UNWRAPPED = range(-(2**62), 2**62)


def read_records(
    batch: Batch, max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES
) -> Iterator[Record[bytes | None, bytes | None]]:
    """The batch's records in order, control records too; the checksum is the caller's to ask for.

    Raises CorruptRecordError at the first thing that is not a record: nothing after it can be trusted.
    """
    kind = batch.timestamp_type
    for offset, timestamp, key, value, headers in _read(batch, max_decompressed_bytes):
        yield Record(offset, timestamp, kind, key, value, headers)


@overload
def read_batch(batch: Batch, from_offset: int = 0) -> list[Record[bytes | None, bytes | None]]: ...
@overload
def read_batch(
    batch: Batch,
    from_offset: int,
    source: Source[K, V],
    max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES,
) -> list[Record[K, V]]: ...
def read_batch(
    batch: Batch,
    from_offset: int = 0,
    source: Source[Any, Any] = NOWHERE,
    max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES,
) -> list[Record[Any, Any]]:
    """The batch's records at or after `from_offset`, as of `source`. Raises CorruptRecordError for any of them."""
    kind = batch.timestamp_type
    return [
        Record(offset, timestamp, kind, key, value, headers, source)
        for offset, timestamp, key, value, headers in _read(batch, max_decompressed_bytes)
        if offset >= from_offset
    ]


def read_values(
    batch: Batch, from_offset: int = 0, max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES
) -> list[bytes | None]:
    """The values alone, of the records at or after `from_offset`. Raises CorruptRecordError as `read_batch`."""
    return [fields[3] for fields in _read(batch, max_decompressed_bytes) if fields[0] >= from_offset]


def _read(  # noqa: C901, PLR0912, PLR0915 - the hot path, straight-line on purpose
    batch: Batch, max_decompressed_bytes: int
) -> Iterator[Fields]:
    count = batch.records_count
    body = records_body(batch, max_decompressed_bytes)
    base_offset, base_timestamp = batch.base_offset, batch.base_timestamp
    append_time = batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else None
    wraps = base_offset not in _UNWRAPPED or base_timestamp not in _UNWRAPPED
    position, end = 0, len(body)
    record_end = 0
    try:
        # One- and two-byte varints are decoded on the spot: this is run once for every message.
        for _ in range(count):
            byte = body[position]
            if byte < 128:
                position += 1
            elif (high := body[position + 1]) < 128:
                byte = byte & 127 | high << 7
                position += 2
            else:
                byte, position = decode(body, position)
                byte <<= 1
            record_end = position + (byte >> 1)
            if byte & 1 or byte < 0 or record_end > end:
                raise CorruptRecordError(f"record at byte {position} does not fit the batch")
            position += 1  # the record's attributes: none is defined

            byte = body[position]
            if byte < 128:
                position += 1
                timestamp = base_timestamp + (byte >> 1 ^ -(byte & 1))
            elif (high := body[position + 1]) < 128:
                byte = byte & 127 | high << 7
                position += 2
                timestamp = base_timestamp + (byte >> 1 ^ -(byte & 1))
            else:
                byte, position = decode(body, position, 10)
                timestamp = wrapped(base_timestamp + byte)

            byte = body[position]
            if byte < 128:
                position += 1
                offset = base_offset + (byte >> 1 ^ -(byte & 1))
            elif (high := body[position + 1]) < 128:
                byte = byte & 127 | high << 7
                position += 2
                offset = base_offset + (byte >> 1 ^ -(byte & 1))
            else:
                byte, position = decode(body, position)
                offset = base_offset + byte

            byte = body[position]
            if byte == 1:
                position += 1
                key = None
            else:
                size, position = decode(body, position)
                start, position = position, position + size
                if size < 0 or position > record_end:
                    raise CorruptRecordError(
                        f"key of {size} bytes in the record that ends at byte {record_end}"
                    )
                key = body[start:position]

            byte = body[position]
            if byte == 1:
                position += 1
                value = None
            else:
                if byte < 128:
                    position += 1
                elif (high := body[position + 1]) < 128:
                    byte = byte & 127 | high << 7
                    position += 2
                else:
                    byte, position = decode(body, position)
                    byte <<= 1
                start, position = position, position + (byte >> 1)
                if byte & 1 or byte < 0 or position > record_end:
                    raise CorruptRecordError(f"value reaches over its record's end at byte {record_end}")
                value = body[start:position]

            if body[position] == 0:
                position += 1
                headers: RecordHeaders = ()
            else:
                headers, position = read_headers(body, position, record_end)
            if position != record_end:
                raise CorruptRecordError(f"record ends at byte {record_end}, its fields at byte {position}")
            if wraps:
                offset, timestamp = wrapped(offset), wrapped(timestamp)
            yield offset, timestamp if append_time is None else append_time, key, value, headers
    except IndexError:
        raise CorruptRecordError(f"the records end at byte {end}, inside a record") from None
    if position != end:
        raise CorruptRecordError(f"{end - position} bytes behind the last of {count} records")


def read_headers(body: bytes, position: int, record_end: int) -> tuple[RecordHeaders, int]:
    """The headers at `position`, and the position after. Raises CorruptRecordError or IndexError."""
    count, position = decode(body, position)
    if not 0 <= count <= (record_end - position) // 2:  # the shortest takes 2 bytes
        raise CorruptRecordError(f"{count} headers in {record_end - position} bytes")
    headers: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        size, position = decode(body, position)
        start, position = position, position + size
        if size < 0 or position > record_end:
            raise CorruptRecordError(f"header name of {size} bytes at byte {start}")
        try:
            name = body[start:position].decode()
        except UnicodeDecodeError:
            raise CorruptRecordError(f"header name at byte {start} is not UTF-8") from None
        size, position = decode(body, position)
        if size == -1:
            headers.append((name, None))
            continue
        start, position = position, position + size
        if size < 0 or position > record_end:
            raise CorruptRecordError(f"header value of {size} bytes at byte {start}")
        headers.append((name, body[start:position]))
    return tuple(headers), position
