"""When the active segment is full: four numbers, so that an append compares and does not compute."""

import zlib

from ottla.log.config import NEVER, LogConfig
from ottla.log.index import OffsetIndex, TimeIndex
from ottla.log.segment import Segment

_MAX_RELATIVE_OFFSET = (1 << 31) - 1


class RollLimits:
    """An append that passes one of these needs a new segment first.

    `timestamp` and `now_ms` are `segment.ms` by the records' own time and, where the first batch has none, the clock's.
    """

    __slots__ = ("bytes", "now_ms", "offset", "position", "timestamp")

    def __init__(self) -> None:
        self.bytes = -1
        """Bytes in the segment with the batch that is to come. -1: the limits are not known, work them out."""
        self.offset = -1
        self.timestamp = -1
        self.now_ms = -1
        self.position = -1
        """Where the index is full: no further batch may begin there or after."""

    def forget(self) -> None:
        self.bytes = -1

    def passed(self, position: int, size: int, max_timestamp: int, last_offset: int, now_ms: int) -> bool:
        """Whether a batch that begins at `position` needs a new segment. `Log.append` has the same inlined."""
        return (
            position + size > self.bytes
            or max_timestamp > self.timestamp
            or last_offset > self.offset
            or now_ms > self.now_ms
            or position >= self.position
        )

    def work_out(self, segment: Segment, config: LogConfig) -> None:
        """For this segment under this config."""
        wait_ms = config.longest_segment_ms - _jitter_ms(segment, config)
        first = segment.rolling_timestamp()
        empty = segment.size == 0
        self.bytes = NEVER if empty else config.segment_bytes
        self.offset = segment.base_offset + _MAX_RELATIVE_OFFSET
        self.timestamp = NEVER if empty or first < 0 else first + wait_ms
        self.now_ms = NEVER if empty or first >= 0 else segment.created_ms + wait_ms
        self.position = NEVER if _has_room(segment, config) else segment.size


def _has_room(segment: Segment, config: LogConfig) -> bool:
    """Whether both indexes take at least another entry."""
    return (
        len(segment.index) < config.segment_index_bytes // OffsetIndex.ENTRY.size
        and len(segment.time_index) < config.segment_index_bytes // TimeIndex.ENTRY.size - 1
    )


def _jitter_ms(segment: Segment, config: LogConfig) -> int:
    """A part of `segment.jitter.ms` that differs from partition to partition, so that not all roll at once."""
    if config.segment_jitter_ms == 0:
        return 0
    seed = zlib.crc32(f"{segment.directory.path}/{segment.base_offset}".encode())
    return min(seed % config.segment_jitter_ms, config.segment_ms)
