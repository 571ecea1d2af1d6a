"""Reading: whole batches, limits, what is remembered, and what is not in memory."""

import pytest
from tests.support.logs import NOW_MS, batch, new_log, read_all, sized_batch

from ottla.core.errors import ErrorCode
from ottla.log.config import LogConfig
from ottla.log.errors import LogReadError, OffsetOutOfRange
from ottla.log.log import Log
from ottla.records.batch import batches
from ottla.testing.directory import Disk

CONFIG = LogConfig(index_interval_bytes=250, retention_ms=-1)


def filled(count: int = 20, size: int = 100, config: LogConfig = CONFIG, disk: Disk | None = None) -> Log:
    """`count` batches of one record, each of `size` bytes."""
    log = new_log(config, disk)
    for _ in range(count):
        log.append(sized_batch(size), 0, NOW_MS)
    return log


def offsets(
    log: Log, offset: int, max_bytes: int, end_offset: int = 1 << 40, at_least_one: bool = True
) -> list[int]:
    read = log.read(offset, max_bytes, end_offset, at_least_one)
    assert not read.cold
    found = list(batches(read.records))
    assert sum(each.size_in_bytes for each in found) == len(read.records)
    if found:
        assert read.next_offset >= found[-1].next_offset
    return [each.base_offset for each in found]


@pytest.mark.parametrize(
    ("max_bytes", "count"),
    [(100, 1), (199, 1), (200, 2), (250, 2), (999, 9), (1000, 10), (1500, 15), (5000, 15)],
)
def test_whole_batches_within_max_bytes(max_bytes: int, count: int) -> None:
    log = filled()
    expected = list(range(5, 5 + count))
    assert offsets(log, 5, max_bytes) == expected
    assert offsets(log, 5, max_bytes) == expected, "the second time its place is remembered"
    log.checkpoint()
    assert offsets(Log.open(log.directory, CONFIG, now_ms=NOW_MS), 5, max_bytes) == expected


@pytest.mark.parametrize("max_bytes", [-1, 0, 1, 60, 61, 99])
def test_the_first_batch_comes_whole_or_not_at_all(max_bytes: int) -> None:
    log = filled()
    assert offsets(log, 5, max_bytes, at_least_one=True) == [5]
    assert offsets(log, 5, max_bytes, at_least_one=False) == []


def test_an_offset_inside_a_batch_gives_the_whole_batch() -> None:
    log = new_log()
    log.append(batch(b"a", b"b", b"c"), 0, NOW_MS)
    log.append(batch(b"d"), 0, NOW_MS)
    assert offsets(log, 2, 10_000) == [0, 3]


@pytest.mark.parametrize("end_offset", range(5, 21))
def test_nothing_past_the_end_offset(end_offset: int) -> None:
    log = filled()
    expected = list(range(5, end_offset))
    assert offsets(log, 5, 1 << 20, end_offset) == expected
    assert offsets(log, 5, 300, end_offset) == expected[:3]


def test_at_the_end_there_is_nothing_yet() -> None:
    log = filled(3)
    read = log.read(3, 1000, 3, at_least_one=True)
    assert (bytes(read.records), read.next_offset, read.cold) == (b"", 3, False)
    assert offsets(log, 2, 1000, 1) == []


@pytest.mark.parametrize("offset", [-1, 4, 21, 1 << 40])
def test_outside_the_log(offset: int) -> None:
    log = filled(20)
    log.high_watermark = 20
    log.delete_records(5)
    with pytest.raises(OffsetOutOfRange, match="5 to 20") as refused:
        log.read(offset, 1000, 20)
    assert refused.value.code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_an_answer_ends_with_its_segment() -> None:
    log = filled(10, config=LogConfig(segment_bytes=400))
    assert offsets(log, 1, 1 << 20) == [1, 2, 3]
    assert offsets(log, 4, 1 << 20) == [4, 5, 6, 7]
    assert offsets(log, 8, 1 << 20) == [8, 9]
    assert [each.base_offset for each in read_all(log)] == list(range(10))
    assert log.read(1, 200, 10).next_offset == 3


class CountingFile:
    """Counts the reads of a segment's file."""

    def __init__(self, log: Log) -> None:
        self.reads = 0
        file = log.segments.active.log
        read_cached = file.read_cached

        def counted(size: int, position: int) -> object:
            self.reads += 1
            return read_cached(size, position)

        file.read_cached = counted  # type: ignore[method-assign, assignment]


def test_a_reader_that_goes_on_costs_one_read_of_the_file() -> None:
    log = filled(20)
    offsets(log, 0, 500)
    counter = CountingFile(log)
    assert offsets(log, 5, 500) == [5, 6, 7, 8, 9]
    assert offsets(log, 10, 500) == [10, 11, 12, 13, 14]
    assert counter.reads == 2


def test_a_reader_at_the_end_of_what_was_synced_costs_one_read_of_the_file() -> None:
    log = filled(5)
    offsets(log, 0, 500)
    flush = log.begin_flush()
    log.append(sized_batch(100), 0, NOW_MS)
    flush.sync()
    log.end_flush(flush)
    log.append(sized_batch(100), 0, NOW_MS)
    second = log.begin_flush()
    second.sync()
    log.end_flush(second)
    log.append(sized_batch(100), 0, NOW_MS)
    counter = CountingFile(log)
    assert offsets(log, 5, 1000, log.flushed_offset) == [5, 6]
    assert counter.reads == 1


def test_what_is_remembered_is_only_a_hint() -> None:
    """After a truncation the same offset lies elsewhere; a hint that a thread left behind does no harm."""
    log = filled(20)
    offsets(log, 0, 500)
    segment = log.segments.active
    log.truncate_to(3, NOW_MS)
    log.append(batch(b"x" * 400, b"", b"", b""), 0, NOW_MS)
    log.append(batch(b"y"), 0, NOW_MS)
    log._reader.remember(7, segment, 500)
    assert offsets(log, 7, 1000) == [7]


@pytest.mark.parametrize("checkpointed", [False, True])
def test_a_cold_read_is_loaded_in_a_thread(checkpointed: bool) -> None:
    disk = Disk()
    log = filled(20, disk=disk, config=LogConfig(segment_bytes=1000, index_interval_bytes=250))
    if checkpointed:
        log.checkpoint()
    disk.cold = True
    for offset, end_offset, expected in ((2, 20, [2, 3, 4]), (8, 20, [8, 9]), (12, 14, [12, 13])):
        read = log.read(offset, 300, end_offset)
        assert read.cold
        assert [each.base_offset for each in batches(read.load())] == expected
        assert not read.cold
        assert read.next_offset == expected[-1] + 1
    disk.cold = False
    assert offsets(log, 5, 1000) == [5, 6, 7, 8, 9]


def test_a_cold_read_of_what_retention_took_is_out_of_range() -> None:
    disk = Disk()
    log = filled(
        20, disk=disk, config=LogConfig(segment_bytes=1000, index_interval_bytes=250, retention_bytes=1000)
    )
    disk.cold = True
    read = log.read(2, 300, 20)
    log.high_watermark = 20
    log.remove_files(log.delete_old_segments(NOW_MS))
    with pytest.raises(OffsetOutOfRange):
        read.load()


def test_a_segment_that_ends_early_leads_on_to_the_next() -> None:
    """As compaction leaves it: the last batches before a segment's end may be gone."""
    log = filled(20, config=LogConfig(segment_bytes=1000, index_interval_bytes=250))
    log.segments[0].truncate(700, 7, NOW_MS)
    assert offsets(log, 5, 10_000) == [5, 6]
    assert log.read(5, 10_000, 20).next_offset == 10
    assert offsets(log, 7, 10_000)[:2] == [10, 11]
    assert offsets(log, 7, 10_000, 9) == []


def test_a_sealed_segment_s_wrong_index_is_built_again() -> None:
    log = filled(20, config=LogConfig(segment_bytes=1000, index_interval_bytes=250))
    log.close()
    data = bytearray(log.directory.read("00000000000000000000.index"))
    data[3] += 1
    for damage in (bytes(data), b"123", bytes(8), b"\xff" * 8):
        log.directory.put("00000000000000000000.index", damage)
        again = Log.open(log.directory, CONFIG, now_ms=NOW_MS)
        assert [each.base_offset for each in read_all(again, max_bytes=100)] == list(range(20))
        assert again.offset_for_timestamp(NOW_MS) is not None
        again.abandon()


def test_damage_in_the_middle_is_an_error_and_not_a_wrong_answer() -> None:
    log = filled(20)
    log.segments.active.log.write([b"\x00" * 100], 1000)
    with pytest.raises(LogReadError):
        log.read(11, 1000, 20)
