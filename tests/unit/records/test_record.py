"""A record: its place, its lazily deserialised key and value, and what it is equal to."""

import copy
import gc
import pickle
import weakref

import pytest
from tests.support.twins import PURE, compiled

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.errors import CorruptRecordError
from ottla.records.reader import read_batch, read_values
from ottla.records.record import NOWHERE, Record, RecordHeaders, Source
from ottla.records.timestamp_type import TimestampType

HEADERS = (("h", b"x"), ("none", None))


def record(key: bytes | None = b"k", value: bytes | None = b"v", source: Source = NOWHERE) -> Record:
    return Record(7, 1_700_000_000_000, TimestampType.CREATE_TIME, key, value, HEADERS, source)


def batch(count: int = 5) -> Batch:
    builder = BatchBuilder()
    for number in range(count):
        builder.append(1000 + number, b"k%d" % number, None if number == 3 else b"v%d" % number, HEADERS)
    return Batch(builder.build(100))


class Deserializer:
    """Remembers what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple[bytes | None, str, RecordHeaders]] = []
        self.error = error

    def __call__(self, data: bytes | None, topic: str, headers: RecordHeaders) -> list[bytes | None]:
        self.asked.append((data, topic, headers))
        if self.error is not None:
            raise self.error
        return [data]


def test_without_deserializers_key_and_value_are_the_bytes() -> None:
    found = record()
    assert (found.key, found.value, found.raw_key, found.raw_value) == (b"k", b"v", b"k", b"v")
    assert (found.topic, found.partition, found.leader_epoch, found.headers) == ("", -1, -1, HEADERS)
    assert found.timestamp_type is TimestampType.CREATE_TIME


def test_key_and_value_are_deserialised_once_and_only_when_asked_for() -> None:
    key, value = Deserializer(), Deserializer()
    found = record(value=None, source=Source("t", 3, 9, key, value))
    assert (found.topic, found.partition, found.leader_epoch) == ("t", 3, 9)
    assert (found.raw_key, found.raw_value, key.asked, value.asked) == (b"k", None, [], [])
    assert found.key == [b"k"]
    assert found.key is found.key
    assert (key.asked, value.asked) == ([(b"k", "t", HEADERS)], [])
    assert found.value == [None]
    assert value.asked == [(None, "t", HEADERS)]


def test_a_deserializers_error_comes_at_every_access() -> None:
    value = Deserializer(ValueError("no order"))
    found = record(source=Source("t", 0, value_deserializer=value))
    for _ in range(2):
        with pytest.raises(ValueError, match="no order"):
            _ = found.value
    assert (found.key, len(value.asked)) == (b"k", 2)
    assert "b'v'" in repr(found)


def test_equal_by_bytes_and_place() -> None:
    assert record() == record()
    assert hash(record()) == hash(record())
    assert record() != record(value=b"w")
    assert record() != record(key=None)
    assert record() != record(source=Source("t", 0))
    assert record() != "record"
    later = Record(7, 1_700_000_000_001, TimestampType.CREATE_TIME, b"k", b"v", HEADERS)
    assert record() != later
    assert len({record(), record(), record(source=Source("t", 0))}) == 2


def test_text_is_one_short_line() -> None:
    text = repr(record(value=b"x" * 5000, source=Source("orders", 3)))
    assert text.startswith("Record(orders-3@7, timestamp=1700000000000, key=b'k', value=b'xxx")
    assert len(text) < 300
    assert "headers" not in repr(Record(0, -1, TimestampType.CREATE_TIME, None, None))


def test_pickles_and_copies() -> None:
    found = record(source=Source("t", 3, 9))
    again = pickle.loads(pickle.dumps(found))
    assert (repr(again), again.key, again.value) == (repr(found), b"k", b"v")
    assert copy.copy(found).offset == 7


def test_a_pickle_of_either_implementation_is_read_as_the_one_in_use() -> None:
    from ottla.records import record as in_use

    for kind in (PURE.Record, compiled().Record):
        pickled = pickle.dumps(kind(7, 5, TimestampType.LOG_APPEND_TIME, b"k", None, HEADERS, Source("t", 1)))
        again = pickle.loads(pickled)
        assert type(again) is in_use.Record
        assert (again.timestamp_type, again.value, again.topic) == (TimestampType.LOG_APPEND_TIME, None, "t")


def test_unknown_attributes() -> None:
    with pytest.raises(AttributeError):
        _ = record().no_such_thing  # type: ignore[attr-defined]
    assert Record[str, int] is not None


def test_from_an_offset_on() -> None:
    whole = read_batch(batch())
    assert [found.offset for found in whole] == [100, 101, 102, 103, 104]
    assert read_batch(batch(), 103) == whole[3:]
    assert read_batch(batch(), 105) == []
    assert read_values(batch()) == [b"v0", b"v1", b"v2", None, b"v4"]
    assert read_values(batch(), 103) == [None, b"v4"]


def test_a_batch_read_for_a_source() -> None:
    key = Deserializer()
    source = Source("t", 3, 9, key)
    found = read_batch(batch(), 102, source)[0]
    assert (found.source is source, found.key, found.value, found.timestamp) == (True, [b"k2"], b"v2", 1002)
    assert key.asked == [(b"k2", "t", HEADERS)]


def test_a_damaged_batch_gives_no_record_at_all() -> None:
    raw = bytearray(batch().buffer)
    raw[-1] = 99
    for read in (read_batch, read_values):
        with pytest.raises(CorruptRecordError):
            read(Batch(raw))


def test_records_outlive_their_batch() -> None:
    buffer = bytearray(batch().buffer)
    records = read_batch(Batch(buffer))
    buffer[:] = bytes(len(buffer))
    gc.collect()
    assert [found.raw_key for found in records] == [b"k0", b"k1", b"k2", b"k3", b"k4"]


def test_a_value_that_leads_back_to_its_record_is_collected() -> None:
    class Value:
        record: object = None

    found = read_batch(batch(1), 0, Source("t", 0, value_deserializer=lambda *_: Value()))[0]
    found.value.record = found
    gone = weakref.ref(found.value)
    del found
    gc.collect()
    assert gone() is None
