"""New batches out of old ones, records untouched: stamped by the broker, in another codec."""

import struct

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.batch import CODEC_BITS, CRC_START, HEADER_BYTES, LOG_APPEND_TIME_BIT, Batch
from ottla.records.body import records_body
from ottla.records.compression import Codec, compress
from ottla.records.crc32c import crc32c
from ottla.records.header import encode_header

_max_timestamp = struct.Struct(">q")


def with_log_append_time(batch: Batch, timestamp_ms: int) -> bytearray:
    """A copy whose records all count as appended at `timestamp_ms` (topics with `LogAppendTime`)."""
    stamped = bytearray(batch.buffer)
    stamped[CRC_START + 1] |= LOG_APPEND_TIME_BIT  # the lower byte of the attributes
    _max_timestamp.pack_into(stamped, 35, timestamp_ms)
    crc = crc32c(batch.payload, crc32c(stamped[CRC_START:HEADER_BYTES]))
    stamped[17:CRC_START] = crc.to_bytes(4, "big")
    return stamped


def recompressed(
    batch: Batch,
    codec: Codec,
    level: int | None = None,
    max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES,
) -> bytes:
    """The same batch with its records in another codec; every other field of the header stays.

    Raises CorruptRecordError when the records cannot be decompressed, ValueError for a level the codec lacks.
    """
    return with_body(batch, records_body(batch, max_decompressed_bytes), codec, level)


def with_body(batch: Batch, body: bytes, codec: Codec, level: int | None = None) -> bytes:
    """`batch`'s header, fitted to `body` (its records, uncompressed) in `codec`."""
    payload = compress(codec, body, level)
    header = encode_header(
        payload,
        base_offset=batch.base_offset,
        partition_leader_epoch=batch.partition_leader_epoch,
        attributes=batch.attributes & ~CODEC_BITS | codec,
        last_offset_delta=batch.last_offset_delta,
        base_timestamp=batch.base_timestamp,
        max_timestamp=batch.max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        records_count=batch.records_count,
    )
    return b"".join((header, payload))
