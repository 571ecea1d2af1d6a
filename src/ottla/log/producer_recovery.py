"""A partition's producers on their way back: the newest good snapshot, then the headers of the batches after it."""

import logging

from ottla.log.errors import LogReadError
from ottla.log.producers import NO_PRODUCER_ID, Producers
from ottla.log.scan import BatchAt, headers
from ottla.log.segment import Segment
from ottla.log.segments import Segments
from ottla.log.snapshot_files import SnapshotFiles

_log = logging.getLogger(__name__)


class ProducerRecovery:
    """What recovery shows its batches to. `limit`: snapshots of later offsets do not count."""

    __slots__ = ("_end_offset", "_is_based", "_limit", "_snapshots", "_walked_from", "producers")

    def __init__(self, snapshots: SnapshotFiles, limit: int) -> None:
        self._snapshots = snapshots
        self._limit = limit
        self._is_based = any(offset <= limit for offset in snapshots.offsets)
        """Whether there were snapshots, good ones or not. If not, no producer was known at the limit."""
        self.producers = snapshots.newest(limit)
        snapshots.remove_after(limit)
        self._end_offset = self.producers.end_offset
        self._walked_from = -1

    def walked(self, batch: BatchAt) -> None:
        """The next batch of the log, by offset."""
        if self._walked_from < 0:
            self._walked_from = batch.base_offset
        if batch.producer_id != NO_PRODUCER_ID and batch.base_offset >= self.producers.end_offset:
            self.producers.appended(batch, batch.base_offset)

    def segment_ended(self, end_offset: int) -> None:
        """All of a segment was walked: leave the snapshot that rolling it left."""
        if self.producers and end_offset > self._limit and not self._has_gap(end_offset):
            self._snapshots.rolled(end_offset, self.producers)

    def finished(self, segments: Segments, log_end_offset: int) -> Producers:
        """The producers at the end of the log. Batches that were not walked are read where the snapshot needs it."""
        self._snapshots.remove_after(log_end_offset)
        if self._has_gap(log_end_offset):
            self.producers = read_producers(self._snapshots, segments, min(self._limit, log_end_offset))
        return self.producers

    def _has_gap(self, end_offset: int) -> bool:
        """Whether batches between the snapshot and the first walked one were left out, or the snapshot lies ahead."""
        walked_from = self._walked_from if self._walked_from >= 0 else end_offset
        return self._is_based and not walked_from <= self._end_offset <= end_offset


def read_producers(snapshots: SnapshotFiles, segments: Segments, limit: int) -> Producers:
    """The producers at the end of the log, from the newest snapshot up to `limit` on. Raises OSError."""
    producers = snapshots.newest(limit)
    for segment in segments[segments.number_of(producers.end_offset) :]:
        try:
            _read_segment(segment, producers)
        except LogReadError as error:
            _log.warning("%s: its producers cannot be read: %s", segment, error)
    return producers


def _read_segment(segment: Segment, producers: Producers) -> None:
    first = segment.find(producers.end_offset, segment.read, segment.read_index)
    if first is None:
        return
    for batch in headers(segment.read, first.position, segment.size):
        if batch.producer_id != NO_PRODUCER_ID and batch.base_offset >= producers.end_offset:
            producers.appended(batch, batch.base_offset)
