"""The two sparse indexes of a segment (docs/formats/indexes.md): offset → position, and timestamp → offset.

An index is its file, which holds the first `stored` entries, followed by the entries added since, which are in memory.
Adding an entry touches no file. `Unstored` is what a checkpoint writes; `stored_up_to` then lets go of the memory.
Lookups read the file by bisection: a few small reads, then one block.
"""

import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from operator import lt
from typing import ClassVar, NamedTuple, Protocol

from ottla.log.names import INDEX, TIME_INDEX
from ottla.log.scan import ReadAt

_BLOCK_BYTES = 4096


class Unstored(NamedTuple):
    """Entries as bytes, the place in the file where they belong, and how many the file then holds."""

    data: bytes
    position: int
    stored: int


class StoredIndex(Protocol):
    """Entries of one size, of which the first `stored` are in a file."""

    ENTRY: ClassVar[struct.Struct]
    stored: int

    def unstored(self) -> Unstored: ...

    def stored_up_to(self, stored: int) -> None: ...


class Index:
    """What both indexes share: two columns in memory, `_first` and `_second`, after `stored` entries in the file."""

    __slots__ = ("_first", "_second", "base_offset", "stored")

    EXTENSION = ""
    ENTRY: ClassVar = struct.Struct("")

    def __init__(self, base_offset: int, stored: int) -> None:
        self.base_offset = base_offset
        self.stored = stored
        self._first, self._second = self._columns()

    @staticmethod
    def _columns() -> "tuple[array[int], array[int]]":
        raise NotImplementedError

    def __len__(self) -> int:
        return self.stored + len(self._first)

    @classmethod
    def count(cls, file_bytes: int) -> int:
        """Entries in a file of this size; -1 where no whole number of entries makes it."""
        count, rest = divmod(file_bytes, cls.ENTRY.size)
        return -1 if rest else count

    def snapshot(self) -> "Index":
        """A copy that another thread may read while this one grows."""
        twin = copy(self)
        twin.keep_to_itself()
        return twin

    def keep_to_itself(self) -> None:
        """Share no memory with the index that this one is a copy of."""
        self._first, self._second = self._first[:], self._second[:]

    def unstored(self) -> Unstored:
        """What the file lacks."""
        pack = self.ENTRY.pack
        data = b"".join(map(pack, self._first, self._second))
        return Unstored(data, self.stored * self.ENTRY.size, len(self))

    def stored_up_to(self, stored: int) -> None:
        """The file holds `stored` entries now: those need no memory any more."""
        count = max(stored - self.stored, 0)
        del self._first[:count], self._second[:count]
        self.stored += count

    def keep(self, count: int) -> None:
        """Forget all entries after the first `count`."""
        in_memory = max(count - self.stored, 0)
        del self._first[in_memory:], self._second[in_memory:]
        self.stored = min(self.stored, count)

    def entry(self, read: ReadAt, number: int) -> tuple[int, int]:
        """The raw entry of this number."""
        if number >= self.stored:
            return self._first[number - self.stored], self._second[number - self.stored]
        first, second = self.ENTRY.unpack(read(self.ENTRY.size, number * self.ENTRY.size))
        return first, second

    def _count_up_to(self, read: ReadAt, column: int, value: int) -> int:
        """How many entries have at most `value` in this column; both columns ascend."""
        memory = self._second if column else self._first
        if memory and value >= memory[0]:
            return self.stored + bisect_right(memory, value)
        return self._count_in_file(read, column, value)

    def _count_in_file(self, read: ReadAt, column: int, value: int) -> int:
        entry, low, high = self.ENTRY, 0, self.stored
        while (high - low) * entry.size > _BLOCK_BYTES:
            middle = (low + high) // 2
            if entry.unpack(read(entry.size, middle * entry.size))[column] <= value:
                low = middle + 1
            else:
                high = middle
        if low == high:
            return low
        block = read((high - low) * entry.size, low * entry.size)
        return low + bisect_right([each[column] for each in entry.iter_unpack(block)], value)


class OffsetIndex(Index):
    """Entries of 8 bytes: the last offset of a batch relative to the segment's base, and the batch's position."""

    __slots__ = ()
    EXTENSION = INDEX
    ENTRY: ClassVar = struct.Struct(">II")

    @staticmethod
    def _columns() -> "tuple[array[int], array[int]]":
        return array("I"), array("I")

    def add(self, last_offset: int, position: int) -> None:
        self._first.append(last_offset - self.base_offset)
        self._second.append(position)

    def floor(self, read: ReadAt, offset: int) -> tuple[int, int]:
        """The last entry that is not after `offset`, as (offset, position); the segment's start where there is none."""
        if offset <= self.base_offset:
            return self.base_offset, 0
        return self.absolute(
            read, self._count_up_to(read, 0, min(offset - self.base_offset, 0xFFFF_FFFF)) - 1
        )

    def floor_position(self, read: ReadAt, position: int) -> int:
        """The greatest position in the index that is not after `position`: a batch begins there."""
        return self.absolute(read, self._count_up_to(read, 1, position) - 1)[1]

    def absolute(self, read: ReadAt, number: int) -> tuple[int, int]:
        if number < 0:
            return self.base_offset, 0
        relative, position = self.entry(read, number)
        return self.base_offset + relative, position

    def count_before(self, read: ReadAt, offset: int) -> int:
        """How many entries point at batches that end before `offset`."""
        return self._count_up_to(read, 0, offset - self.base_offset - 1) if offset > self.base_offset else 0


class TimeIndex(Index):
    """Entries of 12 bytes: the greatest timestamp so far, and the relative last offset of the batch that has it."""

    __slots__ = ("_last",)
    EXTENSION = TIME_INDEX
    ENTRY: ClassVar = struct.Struct(">qI")

    def __init__(self, base_offset: int, stored: int) -> None:
        super().__init__(base_offset, stored)
        self._last: tuple[int, int] | None = None

    @staticmethod
    def _columns() -> "tuple[array[int], array[int]]":
        return array("q"), array("I")

    def add(self, read: ReadAt, timestamp: int, offset: int) -> None:
        """Note that nothing up to `offset` is later than `timestamp`; no news when the last entry says so already."""
        if timestamp > self.last(read)[0] and offset >= self.base_offset:
            self._first.append(timestamp)
            self._second.append(offset - self.base_offset)
            self._last = timestamp, offset

    def last(self, read: ReadAt) -> tuple[int, int]:
        """The newest entry, as (timestamp, offset); (-1, base offset) where there is none."""
        if self._last is None:
            self._last = self._absolute(read, len(self) - 1)
        return self._last

    def keep(self, count: int) -> None:
        self._last = None
        super().keep(count)

    def floor(self, read: ReadAt, timestamp: int) -> tuple[int, int]:
        """The last entry that is not later than `timestamp`, as (timestamp, offset)."""
        return self._absolute(read, self._count_up_to(read, 0, timestamp) - 1)

    def _absolute(self, read: ReadAt, number: int) -> tuple[int, int]:
        if number < 0:
            return -1, self.base_offset
        timestamp, relative = self.entry(read, number)
        return timestamp, self.base_offset + relative

    def count_before(self, read: ReadAt, offset: int) -> int:
        """How many entries are about batches that end before `offset`."""
        return self._count_up_to(read, 1, offset - self.base_offset - 1) if offset > self.base_offset else 0


def ascends(values: Sequence[int]) -> bool:
    """Whether each value is greater than the one before."""
    return all(map(lt, values, values[1:]))
