"""Appending: numbering, bytes, rolling, and what a disk that refuses leaves behind."""

from dataclasses import replace

import pytest
from tests.support.logs import NOW_MS, TOPIC_ID, batch, new_log, read_all, sized_batch, values

from ottla.core.errors import ErrorCode
from ottla.log.config import NEVER, LogConfig
from ottla.log.errors import LogWriteError
from ottla.log.log import Appended, Log
from ottla.log.validate import validate
from ottla.records.batch import Batch
from ottla.testing.directory import Disk

LOG = "00000000000000000000.log"


def test_a_batch_is_numbered_and_otherwise_left_alone() -> None:
    log = new_log()
    log.append(batch(b"a", b"b"), 3, NOW_MS)
    sent = batch(b"c", b"d", b"e")
    assert log.append(sent, 7, NOW_MS) == Appended(2, 4, -1)
    _, stored = read_all(log)
    assert (stored.base_offset, stored.partition_leader_epoch) == (2, 7)
    assert stored.buffer[16:] == sent.buffer[16:]
    assert stored.buffer[8:12] == sent.buffer[8:12]
    assert stored.crc_is_valid()
    assert log.epochs == ((3, 0), (7, 2))


def test_an_append_is_one_write_and_no_sync() -> None:
    disk = Disk()
    log = new_log(LogConfig(index_interval_bytes=100), disk)
    log.append(batch(b"first"), 0, NOW_MS)
    writes, syncs = disk.writes, disk.syncs
    for _ in range(50):
        log.append(batch(b"x" * 100), 0, NOW_MS)
    assert disk.writes == writes + 50
    assert disk.syncs == syncs
    assert len(log.segments.active.index) > 20


def test_the_broker_s_time_is_told_only_where_it_stamped() -> None:
    stamping = LogConfig(message_timestamp_type="LogAppendTime")
    stamped = validate(batch(b"a", timestamp=5).buffer, stamping, NOW_MS, 9)
    assert isinstance(stamped, Batch)
    assert new_log(stamping).append(stamped, 0, NOW_MS).append_time_ms == NOW_MS
    assert new_log().append(batch(b"a", timestamp=5), 0, NOW_MS).append_time_ms == -1


# ── rolling ───────────────────────────────────────────────────────────────────────────────────────────────────


def bases(log: Log) -> list[int]:
    return [segment.base_offset for segment in log.segments]


def test_a_segment_is_never_larger_than_segment_bytes() -> None:
    log = new_log(LogConfig(segment_bytes=1000))
    for _ in range(6):
        log.append(sized_batch(500), 0, NOW_MS)
    assert bases(log) == [0, 2, 4]
    assert [segment.size for segment in log.segments] == [1000, 1000, 1000]


def test_a_batch_larger_than_a_segment_has_one_of_its_own() -> None:
    log = new_log(LogConfig(segment_bytes=100))
    log.append(sized_batch(500), 0, NOW_MS)
    log.append(sized_batch(500), 0, NOW_MS)
    assert bases(log) == [0, 1]


def test_segment_ms_counts_from_the_first_batch_s_timestamp() -> None:
    log = new_log(LogConfig(segment_ms=1000))
    log.append(batch(b"", timestamp=NOW_MS), 0, NOW_MS)
    log.append(batch(b"", timestamp=NOW_MS + 1000), 0, NOW_MS + 99_999)
    assert bases(log) == [0]
    log.append(batch(b"", timestamp=NOW_MS + 1001), 0, NOW_MS)
    assert bases(log) == [0, 2]


def test_segment_ms_counts_by_the_clock_where_there_are_no_timestamps() -> None:
    log = new_log(LogConfig(segment_ms=1000))
    log.append(batch(b"", timestamp=-1), 0, NOW_MS)
    log.append(batch(b"", timestamp=-1), 0, NOW_MS + 1000)
    assert bases(log) == [0]
    log.append(batch(b"", timestamp=-1), 0, NOW_MS + 1001)
    assert bases(log) == [0, 2]


def test_segment_ms_holds_after_a_restart() -> None:
    config = LogConfig(segment_ms=1000)
    log = new_log(config)
    log.append(batch(b"", timestamp=NOW_MS), 0, NOW_MS)
    log.close()
    again = Log.open(log.directory, config, now_ms=NOW_MS)
    again.append(batch(b"", timestamp=NOW_MS + 2000), 0, NOW_MS + 2000)
    assert bases(again) == [0, 1]


def test_jitter_lets_partitions_roll_at_different_times() -> None:
    config = LogConfig(segment_ms=1_000_000, segment_jitter_ms=900_000)
    disk, rolled_after = Disk(), set()
    for number in range(5):
        log = Log.create(disk.directory(f"/data/t-{number}"), config, TOPIC_ID, NOW_MS)
        log.append(batch(b"", timestamp=NOW_MS), 0, NOW_MS)
        waited = 0
        while len(log.segments) == 1:
            waited += 50_000
            log.append(batch(b"", timestamp=NOW_MS + waited), 0, NOW_MS)
        assert 100_000 <= waited <= 1_050_000
        rolled_after.add(waited)
    assert len(rolled_after) > 1


def test_a_full_index_ends_a_segment() -> None:
    log = new_log(LogConfig(segment_index_bytes=80, index_interval_bytes=100))
    for _ in range(40):
        log.append(batch(b"x" * 100), 0, NOW_MS)
    assert all(len(segment.index) <= 10 and len(segment.time_index) <= 6 for segment in log.segments)
    assert len(log.segments) > 3


def test_offsets_stay_within_an_int32_of_the_segment_s_base() -> None:
    log = new_log()
    log.append(batch(b"first"), 0, NOW_MS)
    log.log_end_offset = (1 << 31) - 1  # as after two billion records
    log.append(batch(b"last that fits"), 0, NOW_MS)
    log.append(batch(b"one more"), 0, NOW_MS)
    assert bases(log) == [0, 1 << 31]


def test_a_new_config_holds_at_once() -> None:
    log = new_log()
    log.append(sized_batch(500), 0, NOW_MS)
    log.config = replace(log.config, segment_bytes=800)
    log.append(sized_batch(500), 0, NOW_MS)
    assert bases(log) == [0, 1]


def test_rolling_an_empty_segment_does_nothing() -> None:
    log = new_log()
    log.roll(NOW_MS)
    assert bases(log) == [0]


def test_preallocated_space_is_given_back() -> None:
    config = LogConfig(preallocate=True, segment_bytes=2000)
    log = new_log(config)
    assert log.directory.size(LOG) == 2000
    for _ in range(5):
        log.append(sized_batch(700), 0, NOW_MS)
    assert log.directory.size(LOG) == 1400
    killed = Log.open(log.directory, config, now_ms=NOW_MS, recovery_point=0)
    assert killed.log_end_offset == 5
    killed.close()
    assert [log.directory.size(segment.name(".log")) for segment in killed.segments] == [1400, 1400, 700]


# ── refusing disks ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_takes_nothing_of_a_batch_and_the_log_goes_on() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"before"), 0, NOW_MS)
    size = log.directory.size(LOG)
    disk.capacity_bytes = disk.used_bytes() + 100
    with pytest.raises(LogWriteError, match="No space left") as refused:
        log.append(sized_batch(500), 0, NOW_MS)
    assert refused.value.code is ErrorCode.KAFKA_STORAGE_ERROR
    assert log.directory.size(LOG) == size
    assert (log.log_end_offset, log.offline) == (1, False)
    disk.capacity_bytes = 1 << 20
    assert log.append(batch(b"after"), 0, NOW_MS).base_offset == 1
    assert [values(each.buffer) for each in read_all(log)] == [[b"before"], [b"after"]]


def test_no_room_for_another_segment_refuses_the_batch_and_the_log_goes_on() -> None:
    disk = Disk()
    log = new_log(LogConfig(segment_bytes=600, index_interval_bytes=100), disk)
    log.append(sized_batch(500), 0, NOW_MS)
    disk.capacity_bytes = disk.used_bytes()
    with pytest.raises(LogWriteError, match="cannot start a segment"):
        log.append(sized_batch(500), 0, NOW_MS)
    assert bases(log) == [0]
    disk.capacity_bytes = 1 << 20
    log.append(sized_batch(500), 0, NOW_MS)
    assert bases(log) == [0, 1]
    assert [each.base_offset for each in read_all(log)] == [0, 1]


def test_a_log_whose_end_is_unknown_is_offline() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"before"), 0, NOW_MS)
    disk.capacity_bytes = disk.used_bytes() + 100
    disk.failing_truncates = True
    with pytest.raises(LogWriteError):
        log.append(sized_batch(500), 0, NOW_MS)
    disk.capacity_bytes, disk.failing_truncates = 1 << 20, False
    assert log.offline
    with pytest.raises(LogWriteError, match="offline"):
        log.append(batch(b"after"), 0, NOW_MS)
    again = Log.open(log.directory, log.config, now_ms=NOW_MS, recovery_point=0)
    assert again.recovered_bytes_cut == 100
    assert [values(each.buffer) for each in read_all(again)] == [[b"before"]]


def test_the_defaults_are_apache_kafka_s() -> None:
    config = LogConfig()
    assert (config.segment_bytes, config.segment_ms) == (1_073_741_824, 604_800_000)
    assert (config.max_message_bytes, config.index_interval_bytes) == (1_048_588, 4096)
    assert (config.retention_ms, config.retention_bytes) == (604_800_000, -1)
    assert config.flush_messages == NEVER
    assert config.deletes_old_segments
    assert not config.is_compacted
