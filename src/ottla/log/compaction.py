"""Log compaction: of every key the last record stays (`cleanup.policy=compact`).

`compaction_survey.survey` (the log's thread) tells which log is due. A round then has three steps. `prepare`
(worker thread) reads the dirty part into a map of keys. For each group of neighbouring segments `clean`
(worker) writes what survives (`compaction_filter`) into synced `.cleaned` files, and `swap` (the log's
thread) puts these in the segments' place. Offsets never change. The next round begins at `end_offset`; all
logs' are kept in the data directory's `cleaner-offset-checkpoint`.

A crash at any moment leaves the old segments or the new ones (`loading`). A log that was truncated or trimmed
below the worker's hands ends the round; what was swapped stays good.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from ottla.core.limits import COMPACTION_MAP_BYTES, COMPACTION_PAUSE_SECONDS, COMPACTION_SLICE_BYTES
from ottla.log.compaction_files import CleanedSegment, Source, grouped, remove_segment
from ottla.log.compaction_filter import CompactionFilter, LastRecord
from ottla.log.compaction_map import OffsetMap
from ottla.log.compaction_survey import Survey
from ottla.log.compaction_transactions import TransactionWalk
from ottla.log.log import Log
from ottla.log.producers import Producers
from ottla.log.segment import Segment
from ottla.records.batch import Batch
from ottla.records.reader import records_body
from ottla.records.spans import record_spans

Group = list[Source]
T = TypeVar("T")


class InThread(Protocol):
    """Has a worker thread run a function: `asyncio.to_thread`, or an executor's like."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


class CompactionCancelled(Exception):  # noqa: N818 - not an error: it was asked for, or the log moved on
    """The round is over. Groups that were swapped stay so; nothing else changed."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A group and the synced `.cleaned` segment that is to take its place."""

    group: Group
    segment: Segment
    bytes_before: int
    bytes_after: int


def last_records(producers: Producers) -> dict[int, LastRecord]:
    """Where each producer's state comes from: those batches keep their headers."""
    return {
        each.producer_id: LastRecord(each.batches[-1].last_offset if each.batches else None, each.epoch)
        for each in producers
    }


class Compaction:
    """One round over one log; made on the log's thread."""

    __slots__ = (
        "_cancelled",
        "_config",
        "_directory",
        "_filter",
        "_first_dirty_offset",
        "_map",
        "_now_ms",
        "_since_pause",
        "_sources",
        "_transactions",
        "_walk",
        "bytes_read",
    )

    def __init__(
        self,
        log: Log,
        found: Survey,
        now_ms: int,
        *,
        last: Mapping[int, LastRecord] | None = None,
        map_bytes: int = COMPACTION_MAP_BYTES,
    ) -> None:
        """`last`: see `last_records`. Raises OSError, LogReadError where an index is damaged, and the log too."""
        aborted = tuple(log.aborted)
        self.bytes_read = 0
        self._directory = log.directory
        self._config = log.config
        self._now_ms = now_ms
        self._first_dirty_offset = found.first_dirty_offset
        self._sources = _sources(log, found.first_uncleanable_offset)
        self._map = OffsetMap(map_bytes, found.first_dirty_offset)
        self._walk = TransactionWalk(each for each in aborted if each.last_offset >= found.first_dirty_offset)
        self._transactions = TransactionWalk(aborted)
        self._filter = CompactionFilter(
            self._map,
            self._transactions,
            found.first_uncleanable_offset,
            now_ms,
            log.config.delete_retention_ms,
            last or {},
        )
        self._cancelled = False
        self._since_pause = 0

    @property
    def end_offset(self) -> int:
        """Where the next round begins, once every group of this one is swapped."""
        return self._map.end_offset

    @property
    def keys(self) -> int:
        """How many different keys the dirty part has, as far as the map took them."""
        return len(self._map)

    def cancel(self) -> None:
        """Have the worker stop soon, with CompactionCancelled. Any thread."""
        self._cancelled = True

    def prepare(self) -> list[Group]:
        """Read the dirty part into the map; the groups to clean, in order. Worker thread.

        Raises OSError, LogReadError, CorruptRecordError, CompactionCancelled.
        """
        try:
            for source in self._sources:
                if source.end_offset > self._first_dirty_offset and not self._map_keys(source):
                    break
        except FileNotFoundError as error:
            raise CompactionCancelled(f"{error.filename} is gone") from None
        taking_part = [each for each in self._sources if each.base_offset < self._map.end_offset]
        return grouped(self._directory, taking_part, self._config)

    def _map_keys(self, source: Source) -> bool:
        """Put the keys of one segment into the map; False when it is full and the rest had to be left out."""
        for batch in self._batches(source):
            if batch.last_offset < self._first_dirty_offset:
                continue
            if self._map.is_full:
                return False
            self._map_batch(batch)
            self._map.end_offset = batch.next_offset
        self._map.end_offset = source.end_offset
        return True

    def _map_batch(self, batch: Batch) -> None:
        if batch.is_control:
            self._walk.is_needless(batch)
            return
        if self._walk.is_aborted(batch):
            return
        base_offset, put = batch.base_offset, self._map.put
        for _, _, _, offset_delta, key, _ in record_spans(records_body(batch), batch.records_count):
            if key is not None:
                put(key, base_offset + offset_delta)

    def clean(self, group: Group) -> Cleaned:
        """Write what survives of a group. Worker thread, groups in order. Raises as `prepare` does."""
        first, interval_bytes = group[0].base_offset, self._config.index_interval_bytes
        cleaned = CleanedSegment(self._directory, first, interval_bytes, self._now_ms)
        try:
            cleaned.create()
            for source in group:
                for batch in self._batches(source):
                    survivor = self._filter.survivor(batch)
                    if survivor is not None:
                        cleaned.append(survivor)
            segment = cleaned.finish(self._transactions.take_retained())
        except FileNotFoundError as error:  # retention or a deleted topic was faster
            cleaned.discard()
            raise CompactionCancelled(f"{error.filename} is gone") from None
        except BaseException:
            cleaned.discard()
            raise
        return Cleaned(group, segment, sum(each.size for each in group), segment.size)

    def _batches(self, source: Source) -> Iterator[Batch]:
        """The batches of a segment, with pauses: the event loop's thread shares the interpreter."""
        for batch in source.batches(self._directory):
            yield batch
            self.bytes_read += batch.size_in_bytes
            self._since_pause += batch.size_in_bytes
            if self._since_pause >= COMPACTION_SLICE_BYTES:
                self._pause()

    def _pause(self) -> None:
        self._since_pause = 0
        if self._cancelled:
            raise CompactionCancelled("cancelled")
        time.sleep(COMPACTION_PAUSE_SECONDS)

    def swap(self, log: Log, cleaned: Cleaned) -> list[str]:
        """Put the cleaned segment in its group's place; the old files, to be removed later. The log's thread.

        Raises CompactionCancelled when the log no longer has the group as it was, OSError.
        """
        replaced = [each.segment for each in cleaned.group]
        row = log.segments.sealed
        start = row.index(replaced[0]) if replaced[0] in row else len(row)
        is_same = row[start : start + len(replaced)] == replaced
        if (
            self._cancelled
            or log.offline
            or not is_same
            or any(each.segment.size != each.size for each in cleaned.group)
        ):
            self.discard(cleaned)
            raise CompactionCancelled("the log changed meanwhile")
        if cleaned.segment.size == 0 and start > 0:
            self.discard(cleaned)
            return log.swap_segments(replaced, [])
        return log.swap_segments(
            replaced, [cleaned.segment]
        )  # the first one stays, empty: the log begins there

    async def run(self, log: Log, in_thread: InThread) -> AsyncIterator[list[str]]:
        """The whole round, each step where it belongs; after each group the old files, to be removed later.

        `in_thread` has a function run by a worker thread. Raises as the steps do; what was swapped stays swapped.
        """
        for group in await in_thread(self.prepare):
            cleaned = await in_thread(partial(self.clean, group))
            yield self.swap(log, cleaned)

    def discard(self, cleaned: Cleaned) -> None:
        """Remove what `clean` made. Any thread."""
        remove_segment(self._directory, cleaned.segment)


def _sources(log: Log, end_offset: int) -> list[Source]:
    sources = []
    for number, segment in enumerate(log.segments.sealed):
        segment_end = log.segments.end_offset(number, log.log_end_offset)
        if segment_end > end_offset:
            break
        sources.append(Source(segment, segment.base_offset, segment_end, segment.size))
    return sources
