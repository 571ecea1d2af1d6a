"""Whether a log is due for compaction, and how far it may go; its records are not looked at."""

from dataclasses import dataclass

from ottla.log.config import NEVER, LogConfig
from ottla.log.log import Log
from ottla.log.segment import Segment


@dataclass(frozen=True, slots=True)
class Survey:
    """What compaction could do for one log; `first_uncleanable_offset` is where the last such one ends."""

    first_dirty_offset: int
    first_uncleanable_offset: int
    clean_bytes: int
    cleanable_bytes: int
    is_overdue: bool
    """A dirty record is older than `max.compaction.lag.ms`."""

    @property
    def dirty_ratio(self) -> float:
        """The part of the log that a round would read for the first time. The dirtiest log comes first."""
        total = self.clean_bytes + self.cleanable_bytes
        return self.cleanable_bytes / total if total else 0.0

    def is_due(self, config: LogConfig) -> bool:
        """Whether a round is worth it: overdue, or more than `min.cleanable.dirty.ratio`."""
        if not config.is_compacted or self.cleanable_bytes == 0:
            return False
        return self.is_overdue or self.dirty_ratio > config.min_cleanable_dirty_ratio


def survey(log: Log, checkpoint: int | None, now_ms: int) -> Survey:
    """Look at a log, on its thread. `checkpoint`: where the last round ended; None when there was none.

    A segment takes part when it is sealed, wholly before the last stable offset, on disk, and none of its
    records is younger than `min.compaction.lag.ms`; so does nothing after one that does not.
    """
    first_dirty = log.log_start_offset if checkpoint is None else checkpoint
    if not log.log_start_offset <= first_dirty <= log.log_end_offset:
        first_dirty = log.log_start_offset  # trimmed or truncated since
    clean = cleanable = 0
    is_overdue = False
    end_offset = first_dirty
    for number, segment in enumerate(log.segments.sealed):
        segment_end = log.segments.end_offset(number, log.log_end_offset)
        is_dirty = segment_end > first_dirty
        if segment_end > log.last_stable_offset or not log.is_settled(segment):
            break
        if is_dirty and _is_too_young(segment, log.config, now_ms):
            break
        end_offset = max(end_offset, segment_end)
        clean += segment.size if segment.base_offset < first_dirty else 0
        cleanable += segment.size if is_dirty else 0
        is_overdue = is_overdue or (is_dirty and _is_overdue(segment, log.config, now_ms))
    return Survey(first_dirty, end_offset, clean, cleanable, is_overdue)


def _is_too_young(segment: Segment, config: LogConfig, now_ms: int) -> bool:
    lag_ms = config.min_compaction_lag_ms
    return lag_ms > 0 and segment.largest_timestamp() > now_ms - lag_ms


def _is_overdue(segment: Segment, config: LogConfig, now_ms: int) -> bool:
    lag_ms = config.max_compaction_lag_ms
    return lag_ms < NEVER and 0 < segment.rolling_timestamp() < now_ms - lag_ms
