"""What compaction leaves of a batch: some of its records, or its header alone.

The offsets, the last offset delta and the producer's fields stay, so that offsets never change and a
producer's last sequence is not lost with its last record.
"""

from collections.abc import Sequence

from ottla.records.batch import CODEC_BITS, DELETE_HORIZON_BIT, Batch
from ottla.records.compression import compress
from ottla.records.header import encode_header
from ottla.records.spans import Span
from ottla.records.timestamp_type import TimestampType
from ottla.records.varint import encode, wrapped

NO_TIMESTAMP = -1


def with_records(
    batch: Batch, body: bytes, kept: Sequence[Span], delete_horizon_ms: int | None = None
) -> bytes:
    """`batch` with only the records `kept` of its `body` (decompressed), in its own codec.

    `delete_horizon_ms` is written where the batch has none yet (KIP-534): it takes the base timestamp's
    place, so every timestamp delta is written anew.
    """
    assert kept
    attributes, base_timestamp = batch.attributes, batch.base_timestamp
    if delete_horizon_ms is None or attributes & DELETE_HORIZON_BIT:
        records = b"".join([body[start:end] for start, end, *_ in kept])
    else:
        shift = base_timestamp - delete_horizon_ms
        records = b"".join([_moved(body, span, shift) for span in kept])
        attributes |= DELETE_HORIZON_BIT
        base_timestamp = delete_horizon_ms
    payload = compress(batch.codec, records)
    header = encode_header(
        payload,
        base_offset=batch.base_offset,
        partition_leader_epoch=batch.partition_leader_epoch,
        attributes=attributes,
        last_offset_delta=batch.last_offset_delta,
        base_timestamp=base_timestamp,
        max_timestamp=_max_timestamp(batch, kept),
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        records_count=len(kept),
    )
    return b"".join((header, payload))


def without_records(batch: Batch) -> bytes:
    """`batch`'s header with nothing behind it: kept for its last offset and its producer's last sequence."""
    return encode_header(
        b"",
        base_offset=batch.base_offset,
        partition_leader_epoch=batch.partition_leader_epoch,
        attributes=batch.attributes & ~CODEC_BITS & ~DELETE_HORIZON_BIT,
        last_offset_delta=batch.last_offset_delta,
        base_timestamp=NO_TIMESTAMP,
        max_timestamp=batch.max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        records_count=0,
    )


def _max_timestamp(batch: Batch, kept: Sequence[Span]) -> int:
    if batch.timestamp_type is TimestampType.LOG_APPEND_TIME:
        return batch.max_timestamp
    return wrapped(batch.base_timestamp + max([span[2] for span in kept]))


def _moved(body: bytes, span: Span, shift: int) -> bytes:
    """The record with `shift` added to its timestamp delta."""
    start, end, timestamp_delta, *_ = span
    attributes = _behind_varint(body, start)
    rest = _behind_varint(body, attributes + 1)
    moved = b"".join((body[attributes : attributes + 1], encode(timestamp_delta + shift), body[rest:end]))
    return encode(len(moved)) + moved


def _behind_varint(body: bytes, position: int) -> int:
    while body[position] > 127:
        position += 1
    return position + 1
