"""A disk that refuses to rename: what is in memory still says what is on disk, and nothing of the log is skipped."""

import errno
from collections.abc import Callable

import pytest
from tests.support.logs import NOW_MS, new_log, read_all, sized_batch

from ottla.log.compaction_files import CleanedSegment
from ottla.log.config import LogConfig
from ottla.log.errors import LogWriteError
from ottla.log.log import Log
from ottla.log.segment import Segment
from ottla.testing.directory import Disk, MemoryDirectory

CONFIG = LogConfig(segment_bytes=700, index_interval_bytes=100)


def filled() -> tuple[Disk, Log]:
    """Four segments of three batches each; the first two may go."""
    disk = Disk()
    log = new_log(CONFIG, disk)
    for _ in range(12):
        log.append(sized_batch(200), 0, NOW_MS)
    log.high_watermark = 12
    log.checkpoint()
    return disk, log


def offsets(log: Log) -> list[int]:
    return [each.base_offset for each in read_all(log)]


def cleaned_copy(log: Log, segment: Segment) -> Segment:
    copy = CleanedSegment(log.directory, segment.base_offset, 100, NOW_MS)
    copy.create()
    copy.append(segment.read(segment.size, 0))
    return copy.finish()


class Refusal:
    """Lets `allowed` renames pass and refuses the one after them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
        self.allowed = allowed
        self.refused = False
        rename = MemoryDirectory.rename

        def counting(directory: MemoryDirectory, old: str, new: str) -> None:
            self.allowed -= 1
            if self.allowed == -1:
                self.refused = True
                raise OSError(errno.EIO, "Input/output error")
            rename(directory, old, new)

        monkeypatch.setattr(MemoryDirectory, "rename", counting)


def retain(log: Log) -> None:
    log.raise_log_start_offset(6)
    log.delete_old_segments(NOW_MS)


def truncate(log: Log) -> None:
    log.truncate_to(4, NOW_MS)


def start_over(log: Log) -> None:
    log.truncate_fully_and_start_at(9, NOW_MS)


@pytest.mark.parametrize("allowed", range(6))
@pytest.mark.parametrize("change", [retain, truncate, start_over])
def test_segments_that_cannot_all_go_all_stay(
    change: Callable[[Log], None], allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, log = filled()
    refusal = Refusal(monkeypatch, allowed)
    with pytest.raises(OSError, match="Input"):
        change(log)
    assert refusal.refused
    assert offsets(log) == list(range(log.log_start_offset, 12))
    assert len(log.segments) == 4
    assert log.offline == (change is not retain)
    found = Log.open(disk.directory("/data/t-0"), CONFIG, now_ms=NOW_MS, recovery_point=12)
    assert offsets(found) == list(range(12))
    if change is retain:
        change(log)
        assert offsets(log) == list(range(6, 12))


@pytest.mark.parametrize("allowed", range(18))
def test_a_swap_that_ends_halfway_takes_the_log_offline_and_hides_nothing(
    allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, log = filled()
    replaced = log.segments[:2]
    cleaned = [cleaned_copy(log, each) for each in replaced]
    refusal = Refusal(monkeypatch, allowed)
    with pytest.raises(OSError, match="Input"):
        log.swap_segments(replaced, cleaned)
    assert refusal.refused
    assert log.offline
    assert offsets(log) == list(range(12))
    with pytest.raises(LogWriteError, match="offline"):
        log.append(sized_batch(200), 0, NOW_MS)
    found = Log.open(disk.killed().directory("/data/t-0"), CONFIG, now_ms=NOW_MS, recovery_point=12)
    assert offsets(found) == list(range(12))
