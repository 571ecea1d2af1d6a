"""Deadlines by name: how a pure machine asks to be woken without owning a timer."""

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Deadlines(Generic[KeyT]):
    """At most one deadline for each key. Moving one further away or cancelling it is O(1) and leaves the heap alone.

    Invariant: every armed key has a heap entry at `_queued_ms`, which is never later than its deadline.
    """

    __slots__ = ("_at_ms", "_heap", "_order", "_queued_ms")

    def __init__(self) -> None:
        self._at_ms: dict[KeyT, int] = {}
        self._queued_ms: dict[KeyT, int] = {}
        self._heap: list[tuple[int, int, KeyT]] = []
        self._order = 0  # breaks ties, so that keys need no order of their own

    def arm(self, key: KeyT, at_ms: int) -> None:
        """Set or move the deadline of `key`."""
        self._at_ms[key] = at_ms
        queued_ms = self._queued_ms.get(key)
        if queued_ms is None or at_ms < queued_ms:
            self._push(key, at_ms)

    def cancel(self, key: KeyT) -> None:
        """Forget `key`; it need not be armed."""
        self._at_ms.pop(key, None)

    def at_ms(self, key: KeyT) -> int | None:
        """When `key` is due; None when it is not armed."""
        return self._at_ms.get(key)

    def earliest_ms(self) -> int | None:
        """When to call next; None when nothing is armed."""
        self._settle()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: int) -> KeyT | None:
        """The key whose deadline passed first, disarmed; None when nothing is due."""
        self._settle()
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._at_ms[key], self._queued_ms[key]
        return key

    def _settle(self) -> None:
        """Make the top of the heap true: drop what was cancelled, re-enter what was moved away."""
        while self._heap:
            queued_ms, _, key = self._heap[0]
            at_ms = self._at_ms.get(key)
            current = self._queued_ms.get(key) == queued_ms
            if current and at_ms == queued_ms:
                return
            heapq.heappop(self._heap)
            if current:
                del self._queued_ms[key]
                if at_ms is not None:
                    self._push(key, at_ms)

    def _push(self, key: KeyT, at_ms: int) -> None:
        self._order += 1
        self._queued_ms[key] = at_ms
        heapq.heappush(self._heap, (at_ms, self._order, key))
