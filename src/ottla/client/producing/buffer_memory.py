"""How many bytes may wait for delivery, and who waits for some of them."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ottla.core.errors import ErrorCode, KafkaError, RetriableError


class BufferFull(RetriableError):  # noqa: N818 - a state that passes, as asyncio.QueueFull
    """As many bytes wait for delivery as `buffer_memory` allows: `await producer.ready()`, then send again."""


class BufferMemory:
    """A count of reserved bytes with a limit. One reservation is always possible, whatever its size."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._waiters: list[asyncio.Future[None]] = []
        self._closed: KafkaError | None = None
        self.reserved_bytes = 0

    @property
    def is_short(self) -> bool:
        """Whether somebody waits: then nothing should linger."""
        return bool(self._waiters)

    def has_room(self, size_bytes: int) -> bool:
        """Whether so many can be reserved."""
        return not self.reserved_bytes or self.reserved_bytes + size_bytes <= self._limit_bytes

    def reserve(self, size_bytes: int) -> None:
        """Raises BufferFull."""
        if not self.has_room(size_bytes):
            raise BufferFull(
                ErrorCode.REQUEST_TIMED_OUT,
                f"{self.reserved_bytes} bytes wait for delivery; buffer_memory is {self._limit_bytes}",
                advice="`await producer.ready()` waits for room",
            )
        self.reserved_bytes += size_bytes

    def settle(self, size_bytes: int) -> None:
        """Give some back; whoever waits for room looks again."""
        self.reserved_bytes -= size_bytes
        assert self.reserved_bytes >= 0
        if size_bytes > 0:
            self._wake()

    @contextmanager
    def overdrawn(self) -> Iterator[None]:
        """Within, the limit does not count: what is reserved has been so before, under another name."""
        limit_bytes, self._limit_bytes = self._limit_bytes, sys.maxsize
        try:
            yield
        finally:
            self._limit_bytes = limit_bytes

    async def room(self, size_bytes: int) -> None:
        """Wait until so many can be reserved. Raises what it was closed with."""
        while self._closed is None and not self.has_room(size_bytes):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self._closed is not None:
            raise self._closed

    def close(self, error: KafkaError) -> None:
        """End every wait with this error."""
        self._closed = error
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
