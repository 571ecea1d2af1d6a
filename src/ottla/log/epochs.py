"""Leader-epoch history: which leader wrote which offsets (KIP-101, KIP-320).

A list of (epoch, start offset), both strictly ascending. An epoch ends where the next one starts.
"""

from bisect import bisect_right
from collections.abc import Iterable

UNDEFINED_EPOCH = -1
UNDEFINED_OFFSET = -1


class EpochHistory:
    """The epochs of one log. `changed` tells that the file on disk is behind."""

    __slots__ = ("_entries", "changed")

    def __init__(self, entries: Iterable[tuple[int, int]] = ()) -> None:
        self._entries: list[tuple[int, int]] = []
        for epoch, start_offset in entries:
            self.assign(epoch, start_offset)
        self.changed = False

    @property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """Each epoch with the first offset written under it, the oldest first."""
        return tuple(self._entries)

    @property
    def latest(self) -> int:
        """The newest epoch, -1 while there is none."""
        return self._entries[-1][0] if self._entries else UNDEFINED_EPOCH

    def assign(self, epoch: int, start_offset: int) -> None:
        """Let `epoch` begin at `start_offset`; what was noted for later epochs or offsets goes."""
        if epoch < 0 or (self._entries and epoch == self._entries[-1][0]):
            return
        kept = [each for each in self._entries if each[0] < epoch and each[1] < start_offset]
        self._entries = [*kept, (epoch, start_offset)]
        self.changed = True

    def at(self, offset: int) -> int:
        """The epoch under which `offset` was written, -1 when that is not known."""
        index = bisect_right(self._entries, offset, key=_start_offset) - 1
        return self._entries[index][0] if index >= 0 else UNDEFINED_EPOCH

    def end_offset(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """The greatest epoch ≤ `epoch` and where it ends; (-1, -1) for -1 and for an epoch that is newer than all.

        An epoch older than all is answered with itself and the start of the first known one, as Apache Kafka does.
        """
        if epoch == UNDEFINED_EPOCH or epoch > self.latest or not self._entries:
            return UNDEFINED_EPOCH, UNDEFINED_OFFSET
        if epoch == self.latest:
            return epoch, log_end_offset
        higher = bisect_right(self._entries, epoch, key=_epoch)
        floor = self._entries[higher - 1][0] if higher else epoch
        return floor, self._entries[higher][1]

    def truncate_from_end(self, end_offset: int) -> None:
        """Forget the epochs that begin at or after `end_offset`."""
        if self._entries and self._entries[-1][1] >= end_offset:
            self._entries = [each for each in self._entries if each[1] < end_offset]
            self.changed = True

    def truncate_from_start(self, start_offset: int) -> None:
        """Forget what lies wholly before `start_offset`; the epoch that holds it now begins there."""
        index = bisect_right(self._entries, start_offset, key=_start_offset) - 1
        if index > 0 or (index == 0 and self._entries[0][1] < start_offset):
            self._entries[: index + 1] = [(self._entries[index][0], start_offset)]
            self.changed = True

    def clear(self) -> None:
        if self._entries:
            self._entries = []
            self.changed = True


def _epoch(entry: tuple[int, int]) -> int:
    return entry[0]


def _start_offset(entry: tuple[int, int]) -> int:
    return entry[1]
