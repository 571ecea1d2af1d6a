"""`queued.max.request.bytes`: how much all connections of a server may hold in requests that are not answered
yet."""

from collections.abc import Callable


class RequestMemory:
    """A pool that is never refused mid-frame: what is begun may be finished, so it can go over by what is
    under way.

    A connection asks `full` before it reads a new frame and leaves its `resume` with `wait` when it must not.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.held_bytes = 0
        self._waiting: list[Callable[[], None]] = []

    @property
    def full(self) -> bool:
        return self.held_bytes >= self._limit_bytes

    def change(self, by_bytes: int) -> None:
        """Take (or give back, when negative) so many bytes; wakes those who wait once there is room."""
        self.held_bytes += by_bytes
        assert self.held_bytes >= 0
        if by_bytes < 0 and self._waiting and not self.full:
            waiting, self._waiting = self._waiting, []
            for resume in waiting:
                resume()

    def wait(self, resume: Callable[[], None]) -> None:
        """Call `resume` once, when there is room."""
        self._waiting.append(resume)


class MemoryShare:
    """What one connection holds of the pool, and whether it may read on.

    An unfinished frame counts with its whole size from when it may be read to its end. Until then what has
    come of it, one read at most, is not counted: those who wait must not be what they wait for.
    """

    __slots__ = ("_charged_bytes", "_granted", "_memory", "_resume", "waits")

    def __init__(self, memory: RequestMemory, resume: Callable[[], None]) -> None:
        self._memory = memory
        self._resume = resume
        self._charged_bytes = 0
        self._granted = False  # whether the unfinished frame is charged and may be read to its end
        self.waits = False
        """No new frame may be read; `resume` is called when that may have changed."""

    def update(self, whole_bytes: int, unfinished_bytes: int, *, new_frame: bool) -> None:
        """Hold so many bytes of whole frames and this unfinished one. `new_frame`: it is not that of the last
        call."""
        granted = self._granted and not new_frame
        self._charge(whole_bytes + (unfinished_bytes if granted else 0))
        if unfinished_bytes and not granted and not self._memory.full:
            granted = True
            self._charge(whole_bytes + unfinished_bytes)
        self._granted = granted and unfinished_bytes > 0
        if self._memory.full and not self._granted and not self.waits:
            self.waits = True
            self._memory.wait(self._room_is_there)

    def release(self) -> None:
        """The connection is gone."""
        self._granted = False
        self._charge(0)

    def _charge(self, holds_bytes: int) -> None:
        change, self._charged_bytes = holds_bytes - self._charged_bytes, holds_bytes
        self._memory.change(change)

    def _room_is_there(self) -> None:
        self.waits = False
        self._resume()
