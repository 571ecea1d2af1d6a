"""The transactions of a partition that hold back its read_committed readers.

A transaction does so from its first batch on until its marker is written and the high watermark has passed that. The
last stable offset is the first offset of the earliest such transaction, the high watermark when there is none.

Invariant: a transaction begins at or after the high watermark and leaves when the high watermark passes its end, so
the last stable offset moves with the high watermark only, and never goes back.
"""

from collections import deque
from collections.abc import Iterable

NEVER = (1 << 63) - 1


class UnstableTransactions:
    """Each by its first offset, which is unique in a partition."""

    __slots__ = ("_ended", "_open", "count")

    def __init__(self, open_first_offsets: Iterable[int] = ()) -> None:
        self._open = dict.fromkeys(sorted(open_first_offsets))  # in order, as transactions begin in order
        self._ended: deque[tuple[int, int]] = deque()  # (last, first offset), as markers follow each other
        self.count = len(self._open)
        """How many there are, with such as ended and were not forgotten yet; every append looks at it."""

    @property
    def first_open_offset(self) -> int:
        """Where the earliest transaction without a marker begins; NEVER when there is none."""
        return next(iter(self._open), NEVER)

    def begin(self, first_offset: int) -> None:
        self._open[first_offset] = None
        self.count += 1

    def end(self, first_offset: int, last_offset: int) -> None:
        """The marker of the transaction that began at `first_offset` is at `last_offset`."""
        del self._open[first_offset]
        self._ended.append((last_offset, first_offset))

    def ended_before(self, offset: int) -> list[tuple[int, int]]:
        """(Last offset, first offset) of those whose markers lie before `offset`."""
        return [each for each in self._ended if each[0] < offset]

    def remember_ended(self, ended: Iterable[tuple[int, int]]) -> None:
        """Take over what a truncation left of the ended ones: a snapshot does not tell of them."""
        self._ended = deque(sorted({*self._ended, *ended}))
        self.count = len(self._open) + len(self._ended)

    def forget_before(self, high_watermark: int) -> None:
        """Those that ended before the high watermark hold nobody back any more."""
        while self._ended and self._ended[0][0] < high_watermark:
            self._ended.popleft()
            self.count -= 1

    def first_offset(self, high_watermark: int) -> int:
        """Where the earliest one begins; NEVER when there is none."""
        self.forget_before(high_watermark)
        first_ended = min((first for _, first in self._ended), default=NEVER)
        return min(self.first_open_offset, first_ended)
