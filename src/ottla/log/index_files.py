"""How far index files can be believed.

After a clean stop they are whole. After a crash they may be old, longer than the log, end in zeros (a preallocated
file of Apache Kafka's) or be gone; what they say about offsets below the recovery point was synced and holds.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ottla.core.errors import KafkaError
from ottla.log.directory import Directory
from ottla.log.index import OffsetIndex, TimeIndex, ascends
from ottla.log.scan import BatchAt, ReadAt, find_batch, header_at
from ottla.records.batch import HEADER_BYTES


def stored_counts(directory: Directory, index_name: str, time_index_name: str) -> tuple[int, int] | None:
    """Entries in the two files, None when one is missing or is not a whole number of entries."""
    try:
        counts = (
            OffsetIndex.count(directory.size(index_name)),
            TimeIndex.count(directory.size(time_index_name)),
        )
    except FileNotFoundError:
        return None
    return None if -1 in counts else counts


def last_offset_at(read: ReadAt, position: int, end: int) -> int:
    """The last offset of the batch that begins at `position`, -1 when none does."""
    if position + HEADER_BYTES > end:
        return -1
    try:
        return header_at(read(HEADER_BYTES, position), 0, position).last_offset
    except (KafkaError, struct.error):
        return -1


class IndexMismatch(Exception):  # noqa: N818 - not the caller's error: the index has to be built again
    """An index entry points at no batch, or at another one than it says."""


def find_indexed(
    index: OffsetIndex, offset: int, end: int, read: ReadAt, read_index: ReadAt
) -> BatchAt | None:
    """The batch that holds `offset`, or the first one after it; None when the file ends before.

    Raises IndexMismatch.
    """
    entry_offset, position = index.floor(read_index, offset)
    if position > 0 and last_offset_at(read, position, end) != entry_offset:
        raise IndexMismatch
    return find_batch(read, position, end, offset)


def trusted_entries(data: bytes, end_relative_offset: int, log_bytes: int) -> int:
    """How many of an offset index's first entries are about offsets before `end_relative_offset` and can be right."""
    offsets, positions = _columns(OffsetIndex.ENTRY, data)
    count = min(_ascending(offsets), _ascending(positions))
    if count and positions[0] == 0:  # no entry ever points at the segment's start: zeros
        return 0
    return min(
        bisect_left(offsets, end_relative_offset, 0, count), bisect_left(positions, log_bytes, 0, count)
    )


def trusted_time_entries(data: bytes, end_relative_offset: int) -> int:
    """The same of a time index."""
    timestamps, offsets = _columns(TimeIndex.ENTRY, data)
    count = min(_ascending(timestamps), _ascending(offsets))
    if count and timestamps[0] == offsets[0] == 0:  # zeros behind nothing
        return 0
    return bisect_left(offsets, end_relative_offset, 0, count)


def _columns(entry: struct.Struct, data: bytes) -> tuple[Sequence[int], Sequence[int]]:
    rows: Iterable[tuple[int, int]] = entry.iter_unpack(data[: len(data) // entry.size * entry.size])
    first, second = tuple(zip(*rows, strict=True)) or ((), ())
    return first, second


def _ascending(values: Sequence[int]) -> int:
    """How many values at the start ascend strictly."""
    if ascends(values):
        return len(values)
    return next(index for index, (before, after) in enumerate(pairwise(values), 1) if after <= before)
