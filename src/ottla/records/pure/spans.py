"""Where each record of a batch lies, without building it, in Python."""

from collections.abc import Iterator

from ottla.records.body import Span
from ottla.records.errors import CorruptRecordError
from ottla.records.pure.reader import read_headers
from ottla.records.varint import decode


def record_spans(body: bytes, count: int) -> Iterator[Span]:  # noqa: C901, PLR0912, PLR0915 - a hot path
    """Each of the `count` records in `body` (decompressed). Raises CorruptRecordError unless they fill it."""
    position, end = 0, len(body)
    try:
        for _ in range(count):
            start = position
            byte = body[position]
            if byte < 128:
                length = byte >> 1 ^ -(byte & 1)
                position += 1
            elif (high := body[position + 1]) < 128:
                length = (byte & 127 | high << 7) >> 1 ^ -(byte & 1)
                position += 2
            else:
                length, position = decode(body, position)
            record_end = position + length
            if length < 0 or record_end > end:
                raise CorruptRecordError(f"record at byte {position} does not fit the batch")
            position += 1
            byte = body[position]
            if byte < 128:
                timestamp_delta = byte >> 1 ^ -(byte & 1)
                position += 1
            else:
                timestamp_delta, position = decode(body, position, 10)
            byte = body[position]
            if byte < 128:
                offset_delta = byte >> 1 ^ -(byte & 1)
                position += 1
            else:
                offset_delta, position = decode(body, position)
            byte = body[position]
            if byte == 1:
                key = None
                position += 1
            else:
                if byte < 128:
                    size = byte >> 1 ^ -(byte & 1)
                    position += 1
                else:
                    size, position = decode(body, position)
                key_start, position = position, position + size
                if size < 0 or position > record_end:
                    raise CorruptRecordError(
                        f"key of {size} bytes in the record that ends at byte {record_end}"
                    )
                key = body[key_start:position]
            byte = body[position]
            if byte == 1:
                has_value = False
                position += 1
            else:
                if byte < 128:
                    position += 1
                    size = byte >> 1 ^ -(byte & 1)
                elif (high := body[position + 1]) < 128:
                    size = (byte & 127 | high << 7) >> 1 ^ -(byte & 1)
                    position += 2
                else:
                    size, position = decode(body, position)
                position += size
                if size < 0 or position > record_end:
                    raise CorruptRecordError(f"value reaches over its record's end at byte {record_end}")
                has_value = True
            if body[position]:
                _, position = read_headers(body, position, record_end)
            else:
                position += 1
            if position != record_end:
                raise CorruptRecordError(f"record ends at byte {record_end}, its fields at byte {position}")
            yield start, record_end, timestamp_delta, offset_delta, key, has_value
    except IndexError:
        raise CorruptRecordError(f"the records end at byte {end}, inside a record") from None
    if position != end:
        raise CorruptRecordError(f"{end - position} bytes behind the last of {count} records")
