"""Parked requests: a produce waits for an offset to be committed, a fetch for enough bytes to read.

Kafka's purgatories and callbacks are an `await` here. What a wait ends with is a value, never an exception: a
timeout is an ordinary answer.
"""

import asyncio
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Protocol

from ottla.core.errors import ErrorCode


class Commits:
    """Who waits for which end offset of one partition, the lowest first; a batch that comes again waits for less."""

    __slots__ = ("_order", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[ErrorCode]]] = []  # a heap
        self._order = 0  # breaks ties: futures have no order

    def wait_for(self, end_offset: int) -> "asyncio.Future[ErrorCode]":
        """Settled with NONE once everything before `end_offset` is committed, or with the error that ended it."""
        future: asyncio.Future[ErrorCode] = asyncio.get_running_loop().create_future()
        self._order += 1
        heappush(self._waiting, (end_offset, self._order, future))
        return future

    def advance(self, high_watermark: int) -> None:
        """Everything before `high_watermark` is committed: answer those who waited for it."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= high_watermark:
            settle(heappop(waiting)[2], ErrorCode.NONE)

    def fail(self, error: ErrorCode) -> None:
        """The partition is gone or broken: nobody waits any longer."""
        while self._waiting:
            settle(self._waiting.pop()[2], error)


def settle(future: "asyncio.Future[ErrorCode]", outcome: ErrorCode) -> None:
    """Give `future` its outcome, unless it has one (a deadline may have come first)."""
    if not future.done():
        future.set_result(outcome)


async def within(future: "asyncio.Future[ErrorCode]", seconds: float) -> ErrorCode:
    """The future's outcome, or REQUEST_TIMED_OUT when `seconds` have passed first."""
    timer = asyncio.get_running_loop().call_later(seconds, settle, future, ErrorCode.REQUEST_TIMED_OUT)
    try:
        return await future
    finally:
        timer.cancel()


class Watched(Protocol):
    """What a parked fetch can be told about by: a partition."""

    def watch(self, poll: "LongPoll") -> None: ...

    def unwatch(self, poll: "LongPoll") -> None: ...


class LongPoll:
    """One parked fetch: ends when `wanted_bytes` more have become readable, when woken, or at its deadline."""

    __slots__ = ("_ended", "_wanted_bytes", "read_committed")

    def __init__(self, wanted_bytes: int, *, read_committed: bool = False) -> None:
        self.read_committed = read_committed
        """Whether only what lies before the last stable offset counts."""
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted_bytes = wanted_bytes

    def readable(self, count: int) -> None:
        """`count` more bytes can be read in a watched partition."""
        self._wanted_bytes -= count
        if self._wanted_bytes <= 0:
            self.wake()

    def wake(self) -> None:
        """Something other than bytes changed: look again at once."""
        if not self._ended.done():
            self._ended.set_result(None)

    async def wait(self, partitions: Sequence[Watched], seconds: float) -> None:
        """Park until there is a reason to look again."""
        for partition in partitions:
            partition.watch(self)
        timer = asyncio.get_running_loop().call_later(seconds, self.wake)
        try:
            await self._ended
        finally:
            timer.cancel()
            for partition in partitions:
                partition.unwatch(self)
