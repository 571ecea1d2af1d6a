"""Record batches of format v2, uncompressed, built and read by hand: nothing of `ottla.records`."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import google_crc32c

HEADER = struct.Struct(">qiibIhiqqqhii")
CRC_START = 21
LOG_APPEND_TIME = 8
COMPRESSION_MASK = 7


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a client sees it; `timestamp` in milliseconds, None where the client chooses."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int | None = None
    offset: int = -1


def varint(value: int) -> bytes:
    """Zigzag varint."""
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def read_varint(buffer: bytes, position: int) -> tuple[int, int]:
    """Value and the position after it."""
    rest = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        rest |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (rest >> 1) ^ -(rest & 1), position
        shift += 7


def _sized(value: bytes | None) -> bytes:
    return varint(-1) if value is None else varint(len(value)) + value


def encode_record(record: Record, delta: int, timestamp_delta: int) -> bytes:
    headers = b"".join(_sized(name.encode()) + _sized(value) for name, value in record.headers)
    payload = _sized(record.key) + _sized(record.value) + varint(len(record.headers)) + headers
    body = b"\0" + varint(timestamp_delta) + varint(delta) + payload
    return varint(len(body)) + body


def build(records: Sequence[Record], *, now_ms: int, magic: int = 2, attributes: int = 0) -> bytes:
    """One uncompressed batch at base offset 0 without a producer id."""
    stamps = [now_ms if record.timestamp is None else record.timestamp for record in records]
    body = b"".join(
        encode_record(record, delta, stamp - stamps[0])
        for delta, (record, stamp) in enumerate(zip(records, stamps, strict=True))
    )
    return build_raw(body, len(records), stamps[0], max(stamps), magic=magic, attributes=attributes)


def build_raw(
    body: bytes,
    count: int,
    base_timestamp: int,
    max_timestamp: int,
    *,
    magic: int = 2,
    attributes: int = 0,
    last_delta: int | None = None,
) -> bytes:
    """A batch around an encoded body; lies where the caller says so, with a right checksum."""
    delta = count - 1 if last_delta is None else last_delta
    tail = (
        struct.pack(">hiqqqhii", attributes, delta, base_timestamp, max_timestamp, -1, -1, -1, count) + body
    )
    crc = google_crc32c.value(tail)
    length = 4 + 1 + 4 + len(tail)
    return struct.pack(">qiibI", 0, length, -1, magic, crc) + tail


def _take(buffer: bytes, position: int) -> tuple[bytes | None, int]:
    length, position = read_varint(buffer, position)
    if length < 0:
        return None, position
    return buffer[position : position + length], position + length


def _decode_headers(buffer: bytes, position: int) -> tuple[tuple[str, bytes | None], ...]:
    count, position = read_varint(buffer, position)
    headers = []
    for _ in range(count):
        name, position = _take(buffer, position)
        value, position = _take(buffer, position)
        headers.append(((name or b"").decode(), value))
    return tuple(headers)


def decode(buffer: bytes) -> Iterator[Record]:
    """Every record of every whole batch; AssertionError on a bad checksum or a compressed batch."""
    position = 0
    while position + HEADER.size <= len(buffer):
        base_offset, length, _, magic, crc, attributes, _, base, maximum, *_, count = HEADER.unpack_from(
            buffer, position
        )
        end = position + 12 + length
        if end > len(buffer):
            return
        assert magic == 2, f"magic {magic} at offset {base_offset}"
        assert google_crc32c.value(bytes(buffer[position + CRC_START : end])) == crc, (
            f"CRC at offset {base_offset}"
        )
        assert not attributes & COMPRESSION_MASK, "compressed batches are read with a client"
        append_time = maximum if attributes & LOG_APPEND_TIME else None
        yield from _decode_records(buffer, position + HEADER.size, count, (base_offset, base, append_time))
        position = end


def _decode_records(
    buffer: bytes, position: int, count: int, base: tuple[int, int, int | None]
) -> Iterator[Record]:
    base_offset, base_timestamp, append_time = base
    for _ in range(count):
        length, position = read_varint(buffer, position)
        end = position + length
        timestamp_delta, position = read_varint(buffer, position + 1)
        delta, position = read_varint(buffer, position)
        key, position = _take(buffer, position)
        value, position = _take(buffer, position)
        stamp = base_timestamp + timestamp_delta if append_time is None else append_time
        yield Record(key, value, _decode_headers(buffer, position), stamp, base_offset + delta)
        position = end
