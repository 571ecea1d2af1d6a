"""Leases of a store that lives in this process, timed by the event loop."""

import asyncio
from collections.abc import Callable

from ottla.cluster.store import LeaseNotFoundError


class Leases:
    """Which leases live, and a timer for each. Used on the loop's thread only."""

    def __init__(self, expired: Callable[[int], None]) -> None:
        """`expired` is called, on the loop, once for each lease whose time is over."""
        self._expired = expired
        self._timers: dict[int, tuple[float, asyncio.TimerHandle]] = {}
        self._next = 1

    def grant(self, seconds: float) -> int:
        lease = self._next
        self._next += 1
        self._arm(lease, seconds)
        return lease

    def check(self, lease: int) -> None:
        """Raises LeaseNotFoundError unless the lease lives (0, «no lease», always does)."""
        if lease and lease not in self._timers:
            raise LeaseNotFoundError(lease)

    def keep_alive(self, lease: int) -> None:
        seconds = self.end(lease)
        self._arm(lease, seconds)

    def end(self, lease: int) -> float:
        """Forget the lease; returns how long it was to live."""
        if lease not in self._timers:
            raise LeaseNotFoundError(lease)
        seconds, timer = self._timers.pop(lease)
        timer.cancel()
        return seconds

    def close(self) -> None:
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _arm(self, lease: int, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._time_is_over, lease)
        self._timers[lease] = (seconds, timer)

    def _time_is_over(self, lease: int) -> None:
        del self._timers[lease]
        self._expired(lease)
