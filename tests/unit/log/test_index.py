"""The two indexes: bytes, lookups in memory and in the file, and what can be believed after a crash."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.log.index import OffsetIndex, TimeIndex
from ottla.log.index_files import trusted_entries, trusted_time_entries
from ottla.log.scan import ReadAt

BASE = 1000


def file(data: bytes) -> ReadAt:
    return lambda size, position: data[position : position + size]


def nothing(size: int, position: int) -> bytes:
    raise AssertionError("the file need not be read")


def offset_index(entries: list[tuple[int, int]], stored: int) -> tuple[OffsetIndex, ReadAt]:
    """An index whose first `stored` entries are in the file."""
    index = OffsetIndex(BASE, 0)
    for offset, position in entries:
        index.add(offset, position)
    data = index.unstored().data
    index.stored_up_to(stored)
    return index, file(data[: stored * 8])


def test_the_bytes_of_an_entry() -> None:
    index, _ = offset_index([(BASE + 7, 4096)], 0)
    assert index.unstored().data == struct.pack(">II", 7, 4096)
    times = TimeIndex(BASE, 0)
    times.add(nothing, 1_700_000_000_000, BASE + 7)
    assert times.unstored().data == struct.pack(">qI", 1_700_000_000_000, 7)


@given(st.sets(st.integers(1, 5000), max_size=1500), st.floats(0, 1), st.integers(0, 5100))
def test_lookups_agree_with_a_plain_search(relative: set[int], part: float, wanted: int) -> None:
    entries = [(BASE + offset, offset * 10) for offset in sorted(relative)]
    index, read = offset_index(entries, int(part * len(entries)))
    before = [entry for entry in entries if entry[0] <= BASE + wanted]
    assert index.floor(read, BASE + wanted) == (before[-1] if before else (BASE, 0))
    assert index.floor_position(read, wanted * 10) == (before[-1][1] if before else 0)
    assert index.count_before(read, BASE + wanted) == sum(entry[0] < BASE + wanted for entry in entries)


@given(st.sets(st.integers(1, 5000), max_size=800), st.floats(0, 1), st.integers(0, 5100))
def test_time_lookups_agree_with_a_plain_search(timestamps: set[int], part: float, wanted: int) -> None:
    entries = [(timestamp, BASE + number) for number, timestamp in enumerate(sorted(timestamps))]
    index = TimeIndex(BASE, 0)
    for timestamp, offset in entries:
        index.add(nothing, timestamp, offset)
    data = index.unstored().data
    stored = int(part * len(entries))
    index.stored_up_to(stored)
    read = file(data[: stored * 12])
    before = [entry for entry in entries if entry[0] <= wanted]
    assert index.floor(read, wanted) == (before[-1] if before else (-1, BASE))
    assert index.last(read) == (entries[-1] if entries else (-1, BASE))


def test_a_time_that_is_no_news_is_no_entry() -> None:
    index = TimeIndex(BASE, 0)
    for timestamp in (5, 5, 4, 6, -1):
        index.add(nothing, timestamp, BASE + timestamp)
    assert len(index) == 2


def test_a_snapshot_does_not_grow() -> None:
    index, read = offset_index([(BASE + 5, 50)], 0)
    snapshot = index.snapshot()
    index.add(BASE + 9, 90)
    index.stored_up_to(2)
    assert isinstance(snapshot, OffsetIndex)
    assert len(snapshot) == 1
    assert snapshot.floor(read, BASE + 9) == (BASE + 5, 50)


def test_what_is_kept_after_a_truncation() -> None:
    index, read = offset_index([(BASE + n, n * 10) for n in range(1, 9)], 4)
    index.keep(6)
    assert (len(index), index.stored) == (6, 4)
    index.keep(2)
    assert (len(index), index.stored) == (2, 2)
    assert index.floor(read, BASE + 99) == (BASE + 2, 20)


def entries(*pairs: tuple[int, int]) -> bytes:
    return b"".join(struct.pack(">II", *pair) for pair in pairs)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (entries((1, 10), (2, 20), (3, 30)), 3),
        (entries((1, 10), (2, 20), (9, 30)), 2),
        (entries((1, 10), (2, 20), (3, 99)), 2),
        (entries((1, 10), (2, 20), (2, 30)), 2),
        (entries((1, 10), (2, 20), (3, 15)), 2),
        (entries((1, 10), (2, 20)) + bytes(800), 2),
        (entries((1, 10)) + b"abc", 1),
        (bytes(800), 0),
        (b"", 0),
    ],
    ids=[
        "all",
        "after",
        "past the end",
        "offsets",
        "positions",
        "zeros behind",
        "half an entry",
        "zeros",
        "empty",
    ],
)
def test_how_far_an_index_is_believed_after_a_crash(data: bytes, count: int) -> None:
    assert trusted_entries(data, 5, 50) == count


def test_how_far_a_time_index_is_believed_after_a_crash() -> None:
    data = b"".join(struct.pack(">qI", *pair) for pair in ((100, 1), (200, 2), (300, 7)))
    assert trusted_time_entries(data, 5) == 2
    assert trusted_time_entries(data + bytes(120), 10) == 3
    assert trusted_time_entries(bytes(120), 10) == 0
