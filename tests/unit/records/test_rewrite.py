"""Batches rewritten: the broker's timestamp, another codec."""

import pytest

from ottla.records.batch import Batch, TimestampType
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.errors import CorruptRecordError
from ottla.records.reader import read_records
from ottla.records.rewrite import recompressed, with_log_append_time

FIELDS = (
    "base_offset",
    "partition_leader_epoch",
    "last_offset_delta",
    "base_timestamp",
    "max_timestamp",
    "producer_id",
    "producer_epoch",
    "base_sequence",
    "records_count",
    "is_transactional",
    "is_control",
    "timestamp_type",
)


def sample(codec: Codec = Codec.NONE, **fields: int) -> Batch:
    builder = BatchBuilder(
        codec, producer_id=7, producer_epoch=2, base_sequence=40, is_transactional=True, **fields
    )
    for number in range(100):
        headers = [("h", b"x" * number), ("n", None)] if number % 3 == 0 else ()
        builder.append(
            5000 + number * (-1) ** number, b"k%d" % number if number % 2 else None, b"v" * 50, headers
        )
    return Batch(builder.build(33))


@pytest.mark.parametrize("codec", list(Codec))
def test_log_append_time(codec: Codec) -> None:
    batch = sample(codec)
    before = bytes(batch.buffer)
    stamped = Batch(with_log_append_time(batch, 999_999))
    assert batch.buffer == before
    assert stamped.crc_is_valid()
    assert stamped.timestamp_type is TimestampType.LOG_APPEND_TIME
    assert (stamped.max_timestamp, stamped.base_timestamp) == (999_999, batch.base_timestamp)
    assert {record.timestamp for record in read_records(stamped)} == {999_999}
    assert stamped.payload == batch.payload
    assert stamped.codec is codec


@pytest.mark.parametrize("source", list(Codec))
@pytest.mark.parametrize("target", list(Codec))
def test_recompression_keeps_everything_else(source: Codec, target: Codec) -> None:
    batch = sample(source, partition_leader_epoch=3)
    changed = Batch(recompressed(batch, target))
    assert changed.crc_is_valid()
    assert changed.codec is target
    for field in FIELDS:
        assert getattr(changed, field) == getattr(batch, field), field
    assert list(read_records(changed)) == list(read_records(batch))


def test_recompression_with_a_level_and_a_limit() -> None:
    batch = sample(Codec.GZIP)
    assert Batch(recompressed(batch, Codec.ZSTD, 19)).crc_is_valid()
    with pytest.raises(ValueError, match="level"):
        recompressed(batch, Codec.ZSTD, 99)
    with pytest.raises(CorruptRecordError):
        recompressed(batch, Codec.ZSTD, max_decompressed_bytes=100)
