"""Which segments may go, as a decision without a disk: by age, by size, and by the log start offset.

Segments go from the oldest on, only in a row, and only what lies wholly before the high watermark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ottla.log.config import LogConfig


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What a decision needs. `timestamp_ms`: of the newest record, or of the file where the records have none."""

    end_offset: int
    size_bytes: int
    timestamp_ms: int


def expired(
    segments: Sequence[SegmentFacts],
    config: LogConfig,
    now_ms: int,
    log_start_offset: int,
    high_watermark: int,
) -> int:
    """How many of the oldest segments may be deleted. All of them: the caller rolls a new one first."""
    deletable = emptied = 0
    too_many_bytes = sum(segment.size_bytes for segment in segments) - config.retention_bytes
    for segment in segments:
        if segment.end_offset > high_watermark or (segment.size_bytes == 0 and segment is segments[-1]):
            break
        if segment.size_bytes == 0 and segment.end_offset > log_start_offset:
            emptied += 1  # by compaction: it has no age of its own and goes with the next one
            continue
        by_size = config.retention_bytes >= 0 and too_many_bytes >= segment.size_bytes
        by_age = config.retention_ms >= 0 and now_ms - segment.timestamp_ms > config.retention_ms
        policy_allows = config.deletes_old_segments and (by_size or by_age)
        if not policy_allows and segment.end_offset > log_start_offset:
            break
        too_many_bytes -= segment.size_bytes
        deletable += emptied + 1
        emptied = 0
    return deletable
