"""Reading records: what other producers wrote, and bytes that are no records."""

import pytest
from tests.support.batches import build_raw, varint
from tests.unit.records.captured import CAPTURED

from ottla.records.batch import Batch, TimestampType
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.errors import CorruptRecordError, RecordsTooLargeError
from ottla.records.reader import read_records
from ottla.records.record import Record
from ottla.records.spans import record_spans


def java_records(count: int, *, long: bool) -> list[Record]:
    """What the Java program wrote that the `java-…` captures come from; their base offset is 5."""
    records = []
    for number in range(count):
        text = f"block {number} " * 300 if long else f"value-{number % 7} some words that repeat"
        headers = (("hé", b"x%d" % number), ("none", None), ("empty", b"")) if number % 3 == 0 else ()
        records.append(
            Record(
                5 + number,
                1_700_000_000_000 + number % 5 * 1000 - number % 2 * 3000,
                TimestampType.CREATE_TIME,
                None if number % 4 == 0 else b"key%d" % number,
                None if number % 11 == 10 else text.encode(),
                headers,
            )
        )
    return records


def librdkafka_records() -> list[Record]:
    records = []
    for number in range(12):
        value = None if number == 7 else b"" if number == 5 else b"value-%d " % number * 4
        headers = (("hé", b"x%d" % number), ("none", None), ("empty", b"")) if number % 3 == 0 else ()
        timestamp = 1_700_000_000_000 + number % 5 * 1000 - number % 2 * 3000
        key = None if number % 4 == 0 else b"key%d" % number
        records.append(Record(number, timestamp, TimestampType.CREATE_TIME, key, value, headers))
    return records


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_what_other_clients_wrote(name: str) -> None:
    batch = Batch(CAPTURED[name])
    assert batch.crc_is_valid()
    if name.startswith("java"):
        long = name.endswith("long")
        expected = java_records(40 if long else 12, long=long)
        assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (77, 3, 12)
    else:
        expected = librdkafka_records()
    assert list(read_records(batch)) == expected
    assert batch.codec.name.lower() == name.split("-")[1]


def test_the_java_client_and_the_builder_agree_to_the_byte() -> None:
    raw = CAPTURED["java-none"]
    builder = BatchBuilder(producer_id=77, producer_epoch=3, base_sequence=12, partition_leader_epoch=4)
    for record in java_records(12, long=False):
        builder.append(record.timestamp, record.key, record.value, record.headers)
    assert builder.build(5) == raw


def test_log_append_time_is_every_records_timestamp() -> None:
    body = b"".join((record(timestamp_delta=5), record(timestamp_delta=900, offset_delta=1)))
    batch = Batch(build_raw(body, 2, 1000, 7777, attributes=0x08))
    assert {found.timestamp for found in read_records(batch)} == {7777}
    assert {found.timestamp_type for found in read_records(batch)} == {TimestampType.LOG_APPEND_TIME}


def test_offsets_may_have_gaps_after_compaction() -> None:
    body = b"".join(record(offset_delta=delta) for delta in (3, 8, 4000))
    batch = Batch(build_raw(body, 3, 0, 0, last_delta=5000))
    assert [found.offset for found in read_records(batch)] == [3, 8, 4000]


def test_an_emptied_batch_has_no_records_whatever_its_codec() -> None:
    assert list(read_records(Batch(build_raw(b"", 0, 0, 0, attributes=int(Codec.ZSTD), last_delta=4)))) == []


def record(
    *,
    length: bytes | None = None,
    timestamp_delta: int = 0,
    offset_delta: int = 0,
    key: bytes = b"\x01",
    value: bytes = b"\x02v",
    headers: bytes = b"\x00",
) -> bytes:
    """One record with any of its fields replaced by raw bytes."""
    rest = b"\x00" + varint(timestamp_delta) + varint(offset_delta) + key + value + headers
    return (varint(len(rest)) if length is None else length) + rest


TEN_BYTES = b"\xff" * 9 + b"\x01"
MALFORMED = {
    "negative length": record(length=varint(-1)),
    "length of two bytes, negative": record(length=varint(-5000)),
    "length over the end": record(length=varint(100)),
    "length under the fields": record(length=varint(4)),
    "length over the fields": record(length=varint(8)) + b"\x00",
    "length of ten bytes": record(length=TEN_BYTES),
    "length without end": b"\xff" * 40,
    "length of 33 bits": record(length=b"\xff\xff\xff\xff\x1f"),
    "empty record": b"\x00",
    "cut after the length": b"\x0c",
    "cut in the timestamp": record(length=b"\x04")[:3],
    "timestamp of eleven bytes": varint(20) + b"\x00" + b"\xff" * 10 + b"\x01" + b"\x00" * 8,
    "key size under -1": record(key=varint(-2)),
    "key over the record": record(key=varint(9)),
    "key over the batch": record(key=varint(2**31 - 1)),
    "value size under -1": record(value=varint(-2)),
    "long value size under -1": record(value=varint(-70)),
    "value over the record": record(value=varint(9)),
    "value over the batch": record(value=varint(2**31 - 1)),
    "value size of six bytes": record(value=b"\xff" * 5 + b"\x01"),
    "headers under 0": record(headers=varint(-1)),
    "headers more than bytes": record(headers=varint(50_000_000)),
    "header name null": record(headers=varint(1) + varint(-1) + varint(-1)),
    "header name not UTF-8": record(headers=varint(1) + varint(1) + b"\xff" + varint(-1)),
    "header name over the record": record(headers=varint(1) + varint(70) + b"ab"),
    "header value under -1": record(headers=varint(1) + varint(0) + varint(-2)),
    "header value over the record": record(headers=varint(1) + varint(0) + varint(70)),
    "header cut": record(headers=varint(1) + varint(1)),
    "bytes behind the last record": record() + b"\x00",
    "no record at all": b"",
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_malformed_records(name: str, codec: Codec) -> None:
    import zlib

    body = MALFORMED[name]
    payload = zlib.compress(body, 1, 31) if codec is Codec.GZIP else body
    with pytest.raises(CorruptRecordError):
        list(read_records(Batch(build_raw(payload, 1, 0, 0, attributes=int(codec)))))
    with pytest.raises(CorruptRecordError):
        list(record_spans(body, 1))


@pytest.mark.parametrize("count", [-(2**31), -1, 0, 2, 2**31 - 1])
def test_wrong_record_counts(count: int) -> None:
    batch = Batch(build_raw(record(), count, 0, 0, last_delta=0))
    with pytest.raises(CorruptRecordError):
        list(read_records(batch))


def test_records_before_the_damage_are_still_given() -> None:
    reader = read_records(Batch(build_raw(record() + record(key=varint(-2), offset_delta=1), 2, 0, 0)))
    assert next(reader).offset == 0
    with pytest.raises(CorruptRecordError):
        next(reader)


def test_the_readers_limit() -> None:
    builder = BatchBuilder(Codec.ZSTD)
    builder.append(0, None, bytes(10_000))
    batch = Batch(builder.build())
    assert len(list(read_records(batch, 20_000))) == 1
    with pytest.raises(RecordsTooLargeError):
        list(read_records(batch, 9_999))
