"""Which segments may go, and that they do."""

from tests.support.logs import NOW_MS, new_log, read_all, sized_batch

from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.log.retention import SegmentFacts, expired

HOUR_MS = 3_600_000


def facts(*ages_ms: int, size: int = 100) -> list[SegmentFacts]:
    """Segments of ten offsets each, this long ago."""
    return [SegmentFacts(number * 10 + 10, size, NOW_MS - age) for number, age in enumerate(ages_ms)]


def decide(
    segments: list[SegmentFacts], log_start_offset: int = 0, high_watermark: int = 1000, **config: object
) -> int:
    return expired(segments, LogConfig(**config), NOW_MS, log_start_offset, high_watermark)  # type: ignore[arg-type]


def test_by_age() -> None:
    assert decide(facts(3000, 2000, 1000, 0), retention_ms=1500) == 2
    assert decide(facts(3000, 1500, 1000, 0), retention_ms=1500) == 1, "as old as allowed is not too old"
    assert decide(facts(1000, 3000), retention_ms=1500) == 0, "only in a row from the oldest on"
    assert decide(facts(3000, 3000), retention_ms=1500) == 2, "the active one as well"
    assert decide(facts(10**12), retention_ms=-1) == 0


def test_by_size_what_stays_is_at_least_the_limit() -> None:
    assert decide(facts(0, 0, 0, 0), retention_bytes=250) == 1
    assert decide(facts(0, 0, 0, 0), retention_bytes=200) == 2
    assert decide(facts(0, 0, 0, 0), retention_bytes=0) == 4
    assert decide(facts(0, 0, 0, 0), retention_bytes=-1) == 0


def test_never_past_the_high_watermark() -> None:
    assert decide(facts(3000, 3000, 3000), retention_ms=0, high_watermark=20) == 2
    assert decide(facts(3000, 3000, 3000), retention_ms=0, high_watermark=19) == 1


def test_what_delete_records_hid_goes_also_from_compacted_topics() -> None:
    compacted = frozenset({"compact"})
    assert decide(facts(9000, 9000, 9000), 20, retention_ms=1, cleanup_policy=compacted) == 2
    assert decide(facts(9000, 9000, 9000), 0, retention_ms=1, cleanup_policy=compacted) == 0
    assert decide(facts(9000), 0, retention_ms=1, cleanup_policy=frozenset({"compact", "delete"})) == 1


def test_an_empty_active_segment_stays() -> None:
    segments = [*facts(9000), SegmentFacts(10, 0, 0)]
    assert decide(segments, retention_ms=1) == 1


def filled(config: LogConfig, ages_ms: list[int]) -> Log:
    """One segment of two batches for each age."""
    log = new_log(config)
    for age in ages_ms:
        log.append(sized_batch(200, NOW_MS - age), 0, NOW_MS)
        log.append(sized_batch(200, NOW_MS - age), 0, NOW_MS)
        log.roll(NOW_MS)
    log.high_watermark = log.log_end_offset
    return log


def test_a_log_loses_its_oldest_segments() -> None:
    log = filled(LogConfig(retention_ms=HOUR_MS), [3 * HOUR_MS, 2 * HOUR_MS, 1000])
    doomed = log.delete_old_segments(NOW_MS)
    assert log.log_start_offset == 4
    assert [each.base_offset for each in read_all(log)] == [4, 5]
    assert sorted(doomed) == sorted(name for name in log.directory.names() if name.endswith(".deleted"))
    assert len(doomed) == 6
    log.remove_files(doomed)
    assert not any(name.endswith(".deleted") for name in log.directory.names())
    assert log.delete_old_segments(NOW_MS) == []


def test_a_log_that_is_all_too_old_goes_on_with_an_empty_segment() -> None:
    log = new_log(LogConfig(retention_ms=HOUR_MS))
    log.append(sized_batch(200, NOW_MS - 9 * HOUR_MS), 4, NOW_MS)
    log.high_watermark = 1
    log.remove_files(log.delete_old_segments(NOW_MS))
    assert (log.log_start_offset, log.log_end_offset, log.size_bytes) == (1, 1, 0)
    assert log.append(sized_batch(200), 4, NOW_MS).base_offset == 1
    log.close()
    again = Log.open(log.directory, log.config, now_ms=NOW_MS, log_start_offset=1)
    assert (again.log_start_offset, again.log_end_offset) == (1, 2)


def test_records_without_timestamps_are_as_old_as_their_file() -> None:
    log = filled(LogConfig(retention_ms=HOUR_MS), [NOW_MS + 1])
    log.directory.node("00000000000000000000.log").modified_ms = NOW_MS - 1000  # type: ignore[attr-defined]
    assert log.delete_old_segments(NOW_MS) == []
    log.directory.node("00000000000000000000.log").modified_ms = NOW_MS - HOUR_MS - 1  # type: ignore[attr-defined]
    assert log.delete_old_segments(NOW_MS) != []


def test_retention_holds_after_a_restart() -> None:
    log = filled(LogConfig(retention_ms=HOUR_MS), [3 * HOUR_MS, 1000])
    log.close()
    again = Log.open(log.directory, log.config, now_ms=NOW_MS, high_watermark=log.high_watermark)
    again.delete_old_segments(NOW_MS)
    assert again.log_start_offset == 2


def test_delete_records_hides_at_once_and_frees_whole_segments_later() -> None:
    log = filled(LogConfig(retention_ms=-1), [0, 0, 0])
    assert log.delete_records(3) == 3
    assert [each.base_offset for each in read_all(log)] == [3, 4, 5]
    log.delete_old_segments(NOW_MS)
    assert log.segments[0].base_offset == 2
    assert log.delete_records(1) == 3, "it never goes back"
    assert log.delete_records(-1) == 6
    log.delete_old_segments(NOW_MS)
    assert (log.log_start_offset, log.size_bytes, len(log.segments)) == (6, 0, 1)
