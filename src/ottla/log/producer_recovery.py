"""A partition's producers on their way back: the newest good snapshot, then the headers of the batches after it.

Of a marker the record is read too: it may end a transaction, and an aborted one has its row in the segment's index.
"""

import logging

from ottla.log.aborted import AbortedTransaction
from ottla.log.errors import LogReadError
from ottla.log.producers import NO_PRODUCER_ID, Producers
from ottla.log.scan import BatchAt, headers
from ottla.log.segment import Segment
from ottla.log.segments import Segments
from ottla.log.snapshot_files import SnapshotFiles
from ottla.records.batch import Batch
from ottla.records.control import ControlType, EndTransactionMarker, read_end_transaction_marker
from ottla.records.errors import CorruptRecordError

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

    def walked(self, batch: BatchAt, segment: Segment) -> None:
        """The next batch of the log, by offset, which lies in this segment."""
        if self._walked_from < 0:
            self._walked_from = batch.base_offset
        if batch.producer_id != NO_PRODUCER_ID and batch.base_offset >= self.producers.end_offset:
            read_back(self.producers, batch, segment)

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
    """The producers at the end of the log, from the newest snapshot up to `limit` on. Raises OSError.

    Rows about aborted transactions that ended before `limit` are right; those after it are made again.
    """
    producers = snapshots.newest(limit)
    for segment in segments[segments.number_of(producers.end_offset) :]:
        try:
            _read_segment(segment, producers, limit)
        except LogReadError as error:
            _log.warning("%s: its producers cannot be read: %s", segment, error)
    return producers


def _read_segment(segment: Segment, producers: Producers, limit: int) -> None:
    first = segment.find(producers.end_offset, segment.read, segment.read_index)
    if first is None:
        return
    aborted = segment.sound_aborted
    if aborted is not None:
        aborted.keep(aborted.count_before(limit))
    for batch in headers(segment.read, first.position, segment.size):
        if batch.producer_id != NO_PRODUCER_ID and batch.base_offset >= producers.end_offset:
            read_back(producers, batch, segment)


def read_back(producers: Producers, batch: BatchAt, segment: Segment) -> None:
    """Remember a producer's batch, and where it is a marker what it ended. Raises LogReadError."""
    producers.appended(batch, batch.base_offset)
    if not batch.is_control:
        return
    marker = _marker(batch, segment)
    if marker is None:
        return
    ended = producers.ended(batch, marker.coordinator_epoch, batch.base_offset)
    aborted = (
        segment.sound_aborted if ended is not None and marker.control_type is ControlType.ABORT else None
    )
    if ended is not None and aborted is not None:
        aborted.add(AbortedTransaction(*ended))


def _marker(batch: BatchAt, segment: Segment) -> EndTransactionMarker | None:
    """None for a control batch of another type, or one that compaction emptied: its transaction is gone."""
    try:
        return read_end_transaction_marker(Batch(segment.read(batch.size, batch.position)))
    except CorruptRecordError as error:
        raise LogReadError(f"the marker at byte {batch.position} cannot be read: {error}") from error
