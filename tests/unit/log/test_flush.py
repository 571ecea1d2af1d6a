"""Flushes and checkpoints: what is on disk for certain, and what a failing disk does to that."""

from random import Random

import pytest
from tests.support.logs import NOW_MS, batch, new_log, read_all, sized_batch

from ottla.log.config import LogConfig
from ottla.log.errors import LogWriteError
from ottla.log.log import Log
from ottla.testing.directory import Disk


def test_a_flush_covers_what_was_appended_before_it_began() -> None:
    log = new_log()
    log.append(batch(b"a"), 0, NOW_MS)
    flush = log.begin_flush()
    log.append(batch(b"b"), 0, NOW_MS)
    assert (log.flushed_offset, log.unflushed_messages) == (0, 2)
    flush.sync()
    assert log.flushed_offset == 0, "the loop's thread takes note, not the one that waits"
    log.end_flush(flush)
    assert (log.flushed_offset, log.unflushed_messages, log.recovery_point) == (1, 1, 0)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_flushed_survives_a_power_cut(seed: int) -> None:
    disk = Disk()
    disk.directory("/data").make()
    disk.directory("/data").sync_entry()
    log = new_log(LogConfig(segment_bytes=700, index_interval_bytes=100), disk)
    for _ in range(9):
        log.append(sized_batch(200), 0, NOW_MS)
    flush = log.begin_flush()
    for _ in range(9):
        log.append(sized_batch(200), 0, NOW_MS)
    flush.sync()
    found = Log.open(
        disk.crashed(Random(seed)).directory("/data/t-0"), log.config, now_ms=NOW_MS, recovery_point=0
    )
    assert found.log_end_offset >= 9
    assert [each.base_offset for each in read_all(found)] == list(range(found.log_end_offset))


def test_a_checkpoint_writes_what_a_restart_needs() -> None:
    log = new_log(LogConfig(index_interval_bytes=100))
    for epoch in range(10):
        log.append(sized_batch(200, NOW_MS + epoch), epoch, NOW_MS)
    assert log.dirty
    assert log.unflushed_bytes == 2000
    log.checkpoint()
    assert not log.dirty
    assert (log.unflushed_bytes, log.recovery_point, log.flushed_offset) == (0, 10, 10)
    assert log.directory.size("00000000000000000000.index") == 9 * 8
    assert log.directory.size("00000000000000000000.timeindex") == 9 * 12
    assert log.directory.read("leader-epoch-checkpoint").startswith(b"0\n10\n0 0\n1 1\n")


def test_index_entries_leave_the_memory_once_they_are_stored() -> None:
    log = new_log(LogConfig(index_interval_bytes=100))
    for _ in range(100):
        log.append(sized_batch(200), 0, NOW_MS)
    index = log.segments.active.index
    assert (len(index), index.stored) == (99, 0)
    log.checkpoint()
    assert (len(index), index.stored) == (99, 99)
    assert len(index.unstored().data) == 0


def test_a_flush_that_a_truncation_overtook_counts_for_nothing() -> None:
    log = new_log()
    for _ in range(10):
        log.append(batch(b"x"), 0, NOW_MS)
    flush = log.begin_flush(checkpoint=True)
    log.truncate_to(4, NOW_MS)
    log.append(batch(b"other"), 1, NOW_MS)
    flush.sync()
    log.end_flush(flush)
    assert (log.flushed_offset, log.recovery_point) == (0, 0)
    assert log.dirty
    log.checkpoint()
    assert (log.flushed_offset, log.recovery_point) == (5, 5)


def test_retention_does_not_undo_a_flush() -> None:
    log = new_log(LogConfig(segment_bytes=700, retention_bytes=700))
    for _ in range(9):
        log.append(sized_batch(200), 0, NOW_MS)
    log.high_watermark = 9
    flush = log.begin_flush(checkpoint=True)
    log.remove_files(log.delete_old_segments(NOW_MS))
    flush.sync()
    log.end_flush(flush)
    assert log.log_start_offset > 0
    assert (log.flushed_offset, log.recovery_point) == (9, 9)


def test_after_a_failed_sync_the_log_is_offline() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"a"), 0, NOW_MS)
    disk.failing_syncs = True
    with pytest.raises(OSError, match="Input/output"):
        log.checkpoint()
    assert log.offline
    assert log.flushed_offset == 0
    with pytest.raises(LogWriteError, match="offline"):
        log.append(batch(b"b"), 0, NOW_MS)
    log.close()


def test_a_file_that_cannot_be_opened_is_the_sync_s_error() -> None:
    log = new_log()
    log.append(batch(b"a"), 0, NOW_MS)
    log.abandon()
    log.directory.remove("00000000000000000000.log")
    flush = log.begin_flush()
    with pytest.raises(FileNotFoundError):
        flush.sync()


def test_a_topic_that_was_deleted_meanwhile_is_no_error() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"a"), 0, NOW_MS)
    flush = log.begin_flush(checkpoint=True)
    disk.directory("/data").rename("t-0", "t-0.deleted")
    flush.sync()


def test_closing_twice_and_closing_what_was_only_read_costs_no_sync() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"a"), 0, NOW_MS)
    log.close()
    syncs = disk.syncs
    log.close()
    again = Log.open(log.directory, log.config, now_ms=NOW_MS)
    assert len(read_all(again)) == 1
    again.close()
    assert disk.syncs == syncs


def test_a_raised_log_start_offset_is_something_to_write() -> None:
    log = new_log()
    for _ in range(4):
        log.append(batch(b"x"), 0, NOW_MS)
    log.checkpoint()
    log.raise_log_start_offset(0)
    assert not log.dirty
    log.begin_epoch(-1)
    log.high_watermark = 4
    log._epochs.clear()  # a log whose epochs have nothing to forget
    log._epochs.changed = False
    log.raise_log_start_offset(3)
    assert log.dirty


@pytest.mark.parametrize("rolled", [False, True], ids=["a new partition", "a rolled segment"])
@pytest.mark.parametrize("seed", range(10))
def test_a_checkpoint_that_waits_for_its_thread_takes_no_duty_from_a_flush(seed: int, rolled: bool) -> None:
    disk = Disk()
    disk.directory("/data").make()
    disk.directory("/data").sync_entry()
    log = new_log(LogConfig(segment_bytes=700), disk)
    if rolled:
        log.checkpoint()
    for _ in range(5):
        log.append(sized_batch(200), 0, NOW_MS)
    log.begin_flush(checkpoint=True)
    flush = log.begin_flush()
    flush.sync()
    log.end_flush(flush)
    assert log.flushed_offset == 5
    crashed = disk.crashed(Random(seed)).directory("/data/t-0")
    assert Log.open(crashed, log.config, now_ms=NOW_MS, recovery_point=0).log_end_offset == 5


def test_a_flush_of_a_log_whose_names_are_on_disk_syncs_its_file_alone() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"a"), 0, NOW_MS)
    for syncs in (4, 1):
        before = disk.syncs
        flush = log.begin_flush()
        flush.sync()
        log.end_flush(flush)
        assert disk.syncs - before == syncs
