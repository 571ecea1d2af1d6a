"""The row of segments of one log, by base offset; the last one is active."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import overload

from ottla.log.config import LogConfig
from ottla.log.directory import Directory
from ottla.log.names import DELETED, LOG, SWAP
from ottla.log.retention import SegmentFacts, expired
from ottla.log.segment import Segment


class Segments:
    """Never empty. Invariant: base offsets ascend, and a segment's batches lie before the next one's base offset."""

    __slots__ = ("_directory", "_row", "active")

    def __init__(self, directory: Directory, row: list[Segment]) -> None:
        assert row
        self._directory = directory
        self._row = row
        self.active = row[-1]

    def __len__(self) -> int:
        return len(self._row)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._row)

    @overload
    def __getitem__(self, number: int) -> Segment: ...
    @overload
    def __getitem__(self, number: slice) -> list[Segment]: ...
    def __getitem__(self, number: int | slice) -> Segment | list[Segment]:
        return self._row[number]

    @property
    def sealed(self) -> list[Segment]:
        """All but the active one, the oldest first."""
        return self._row[:-1]

    @property
    def size_bytes(self) -> int:
        return sum(segment.size for segment in self._row)

    def add(self, segment: Segment) -> None:
        """A new active segment."""
        assert segment.base_offset > self.active.base_offset
        self._row.append(segment)
        self.active = segment

    def number_of(self, offset: int) -> int:
        """Which segment holds `offset`; the first one for an offset before all."""
        if offset >= self.active.base_offset:
            return len(self._row) - 1
        return max(bisect_right(self._row, offset, key=_base_offset) - 1, 0)

    def end_offset(self, number: int, log_end_offset: int) -> int:
        """Where the segment of this number ends: where the next one begins."""
        return self._row[number + 1].base_offset if number + 1 < len(self._row) else log_end_offset

    def expired(
        self, config: LogConfig, now_ms: int, log_start_offset: int, high_watermark: int, log_end_offset: int
    ) -> int:
        """How many of the oldest segments retention lets go."""
        hidden = len(self._row) > 1 and self._row[1].base_offset <= log_start_offset
        limited = config.retention_bytes >= 0 or config.retention_ms >= 0
        if not hidden and not (limited and config.deletes_old_segments):
            return 0
        facts = [self._facts(number, log_end_offset) for number in range(len(self._row))]
        return expired(facts, config, now_ms, log_start_offset, high_watermark)

    def _facts(self, number: int, log_end_offset: int) -> SegmentFacts:
        segment = self._row[number]
        timestamp = segment.largest_timestamp()
        if timestamp < 0 and segment.size > 0:
            timestamp = self._directory.modified_ms(segment.name(LOG))
        return SegmentFacts(self.end_offset(number, log_end_offset), segment.size, timestamp)

    def drop(self, start: int, end: int) -> list[str]:
        """Take the segments `start`..`end` out of the row; their files, renamed, to be removed later.

        One at least stays. Raises OSError; then the row is as it was.
        """
        assert end - start < len(self._row) or start == end
        names = _rename_all(self._row[start:end], DELETED)
        del self._row[start:end]
        self.active = self._row[-1]
        return names

    def start_over(self, segment: Segment, now_ms: int) -> list[str]:
        """Go on with this new segment alone; the others' files, to be removed later. Raises OSError, as `drop`."""
        names = _rename_all(self._row, DELETED)
        try:
            segment.create(now_ms)
        except OSError:
            _rename_all(self._row, "")
            raise
        self._row[:] = [segment]
        self.active = segment
        return names

    def swap(self, replaced: Sequence[Segment], cleaned: Sequence[Segment]) -> list[str]:
        """Put synced `.cleaned` segments in the place of sealed ones; the old files, renamed, to be removed later.

        A crash at any moment leaves either the old ones or the new ones, as `loading` finds them. Raises OSError; then
        the row can still be read, and the files are to be left for a restart to tidy up.
        """
        assert replaced
        assert self.active not in replaced
        _rename_all(tuple(reversed(cleaned)), SWAP)
        self._directory.sync()
        doomed = _rename_all(replaced, DELETED)
        _rename_all(cleaned, "")
        start = self._row.index(replaced[0])
        self._row[start : start + len(replaced)] = cleaned
        self._directory.sync()
        return doomed


def _rename_all(segments: Sequence[Segment], suffix: str) -> list[str]:
    """Give the files of all segments another suffix, or of none where the disk refuses one; their new names."""
    names: list[str] = []
    for number, segment in enumerate(segments):
        before = segment.suffix
        try:
            names += segment.rename(suffix)
        except OSError:
            _rename_all(segments[:number], before)
            raise
    return names


def _base_offset(segment: Segment) -> int:
    return segment.base_offset
