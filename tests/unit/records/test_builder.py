"""The builder, against bytes made by other code and at the edges of its fields."""

import pytest
from tests.support import batches as other

from ottla.records.batch import HEADER_BYTES, Batch, TimestampType
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.reader import read_records


def test_same_bytes_as_other_code() -> None:
    records = [
        other.Record(None, b"v" * 100, timestamp=1_700_000_000_000),
        other.Record(b"", b"", timestamp=1_700_000_000_001),
        other.Record(b"k" * 70, None, timestamp=1_699_999_000_000),
        other.Record(None, None, (("h", b"x"), ("h", None), ("", b"")), timestamp=1_800_000_000_000),
        other.Record(b"k", b"v" * 100_000, (("é" * 80, b"y" * 3000),), timestamp=-1),
    ]
    builder = BatchBuilder()
    for delta, record in enumerate(records):
        assert builder.append(record.timestamp or 0, record.key, record.value, record.headers) == delta
    assert builder.build() == other.build(records, now_ms=0)


@pytest.mark.parametrize("value_size", [0, 1, 56, 57, 63, 64, 2036, 2037, 2047, 2048, 8191, 8192, 1_050_000])
@pytest.mark.parametrize("key", [None, b"", b"k"])
def test_sizes_around_the_varint_edges(value_size: int, key: bytes | None) -> None:
    builder = BatchBuilder()
    builder.append(5, key, bytes(value_size))
    assert builder.build() == other.build([other.Record(key, bytes(value_size), timestamp=5)], now_ms=0)


def test_many_records_and_size() -> None:
    builder = BatchBuilder()
    assert builder.size_in_bytes == HEADER_BYTES
    for number in range(3000):
        assert builder.append(number * 1000, None, b"x") == number
    assert builder.size_in_bytes == len(builder.build())
    assert [record.offset for record in read_records(Batch(builder.build(7)))] == list(range(7, 3007))


def test_any_buffer_is_taken() -> None:
    builder = BatchBuilder()
    builder.append(0, memoryview(b"key"), bytearray(b"value"), [("h", memoryview(b"x"))])
    record = next(read_records(Batch(builder.build())))
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("h", b"x"),))


def test_header_fields() -> None:
    builder = BatchBuilder(
        Codec.LZ4,
        producer_id=2**40,
        producer_epoch=32767,
        base_sequence=2**31 - 1,
        is_transactional=True,
        timestamp_type=TimestampType.LOG_APPEND_TIME,
        partition_leader_epoch=12,
    )
    builder.append(300, None, b"v")
    builder.append(100, None, b"v")
    batch = Batch(builder.build(2**50))
    assert (batch.base_offset, batch.partition_leader_epoch) == (2**50, 12)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (2**40, 32767, 2**31 - 1)
    assert (batch.base_timestamp, batch.max_timestamp, builder.max_timestamp) == (300, 300, 300)
    assert batch.is_transactional
    assert not batch.is_control
    assert batch.timestamp_type is TimestampType.LOG_APPEND_TIME
    assert batch.codec is Codec.LZ4
    assert batch.crc_is_valid()


@pytest.mark.parametrize("timestamp", [-2, -(2**63)])
def test_negative_timestamps_are_refused(timestamp: int) -> None:
    builder = BatchBuilder()
    with pytest.raises(ValueError, match="timestamp"):
        builder.append(timestamp, None, b"v")
    builder.append(5, None, b"v")
    with pytest.raises(ValueError, match="timestamp"):
        builder.append(timestamp, None, b"v")
    assert builder.records_count == 1


@pytest.mark.parametrize("timestamps", [(0, 2**63 - 1), (2**63 - 1, -1), (-1, 2**63 - 1)])
def test_timestamps_as_far_apart_as_they_can_be(timestamps: tuple[int, int]) -> None:
    builder = BatchBuilder()
    for timestamp in timestamps:
        builder.append(timestamp, None, b"v")
    assert tuple(record.timestamp for record in read_records(Batch(builder.build()))) == timestamps


def test_a_fixed_base_timestamp() -> None:
    builder = BatchBuilder(base_timestamp=5000)
    builder.append(1000, b"k", None)
    batch = Batch(builder.build())
    assert (batch.base_timestamp, batch.max_timestamp) == (5000, 1000)
    assert next(read_records(batch)).timestamp == 1000


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="record"):
        BatchBuilder().build()


@pytest.mark.parametrize("codec", list(Codec))
def test_building_twice_and_in_parts(codec: Codec) -> None:
    builder = BatchBuilder(codec)
    builder.append(0, None, b"one")
    first = builder.build()
    assert b"".join(builder.build_parts()) == first == builder.build()
    builder.append(0, None, b"two")
    assert [record.value for record in read_records(Batch(builder.build()))] == [b"one", b"two"]


def test_refused_records_let_go_of_their_buffers() -> None:
    builder = BatchBuilder()
    key = bytearray(b"key")
    with pytest.raises(TypeError):
        builder.append(0, key, "text")
    with pytest.raises(TypeError):
        builder.append_many(0, [b"v", "text"], [key, key])
    assert builder.records_count == 1
    key.append(1)  # a BufferError while anybody holds it
    assert next(read_records(Batch(builder.build()))).key == b"key"


def test_each_of_many_has_its_own_headers() -> None:
    builder = BatchBuilder()
    headers = [[("a", b"1"), ("a", None)], (), [("b", b"")]]
    assert builder.append_many(0, [b"x", b"y", b"z"], None, 1, headers=headers) == 3
    assert [record.headers for record in read_records(Batch(builder.build()))] == [(), (("b", b""),)]
    assert builder.append_many(0, [b"x"] * 3, None, 0, builder.size_in_bytes + 9, headers) == 0


def test_as_many_keys_as_values() -> None:
    with pytest.raises(ValueError, match="2 values and 1 keys"):
        BatchBuilder().append_many(0, [b"a", b"b"], [b"k"])
    with pytest.raises(ValueError, match="2 values and 3 headers"):
        BatchBuilder().append_many(0, [b"a", b"b"], headers=[(), (), ()])


def test_an_empty_batch_takes_one_record_of_any_size_and_then_no_more() -> None:
    builder = BatchBuilder()
    assert builder.append_many(0, [b"x" * 500] * 3, limit_bytes=100) == 1
    assert builder.append_many(0, [b"x" * 500] * 3, start=1, limit_bytes=100) == 1
    assert builder.append_many(9, [b"x" * 500] * 3, start=1, limit_bytes=builder.size_in_bytes + 508) == 1
    assert (builder.records_count, builder.max_timestamp) == (1, 0)
    assert builder.append_many(9, [b"x" * 500] * 3, start=1, limit_bytes=builder.size_in_bytes + 509) == 2
    assert builder.append_many(0, [], limit_bytes=0) == 0
