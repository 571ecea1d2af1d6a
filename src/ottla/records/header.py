"""The 61 bytes in front of a batch's records."""

from ottla.records.batch import HEADER, HEADER_BYTES, MAGIC, PREFIX_BYTES
from ottla.records.crc32c import crc32c
from ottla.wire.types import Buffer


def encode_header(  # noqa: PLR0913 - each is one field of the header
    payload: Buffer,
    *,
    base_offset: int,
    partition_leader_epoch: int,
    attributes: int,
    last_offset_delta: int,
    base_timestamp: int,
    max_timestamp: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
    records_count: int,
) -> bytes:
    """The 61 bytes in front of `payload` (records, compressed as the attributes say), checksum included."""
    header = bytearray(
        HEADER.pack(
            base_offset,
            HEADER_BYTES - PREFIX_BYTES + len(payload),
            partition_leader_epoch,
            MAGIC,
            0,
            attributes,
            last_offset_delta,
            base_timestamp,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            records_count,
        )
    )
    header[17:21] = crc32c(payload, crc32c(header[21:])).to_bytes(4, "big")
    return bytes(header)
