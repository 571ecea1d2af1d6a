"""Where a log's reads start and end, and the memory of where they ended."""

from ottla.core.limits import READ_POSITIONS_REMEMBERED
from ottla.log.presence import Presence
from ottla.log.reading import Ask, CachedView, Hint, Load, Read, take
from ottla.log.scan import ColdRead
from ottla.log.segment import Segment
from ottla.log.segments import Segments


class Reader:
    """Reads of one log. A remembered position is a hint: `take` looks whether the right batch is there."""

    __slots__ = ("_hints", "_loaded", "_presence", "_segments")

    def __init__(self, segments: Segments, presence: Presence) -> None:
        self._segments = segments
        self._presence = presence
        self._hints: dict[int, tuple[Segment, int]] = {}
        self._loaded: list[Hint] = []
        """Filled by threads that ended a cold read, emptied on the loop's."""

    def read(
        self, offset: int, max_bytes: int, end_offset: int, log_end_offset: int, at_least_one: bool
    ) -> Read:
        """See `Log.read`; `offset` is in the log."""
        segments = self._segments
        number = segments.number_of(offset)
        while offset < end_offset and number < len(segments):
            ask = self._ask(number, Ask(offset, max_bytes, end_offset, at_least_one, -1, -1), log_end_offset)
            segment = segments[number]
            try:
                taken = take(ask, CachedView(segment))
            except ColdRead:
                return Read(b"", offset, Load(ask, segment, self._presence, self._loaded))
            if taken.records:
                self.remember(taken.next_offset, segment, taken.position)
                return Read(taken.records, taken.next_offset)
            if not taken.exhausted:
                break
            number += 1  # a compacted segment that ends before the offset
        return Read(b"", offset)

    def _ask(self, number: int, ask: Ask, log_end_offset: int) -> Ask:
        """With the positions that are known without looking."""
        segment = self._segments[number]
        segment_end_offset = self._segments.end_offset(number, log_end_offset)
        start = self._position(ask.offset, segment)
        if segment_end_offset <= ask.end_offset:
            return ask._replace(end_offset=segment_end_offset, start=start, end=segment.size)
        return ask._replace(start=start, end=self._position(ask.end_offset, segment))

    def _position(self, offset: int, segment: Segment) -> int:
        """Where the batch that begins with `offset` lies in the segment, -1 when that is not remembered."""
        while self._loaded:
            self.remember(*self._loaded.pop(0))
        hint = self._hints.get(offset)
        return hint[1] if hint is not None and hint[0] is segment else -1

    def remember(self, offset: int, segment: Segment, position: int) -> None:
        """Note where the batch that begins, or will begin, with `offset` lies."""
        hints = self._hints
        if offset not in hints and len(hints) >= READ_POSITIONS_REMEMBERED:
            del hints[next(iter(hints))]
        hints[offset] = segment, position

    def forget(self) -> None:
        """After a truncation positions mean nothing."""
        self._hints.clear()
        self._loaded = []
