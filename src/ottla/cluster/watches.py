"""Watchers of a store that lives in this process: each gets every committed transaction, in order."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ottla.cluster.store import Change, Committed

Feed = asyncio.Queue[Committed | None]


class Watches:
    """Hands each committed transaction to every open feed. Used on the loop's thread only."""

    def __init__(self) -> None:
        self._feeds: set[Feed] = set()
        self.closed = False

    @contextmanager
    def feed(self) -> Iterator[Feed]:
        """A queue of all transactions committed from now on; None at its end."""
        queue: Feed = asyncio.Queue()
        if self.closed:
            queue.put_nowait(None)
        self._feeds.add(queue)
        try:
            yield queue
        finally:
            self._feeds.discard(queue)

    def publish(self, committed: Committed) -> None:
        for queue in self._feeds:
            queue.put_nowait(committed)

    def close(self) -> None:
        self.closed = True
        for queue in self._feeds:
            queue.put_nowait(None)


def only_under(prefix: bytes, committed: Committed) -> tuple[Change, ...]:
    """The changes of the transaction that a watcher of the prefix sees."""
    return tuple(change for change in committed.changes if change.key.startswith(prefix))
