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
