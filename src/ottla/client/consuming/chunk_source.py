"""The next chunk that may go out to the application, waited for; and what went wrong meanwhile."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.chunks import Chunk
from ottla.client.consuming.decoding import Decoding
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.positions import Positions
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError

Result = TypeVar("Result")
_BREATH_SECONDS = 0.005
"""How long records may be handed out without a pause in which heartbeats and fetches have their turn."""


class ChunkSource:
    """One reader at a time. What is taken and then not used, because the wait was cancelled, is put back."""

    def __init__(self, positions: Positions, fetcher: Fetcher, decoding: Decoding, clock: Clock) -> None:
        self.queue = fetcher.queue
        self.came: Callable[[], None] = lambda: None
        """Called when the application comes for something that is not there, and waits for it."""
        self.is_awaited = False
        """Whether the application is here, waiting."""
        self._positions = positions
        self._fetcher = fetcher
        self._decoding = decoding
        self._clock = clock
        self._breathed_at = clock.monotonic()
        self._failures: list[BaseException] = []
        self._fatal: BaseException | None = None
        self._arrived = asyncio.Event()
        self.is_closed = False
        self.refused: Callable[[], str] = str
        """Why there is nothing to wait for, in the application's eyes; empty while there is."""

    def fail(self, error: BaseException, *, for_good: bool = False) -> None:
        """The application's next read raises it; every one, if it is for good."""
        if for_good:
            self._fatal = self._fatal or error
        else:
            self._failures.append(error)
        self._arrived.set()

    def arrived(self) -> None:
        """There may be something to hand out."""
        self._arrived.set()

    def close(self) -> None:
        """Whoever waits is told."""
        self.is_closed = True
        self._arrived.set()

    async def next(self, only: Collection[TopicPartition]) -> Chunk:
        """The next that may go out, checked. Raises KafkaError, and what somebody else failed with."""
        while True:
            await self.breathe()
            self.raise_if_failed()
            chunk = self.queue.take(only)
            if chunk is None:
                await self.wait()
                continue
            await self.or_back(chunk, chunk.prepare(check_crcs=self._decoding.check_crcs))
            if self.may_go_out(chunk):
                return chunk

    async def or_back(self, chunk: Chunk, work: Coroutine[Any, Any, Result]) -> Result:
        """`work` with a chunk, which is kept if that is cancelled, and fetched again if it is damaged."""
        try:
            return await work
        except KafkaError:
            if self._positions.is_current(chunk.place):
                place = chunk.place
                self._positions.seek(place.partition, place.position, place.epoch)
                self._fetcher.wake()
            raise
        except BaseException:
            self.queue.put_back(chunk)
            raise

    def may_go_out(self, chunk: Chunk) -> bool:
        """Whether it still may, after an await; if it only waits, it is put back."""
        place = chunk.place
        if not self._positions.is_current(place):
            return False
        if place.paused or place.held_back:
            self.queue.put_back(chunk)
            return False
        return True

    async def wait(self, *, came: bool = True) -> None:
        """Until something arrives. The application is here meanwhile, and has nothing in hand if it `came`."""
        if self.is_awaited:
            raise RuntimeError(
                "another task is reading from this consumer; run(handler, concurrency=…) shares work"
            )
        self._arrived.clear()
        self.is_awaited = True
        if came:
            self.came()
        try:
            await self._arrived.wait()
        finally:
            self.is_awaited = False

    async def breathe(self) -> None:
        """Let heartbeats and fetches have their turn, when there is always something to hand out."""
        now = self._clock.monotonic()
        if now - self._breathed_at > _BREATH_SECONDS:
            await asyncio.sleep(0)
            self._breathed_at = self._clock.monotonic()

    def raise_if_failed(self) -> None:
        """What somebody else failed with, and what ends all reading."""
        if self._failures:
            raise self._failures.pop(0)
        if self._fatal is not None:
            raise self._fatal
        if self.is_closed:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "this consumer is closed; make a new one")
        if problem := self.refused():
            raise KafkaError(ErrorCode.INVALID_REQUEST, problem)
