"""One segment of a log: a file of batches, its indexes, and what is known about them without looking.

Only the last segment of a log is appended to. A sealed one costs no system call until somebody needs it; then its size
and indexes are looked up once, and an index that is missing or damaged is built again from the batches.
"""

import logging
from collections.abc import Callable

from ottla.log.aborted import AbortedIndex, AbortedIndexError, whole_rows
from ottla.log.directory import Directory, File
from ottla.log.index import OffsetIndex, StoredIndex, TimeIndex
from ottla.log.index_files import IndexMismatch, find_indexed, stored_counts
from ottla.log.names import ABORTED_INDEX, INDEX, LOG, TIME_INDEX
from ottla.log.scan import BatchAt, ReadAt, headers
from ottla.log.segment_files import SegmentFiles

_log = logging.getLogger(__name__)

UNKNOWN = -2
"""A timestamp that was not looked up yet; -1 is Kafka's «none»."""


class Segment(SegmentFiles):
    """Batches from `base_offset` on."""

    __slots__ = (
        "_aborted",
        "_index",
        "_time_index",
        "created_ms",
        "end",
        "first_timestamp",
        "indexed_position",
        "max_timestamp",
        "max_timestamp_offset",
    )

    def __init__(self, directory: Directory, base_offset: int, suffix: str = "") -> None:
        super().__init__(directory, base_offset, suffix)
        self.created_ms = 0
        self.first_timestamp = UNKNOWN
        """The first batch's greatest timestamp, from which `segment.ms` counts; -1 while there is none."""
        self.indexed_position = 0
        """Where the batch of the last index entry begins."""
        self.max_timestamp = UNKNOWN
        self.max_timestamp_offset = base_offset
        """The last offset of the first batch that has `max_timestamp`."""
        self.end = -1
        """Where the last whole batch ends, -1 while nobody asked; outside, read `size` unless it is the active one."""
        self._index: OffsetIndex | None = None
        self._time_index: TimeIndex | None = None
        self._aborted: AbortedIndex | None = None

    @property
    def size(self) -> int:
        if self.end < 0:
            self.end = self.directory.size(self.name(LOG))
        return self.end

    def create(self, now_ms: int, preallocate_bytes: int = 0) -> None:
        """Make the file. Raises OSError."""
        self.log.create()
        self.use_aborted(AbortedIndex())
        self.directory.remove(self.name(ABORTED_INDEX))  # a crash may have left it without its log
        if preallocate_bytes:
            self.log.allocate(preallocate_bytes)
        self.start_empty(now_ms)

    def start_empty(self, now_ms: int) -> None:
        """Nothing is in this segment (any more)."""
        self.end = 0
        self.created_ms = now_ms
        self.first_timestamp = self.max_timestamp = -1
        self.max_timestamp_offset = self.base_offset
        self.use_indexes(OffsetIndex(self.base_offset, 0), TimeIndex(self.base_offset, 0))
        if self._aborted is None:
            there = self.directory.exists(self.name(ABORTED_INDEX))
            self.use_aborted(AbortedIndex(b"" if there else None))

    def use_aborted(self, aborted: AbortedIndex) -> None:
        self._aborted = aborted

    def use_indexes(self, index: OffsetIndex, time_index: TimeIndex) -> None:
        self._index, self._time_index = index, time_index
        self.indexed_position = index.absolute(self.read_index, len(index) - 1)[1]

    @property
    def indexes(self) -> list[tuple[StoredIndex, File]]:
        """The indexes with their files; that of aborted transactions where there is or was one."""
        found: list[tuple[StoredIndex, File]] = [
            (self.index, self.index_file),
            (self.time_index, self.time_index_file),
        ]
        if self._aborted is not None and self._aborted.has_file:
            found.append((self._aborted, self.aborted_file))
        return found

    @property
    def index(self) -> OffsetIndex:
        if self._index is None:
            self._load_indexes()
        assert self._index is not None
        return self._index

    @property
    def time_index(self) -> TimeIndex:
        if self._time_index is None:
            self._load_indexes()
        assert self._time_index is not None
        return self._time_index

    @property
    def aborted(self) -> AbortedIndex:
        """The index of aborted transactions. Raises AbortedIndexError where its file is damaged."""
        if self._aborted is None:
            name = self.name(ABORTED_INDEX)
            there = self.directory.exists(name)
            self._aborted = AbortedIndex(whole_rows(self.directory.read(name)) if there else None)
        return self._aborted

    @property
    def sound_aborted(self) -> AbortedIndex | None:
        """The same, None where it is damaged: `AbortedTransactions` makes it again when somebody asks."""
        try:
            return self.aborted
        except AbortedIndexError as error:
            _log.warning("%s: its index of aborted transactions is damaged: %s", self, error)
            return None

    def _load_indexes(self) -> None:
        """Look at a sealed segment's index files for the first time. What they say is checked when it is used."""
        stored = stored_counts(self.directory, self.name(INDEX), self.name(TIME_INDEX))
        if stored is None:
            self.rebuild_indexes()
        else:
            self._index = OffsetIndex(self.base_offset, stored[0])
            self._time_index = TimeIndex(self.base_offset, stored[1])

    def rebuild_indexes(self, interval_bytes: int = 4096) -> None:
        """Build both indexes from the batches and write them. Raises LogReadError where these are damaged."""
        _log.warning("%s: the indexes are missing or damaged, building them again", self)
        self.use_indexes(OffsetIndex(self.base_offset, 0), TimeIndex(self.base_offset, 0))
        self.max_timestamp, self.max_timestamp_offset = -1, self.base_offset
        for batch in headers(self.read, 0, self.size):
            self.note(batch, interval_bytes)
        try:
            self.seal()
        except OSError as error:
            _log.warning("%s: its indexes stay in memory: %s", self, error)

    def find(self, offset: int, read: ReadAt, read_index: ReadAt) -> BatchAt | None:
        """The batch that holds `offset`, or the first one after it; None when this segment ends before."""
        try:
            return find_indexed(self.index, offset, self.size, read, read_index)
        except IndexMismatch:
            self.rebuild_indexes()
            return find_indexed(self.index, offset, self.size, read, read_index)

    def largest_timestamp(self) -> int:
        """The greatest timestamp of all records, -1 when none has one."""
        if self.max_timestamp == UNKNOWN:
            self.max_timestamp, self.max_timestamp_offset = self._believed(TimeIndex.last)
            if self.max_timestamp < 0 and self.rolling_timestamp() >= 0:
                self.rebuild_indexes()
        return self.max_timestamp

    def earlier_until(self, timestamp: int) -> int:
        """An offset up to which no record is as late as `timestamp`: where a search may begin."""
        return self._believed(lambda index, read: index.floor(read, timestamp - 1))[1]

    def _believed(self, look_up: Callable[[TimeIndex, ReadAt], tuple[int, int]]) -> tuple[int, int]:
        """An entry of the time index, after a look at the batch that it is about."""
        timestamp, offset = look_up(self.time_index, self.read_time_index)
        if timestamp >= 0:
            batch = self.find(offset, self.read, self.read_index)
            if batch is None or batch.max_timestamp != timestamp:
                self.rebuild_indexes()
                return look_up(self.time_index, self.read_time_index)
        return timestamp, offset

    def rolling_timestamp(self) -> int:
        """The first batch's timestamp; read from the file once after a restart."""
        if self.first_timestamp == UNKNOWN:
            first = next(headers(self.read, 0, self.size), None)
            self.first_timestamp = first.max_timestamp if first else -1
        return self.first_timestamp

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────

    def note(self, batch: BatchAt, interval_bytes: int) -> None:
        """Take a batch that lies in the file into the indexes."""
        if batch.max_timestamp > self.max_timestamp:
            self.max_timestamp, self.max_timestamp_offset = batch.max_timestamp, batch.last_offset
        if batch.position == 0:
            self.first_timestamp = batch.max_timestamp
        if batch.position - self.indexed_position > interval_bytes:
            self.add_entry(batch.last_offset, batch.position)

    def add_entry(self, last_offset: int, position: int) -> None:
        """One entry in each index, in memory."""
        self.index.add(last_offset, position)
        self.time_index.add(self.read_time_index, self.max_timestamp, self.max_timestamp_offset)
        self.indexed_position = position

    def seal(self) -> None:
        """Bring the index files up to date and to their exact length, unsynced.

        The time index ends with the greatest timestamp of the segment, from which retention counts.
        """
        self.time_index.add(self.read_time_index, self.largest_timestamp(), self.max_timestamp_offset)
        for index, file in self.indexes:
            data, position, stored = index.unstored()
            self.directory.patch(file.name, data, position, end=True)
            index.stored_up_to(stored)

    def cut_indexes(self) -> None:
        """End all index files where their entries end."""
        for index, file in self.indexes:
            self.directory.patch(file.name, b"", index.stored * index.ENTRY.size, end=True)

    def truncate(self, position: int, next_offset: int, now_ms: int) -> None:
        """Drop all from `position` on, where the batch with `next_offset` begins."""
        index_count = self.index.count_before(self.read_index, next_offset)
        time_count = self.time_index.count_before(self.read_time_index, next_offset)
        aborted = self.sound_aborted
        self.log.truncate(position)
        self.end = position
        self.index.keep(index_count)
        self.time_index.keep(time_count)
        if aborted is not None:
            aborted.keep(aborted.count_before(next_offset))
        self.cut_indexes()
        if position == 0:
            self.start_empty(now_ms)
            return
        self.indexed_position = self.index.absolute(self.read_index, index_count - 1)[1]
        self.max_timestamp, self.max_timestamp_offset = self.time_index.last(self.read_time_index)
        for batch in headers(self.read, self.indexed_position, position):
            if batch.max_timestamp > self.max_timestamp:
                self.max_timestamp, self.max_timestamp_offset = batch.max_timestamp, batch.last_offset

    @property
    def unwritten(self) -> bool:
        """Whether its indexes are loaded and their files lack something."""
        loaded = (self._index, self._time_index, self._aborted)
        return any(index is not None and len(index) > index.stored for index in loaded)
