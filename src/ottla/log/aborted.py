"""The index of aborted transactions of one segment (`.txnindex`, docs/formats/aborted-transaction-index.md).

A row says that a producer's batches between two offsets are to be skipped; it lies in the segment that has the marker.
Rows ascend in their last offset. All are in memory, as their bytes, once somebody asked; the file holds the first
`stored` of them, and a checkpoint writes the rest.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from ottla.log.index import Unstored

VERSION = 0


class AbortedTransaction(NamedTuple):
    """One row. `last_offset` is that of the marker."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int
    """When the marker was written. No row after this one is about batches before this offset."""


class AbortedIndexError(ValueError):
    """The bytes are no rows, or are damaged: they are made again from the batches."""


class AbortedIndex:
    """The rows of one segment."""

    __slots__ = ("_rows", "has_file", "stored")

    ENTRY: ClassVar = struct.Struct(">hqqqq")

    def __init__(self, rows: bytes | None = None) -> None:
        """`rows`: what the file holds; None where there is none."""
        self.has_file = rows is not None
        """Whether there is, or soon will be, a file to end where the rows end."""
        self._rows = bytearray(rows or b"")
        self.stored = len(self)

    def __len__(self) -> int:
        return len(self._rows) // self.ENTRY.size

    def __iter__(self) -> Iterator[AbortedTransaction]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> AbortedTransaction:
        return AbortedTransaction(*self.ENTRY.unpack_from(self._rows, number * self.ENTRY.size)[1:])

    def add(self, row: AbortedTransaction) -> None:
        """One more; nothing happens when it is there already."""
        if not len(self) or self[len(self) - 1].last_offset < row.last_offset:
            self._rows += self.ENTRY.pack(VERSION, *row)
            self.has_file = True

    def since(self, offset: int) -> Iterator[AbortedTransaction]:
        """Those whose marker is at or after `offset`."""
        return (self[number] for number in range(self.count_before(offset), len(self)))

    def count_before(self, offset: int) -> int:
        """How many have their marker before `offset`."""
        return bisect_left(range(len(self)), offset, key=lambda number: self[number].last_offset)

    def unstored(self) -> Unstored:
        """What the file lacks."""
        position = self.stored * self.ENTRY.size
        return Unstored(bytes(self._rows[position:]), position, len(self))

    def stored_up_to(self, stored: int) -> None:
        """The file holds `stored` rows now."""
        self.stored = max(self.stored, stored)

    def keep(self, count: int) -> None:
        """Forget all after the first `count`."""
        del self._rows[count * self.ENTRY.size :]
        self.stored = min(self.stored, count)


def trusted_rows(data: bytes, end_offset: int) -> bytes:
    """The first rows of a file, as far as they are whole, make sense, and have their markers before `end_offset`."""
    entry, last_offset, size = AbortedIndex.ENTRY, -1, 0
    for version, producer_id, first, last, _ in entry.iter_unpack(
        data[: len(data) // entry.size * entry.size]
    ):
        if (
            version != VERSION
            or producer_id < 0
            or not (0 <= first < last and last_offset < last < end_offset)
        ):
            break
        last_offset, size = last, size + entry.size
    return data[:size]


def whole_rows(data: bytes) -> bytes:
    """All of a file's rows. Raises AbortedIndexError."""
    rows = trusted_rows(data, 1 << 63)
    if len(rows) != len(data):
        raise AbortedIndexError(f"row {len(rows) // AbortedIndex.ENTRY.size} makes no sense")
    return rows
