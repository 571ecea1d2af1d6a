"""The aborted transactions of a whole log: the rows of all its segments."""

import logging
from bisect import bisect_right
from collections.abc import Iterator

from ottla.log.aborted import AbortedIndex, AbortedIndexError, AbortedTransaction
from ottla.log.producer_recovery import read_back
from ottla.log.producers import NO_PRODUCER_ID, Producers
from ottla.log.scan import headers
from ottla.log.segment import Segment
from ottla.log.segments import Segments

_log = logging.getLogger(__name__)


class AbortedTransactions:
    """Belongs to the log's thread. Nothing is looked at before somebody asks."""

    __slots__ = ("_segments", "_with_rows")

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._with_rows: list[Segment] | None = None
        """The segments that have any, in order; None while nobody looked."""

    def __iter__(self) -> Iterator[AbortedTransaction]:
        """Every row, by the offset of its marker."""
        return (row for segment in self._having() for row in segment.aborted)

    def add(self, row: AbortedTransaction) -> None:
        """The marker of an aborted transaction was appended."""
        active, known = self._segments.active, self._with_rows
        self._rows(active).add(row)
        if known is not None and (not known or known[-1] is not active):
            known.append(active)

    def between(self, start_offset: int, end_offset: int) -> list[AbortedTransaction]:
        """Those of which a batch may lie from `start_offset` up to `end_offset`, by their first offset.

        Raises OSError, LogReadError.
        """
        found: list[AbortedTransaction] = []
        having = self._having() if start_offset < end_offset else []
        for segment in having[max(bisect_right(having, start_offset, key=_base_offset) - 1, 0) :]:
            for row in segment.aborted.since(start_offset):
                if row.first_offset < end_offset:
                    found.append(row)
                if row.last_stable_offset >= end_offset:
                    return sorted(found, key=_first_offset)
        return sorted(found, key=_first_offset)

    def forget(self) -> None:
        """There are other segments now, or other rows in them."""
        self._with_rows = None

    def _having(self) -> list[Segment]:
        if self._with_rows is None:
            self._with_rows = [segment for segment in self._segments if self._rows(segment)]
        return self._with_rows

    def _rows(self, segment: Segment) -> AbortedIndex:
        try:
            return segment.aborted
        except AbortedIndexError as error:
            _log.warning("%s: its index of aborted transactions is made again: %s", segment, error)
            return self._made_again(segment)

    def _made_again(self, segment: Segment) -> AbortedIndex:
        """From the batches: all up to this segment, for its transactions may have begun in earlier ones."""
        producers = Producers()
        segment.use_aborted(AbortedIndex(b""))
        for each in self._segments:
            scratch = segment
            if each is not segment:
                scratch = Segment(each.directory, each.base_offset, each.suffix)
                scratch.use_aborted(AbortedIndex())
            for batch in headers(each.read, 0, each.size):
                if batch.producer_id != NO_PRODUCER_ID:
                    read_back(producers, batch, scratch)
            if each is segment:
                break
        self._write(segment)
        return segment.aborted

    def _write(self, segment: Segment) -> None:
        """For certain: after a crash rows are believed that a checkpoint should have covered."""
        data, _, stored = segment.aborted.unstored()
        try:
            segment.directory.replace(segment.aborted_file.name, data)
        except OSError as error:
            _log.warning("%s: its index of aborted transactions stays in memory: %s", segment, error)
        else:
            segment.aborted.stored_up_to(stored)


def _base_offset(segment: Segment) -> int:
    return segment.base_offset


def _first_offset(row: AbortedTransaction) -> int:
    return row.first_offset
