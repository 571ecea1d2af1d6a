"""Reading a range of whole batches: where it starts, where it must end, and one read of the file in between.

A reader that goes on where it stopped costs no search: the log remembers where the last reads ended. What it
remembers is a hint; the batch found there must say the right offset. When bytes are not in the page cache the answer
is a `Read` that is `cold`: `Read.load` then does the same work in a thread, waiting for the disk.
"""

import errno
from typing import NamedTuple, Protocol

from ottla.core.limits import READ_AHEAD_BYTES
from ottla.log.errors import LogReadError, OffsetOutOfRange
from ottla.log.index import OffsetIndex
from ottla.log.index_files import IndexMismatch, find_indexed
from ottla.log.names import INDEX, LOG
from ottla.log.presence import Presence
from ottla.log.scan import BatchAt, base_offset_at, cut, find_batch, header_at
from ottla.log.segment import Segment
from ottla.records.batch import HEADER_BYTES
from ottla.wire.types import Buffer


class Ask(NamedTuple):
    """What is wanted of one segment. A position of -1 is not known yet."""

    offset: int
    max_bytes: int
    end_offset: int
    at_least_one: bool
    start: int
    end: int


class Taken(NamedTuple):
    """What was found: the bytes, the offset after them, and where that lies."""

    records: Buffer
    next_offset: int
    position: int
    exhausted: bool = False
    """No bytes, because the segment's last batch lies before the offset: the next segment may have it."""


NOTHING = Taken(b"", -1, -1)
EXHAUSTED = Taken(b"", -1, -1, exhausted=True)

Hint = tuple[int, Segment, int]
"""An offset, and the segment and position where its batch begins."""


class View(Protocol):
    """A segment, read from memory only or with patience."""

    def find(self, offset: int) -> BatchAt | None: ...

    def floor_position(self, position: int) -> int: ...

    def read(self, size: int, position: int) -> Buffer: ...

    @property
    def size(self) -> int: ...


class CachedView:
    """The loop's view: raises ColdRead where it would have to wait."""

    __slots__ = ("_segment", "size")

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self.size = segment.size

    def find(self, offset: int) -> BatchAt | None:
        return self._segment.find(offset, self._segment.read_cached, self._segment.read_index_cached)

    def floor_position(self, position: int) -> int:
        return self._segment.index.floor_position(self._segment.read_index_cached, position)

    def read(self, size: int, position: int) -> Buffer:
        return self._segment.read_cached(size, position)


class WaitingView:
    """A thread's view: a copy of what the loop knows, and files opened by name.

    Raises FileNotFoundError also where another file has the name by now.
    """

    __slots__ = ("_directory", "_index", "_index_name", "_log_name", "_presence", "_segment", "size")

    def __init__(self, segment: Segment, presence: Presence) -> None:
        self._segment = segment
        self._presence = presence
        self.size = segment.size
        self._directory = segment.directory
        self._index = segment.index.snapshot()
        self._log_name, self._index_name = segment.name(LOG), segment.name(INDEX)

    def _read_index(self, size: int, position: int) -> Buffer:
        data = self._directory.read_range(self._index_name, size, position)
        self._check()
        return data

    def _check(self) -> None:
        """What was read is this segment's: it had the name until now."""
        if self._presence.gone or self._segment.name(LOG) != self._log_name:
            raise FileNotFoundError(errno.ENOENT, "renamed meanwhile", self._log_name)

    def find(self, offset: int) -> BatchAt | None:
        assert isinstance(self._index, OffsetIndex)
        try:
            return find_indexed(self._index, offset, self.size, self.read, self._read_index)
        except IndexMismatch:  # the loop's thread builds it again when it comes there
            return find_batch(self.read, 0, self.size, offset)

    def floor_position(self, position: int) -> int:
        assert isinstance(self._index, OffsetIndex)
        return self._index.floor_position(self._read_index, position)

    def read(self, size: int, position: int) -> Buffer:
        data = self._directory.read_range(self._log_name, size, position)
        self._check()
        if len(data) != size:
            raise LogReadError(f"{self._log_name} ends before byte {position + size}")
        return data

    def read_ahead(self, position: int) -> None:
        """Bring what comes next into the page cache, for the reads to come."""
        self._directory.read_range(self._log_name, min(READ_AHEAD_BYTES, self.size - position), position)


def take(ask: Ask, view: View) -> Taken:
    """The whole batches from the one that holds `ask.offset` on. Raises ColdRead, LogReadError."""
    start, end = ask.start, ask.end
    if start < 0:
        found = view.find(ask.offset)
        if found is None:
            return EXHAUSTED
        start = found.position
    if end < 0:
        found = view.find(ask.end_offset)
        end = view.size if found is None else found.position
    whole = end - start <= ask.max_bytes
    size = end - start if whole else ask.max_bytes
    if size < HEADER_BYTES:
        return _first(start, end, view) if ask.at_least_one else NOTHING
    data = view.read(size, start)
    if ask.start >= 0 and base_offset_at(data) != ask.offset:
        return take(ask._replace(start=-1), view)
    if whole:
        return Taken(data, ask.end_offset, end)
    length, next_offset = _cut(data, start, view)
    if length:
        return Taken(memoryview(data)[:length], next_offset, start + length)
    return _first(start, end, view) if ask.at_least_one else NOTHING


def _cut(data: Buffer, start: int, view: View) -> tuple[int, int]:
    """Where the last whole batch in `data` ends: walked from the index entry before the end."""
    near = max(view.floor_position(start + len(data)) - start, 0)
    if near + HEADER_BYTES > len(data):
        near = max(view.floor_position(start + near - 1) - start, 0)
    if data[near + 16] != 2:  # a damaged index: the buffer itself tells
        near = 0
    next_offset = base_offset_at(memoryview(data)[near : near + 8])
    return cut(data, near, next_offset)


def _first(start: int, end: int, view: View) -> Taken:
    """One batch, however large."""
    if start >= end:
        return NOTHING
    batch = header_at(view.read(HEADER_BYTES, start), 0, start)
    return Taken(view.read(batch.size, start), batch.last_offset + 1, start + batch.size)


class Read:
    """What a read found. `records` is b"" where nothing is there (yet); it is not set while `cold`.

    `next_offset` is where to go on: the offset after the last record, or that of the next segment's first.
    """

    __slots__ = ("_load", "next_offset", "records")

    def __init__(self, records: Buffer, next_offset: int, load: "Load | None" = None) -> None:
        self.records = records
        self.next_offset = next_offset
        self._load = load

    @property
    def cold(self) -> bool:
        """The bytes are on disk only: call `load` in a thread."""
        return self._load is not None

    def load(self) -> Buffer:
        """Wait for the disk; the records. Any thread. Raises OffsetOutOfRange when retention was faster."""
        if self._load is not None:
            taken = self._load.run()
            self.records, self.next_offset, self._load = taken.records, taken.next_offset, None
        return self.records


class Load:
    """A read that has to wait, with all it needs to know."""

    __slots__ = ("_ask", "_hints", "_segment", "_view")

    def __init__(self, ask: Ask, segment: Segment, presence: Presence, hints: list[Hint]) -> None:
        self._ask = ask
        self._segment = segment
        self._view = WaitingView(segment, presence)
        self._hints = hints

    def run(self) -> Taken:
        try:
            taken = take(self._ask, self._view)
            if taken.records:
                self._hints.append((taken.next_offset, self._segment, taken.position))
                self._view.read_ahead(taken.position)
        except FileNotFoundError:
            offset = self._ask.offset
            raise OffsetOutOfRange(offset, offset + 1, self._ask.end_offset) from None
        return taken
