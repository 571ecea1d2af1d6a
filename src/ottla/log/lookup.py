"""Offsets by time: the first record at or after a timestamp, and the record with the greatest one.

A time index says for a timestamp up to which offset nothing is later; so the search begins there, walks headers to
the first batch that reaches the timestamp, and decodes that one batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ottla.log.epochs import EpochHistory
from ottla.log.scan import BatchAt, headers
from ottla.log.segment import Segment
from ottla.records.batch import Batch
from ottla.records.reader import read_records


@dataclass(frozen=True, slots=True)
class OffsetAndTimestamp:
    """A record's offset, its timestamp (ms), and the leader epoch it was written under (-1: not known)."""

    offset: int
    timestamp: int
    leader_epoch: int


class Lookup:
    """A search over the segments of one log; nothing before `log_start_offset` is found."""

    __slots__ = ("_epochs", "_log_start_offset", "_segments")

    def __init__(self, segments: Iterable[Segment], log_start_offset: int, epochs: EpochHistory) -> None:
        self._segments = segments
        self._log_start_offset = log_start_offset
        self._epochs = epochs

    def first_at(self, timestamp: int) -> OffsetAndTimestamp | None:
        """The first record whose timestamp is at least this one, None when there is none."""
        for segment in self._segments:
            if segment.largest_timestamp() >= timestamp:
                found = self._first_in(segment, timestamp)
                if found is not None:
                    return found
        return None

    def greatest(self) -> OffsetAndTimestamp | None:
        """The first record of those with the greatest timestamp, None in a log without timestamps."""
        segment = max(self._segments, key=Segment.largest_timestamp)
        timestamp = segment.largest_timestamp()
        return self._first_in(segment, timestamp) if timestamp >= 0 else None

    def _first_in(self, segment: Segment, timestamp: int) -> OffsetAndTimestamp | None:
        offset = max(segment.earlier_until(timestamp), self._log_start_offset)
        first = segment.find(offset, segment.read, segment.read_index)
        for batch in headers(segment.read, first.position if first else segment.size, segment.size):
            if batch.max_timestamp >= timestamp and batch.last_offset >= self._log_start_offset:
                found = self._first_of(segment, batch, timestamp)
                if found is not None:
                    return found
        return None

    def _first_of(self, segment: Segment, at: BatchAt, timestamp: int) -> OffsetAndTimestamp | None:
        for record in read_records(Batch(segment.read(at.size, at.position))):
            if record.timestamp >= timestamp and record.offset >= self._log_start_offset:
                return OffsetAndTimestamp(record.offset, record.timestamp, at.leader_epoch)
        return None
