"""Offsets by time, and where a log begins."""

import struct

import pytest
from tests.support.logs import NOW_MS, batch, new_log

from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.log.lookup import OffsetAndTimestamp
from ottla.log.validate import validate
from ottla.records.batch import Batch
from ottla.records.compression import Codec


def filled(codec: Codec = Codec.NONE) -> Log:
    """Batches of three records at 0, 10, 20 … ms, in several segments, two to an epoch."""
    log = new_log(LogConfig(segment_bytes=500, index_interval_bytes=100))
    for number in range(20):
        log.append(batch(b"a", b"b", b"c", timestamp=NOW_MS + number * 10, codec=codec), number // 2, NOW_MS)
    return log


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.ZSTD])
@pytest.mark.parametrize(
    ("timestamp", "offset", "found"),
    [(-9, 0, 0), (0, 0, 0), (1, 1, 1), (3, 3, 10), (100, 30, 100), (192, 59, 192)],
)
def test_the_first_record_at_or_after(codec: Codec, timestamp: int, offset: int, found: int) -> None:
    answer = filled(codec).offset_for_timestamp(NOW_MS + timestamp)
    assert answer == OffsetAndTimestamp(offset, NOW_MS + found, offset // 6)


def test_after_the_last_record_there_is_none() -> None:
    assert filled().offset_for_timestamp(NOW_MS + 193) is None
    assert new_log().offset_for_timestamp(0) is None


def test_what_delete_records_hid_is_not_found() -> None:
    log = filled()
    log.high_watermark = log.log_end_offset
    log.delete_records(7)
    assert log.offset_for_timestamp(0) == OffsetAndTimestamp(7, NOW_MS + 21, 1)
    assert log.earliest() == OffsetAndTimestamp(7, -1, 1)


def test_a_late_record_hides_no_earlier_one() -> None:
    """Timestamps need not ascend: the first offset counts."""
    log = new_log(LogConfig(segment_bytes=300, index_interval_bytes=1))
    for timestamp in (5, 100, 7, 50, 200, 60, 300):
        log.append(batch(b"x", timestamp=NOW_MS + timestamp), 0, NOW_MS)
    found = log.offset_for_timestamp(NOW_MS + 55)
    assert found is not None
    assert found.offset == 1
    found = log.offset_for_timestamp(NOW_MS + 101)
    assert found is not None
    assert found.offset == 4


def test_the_greatest_timestamp() -> None:
    log = new_log()
    assert log.latest_by_timestamp() is None
    for timestamp in (5, 200, 7, 200, 50):
        log.append(batch(b"x", timestamp=NOW_MS + timestamp), 0, NOW_MS)
    assert log.latest_by_timestamp() == OffsetAndTimestamp(1, NOW_MS + 200, 0)
    log.close()
    again = Log.open(log.directory, log.config, now_ms=NOW_MS)
    assert again.latest_by_timestamp() == OffsetAndTimestamp(1, NOW_MS + 200, 0)


def test_records_stamped_by_the_broker() -> None:
    config = LogConfig(message_timestamp_type="LogAppendTime")
    log = new_log(config)
    for moment in (100, 200):
        stamped = validate(batch(b"a", b"b", timestamp=1).buffer, config, NOW_MS + moment, 9)
        assert isinstance(stamped, Batch)
        log.append(stamped, 0, NOW_MS + moment)
    assert log.offset_for_timestamp(NOW_MS + 101) == OffsetAndTimestamp(2, NOW_MS + 200, 0)


def test_records_without_timestamps() -> None:
    log = new_log()
    log.append(batch(b"x", timestamp=-1), 0, NOW_MS)
    assert log.latest_by_timestamp() is None
    assert log.offset_for_timestamp(0) is None


def test_the_epoch_of_an_end_offset() -> None:
    log = filled()
    assert log.end_offset_for_epoch(3) == (3, 24)
    assert log.end_offset_for_epoch(9) == (9, 60)
    assert log.end_offset_for_epoch(10) == (-1, -1)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize(
    "damage",
    [
        b"",
        bytes(12),
        bytes(120),
        b"\xff" * 12,
        struct.pack(">qI", NOW_MS + 500, 2),
        struct.pack(">qI", NOW_MS - 5, 999),
    ],
    ids=["empty", "zeros", "many zeros", "ones", "too late", "no such offset"],
)
def test_a_sealed_segment_s_wrong_time_index_is_built_again(number: int, damage: bytes) -> None:
    log = filled()
    log.close()
    name = log.segments[number].name(".timeindex")
    whole = log.directory.read(name)
    log.directory.put(name, damage)
    again = Log.open(log.directory, log.config, now_ms=NOW_MS)
    for timestamp in range(0, 193, 10):
        found = again.offset_for_timestamp(NOW_MS + timestamp)
        assert found is not None
        assert found.offset == timestamp // 10 * 3
    greatest = again.latest_by_timestamp()
    assert greatest is not None
    assert greatest.offset == 59
    assert again.segments[number].largest_timestamp() == log.segments[number].largest_timestamp()
    assert struct.unpack(">qI", log.directory.read(name)[-12:]) == struct.unpack(">qI", whole[-12:])
