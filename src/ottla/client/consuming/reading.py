"""Hands out what was fetched, and knows what the application is done with.

What is handed out is in hand until the application comes back for more; then it is finished. So the position that is
committed never passes a record whose processing failed, and a partition is given up only when nothing of it is in
hand. Whoever wants to give up or seek stops the handing out first (`stop`), and may wait until all is back
(`returned`).

There is one reader at a time. Records that are there already are handed out without suspending.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, cast

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.batch import Batch, Commit
from ottla.client.consuming.chunk_source import ChunkSource
from ottla.client.consuming.chunks import Chunk
from ottla.client.consuming.cutting import Cutting
from ottla.client.consuming.decoding import AnyRecord, Decoding
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.positions import Place, Positions, advance
from ottla.core.clock import Clock
from ottla.core.errors import KafkaError

_RECORDS_BETWEEN_BREATHS = 500


class Rest(Iterator[AnyRecord], Protocol):
    """What is left of a list; it knows how much that is."""

    def __length_hint__(self) -> int: ...


@dataclass(slots=True, eq=False)
class Opened:
    """A chunk that is being handed out record by record."""

    chunk: Chunk
    place: Place
    rest: Rest
    """Whoever reads next goes on with it, also when an `async for` was left in between."""
    at: AnyRecord | None = None
    """The record in hand."""
    stopped: bool = False


class Reading:
    """The one way from the fetcher to the application."""

    def __init__(self, positions: Positions, fetcher: Fetcher, decoding: Decoding, clock: Clock) -> None:
        self.decoding = decoding
        self.source = ChunkSource(positions, fetcher, decoding, clock)
        self._queue = fetcher.queue
        self._cutting = Cutting(self.source, decoding)
        self._opened: Opened | None = None
        self._hand: list[Place] = []
        self._back = asyncio.Event()
        self._visits = 0
        self._seen: tuple[int, AnyRecord | None] = (0, None)
        self.has_lost = False
        """Whether something of what the application has in hand is somebody else's by now."""
        self.on_stop: Callable[[], None] | None = None
        """Called when places are to be given up, for whoever tracks what is finished."""

    # What the consumer's tasks tell and ask

    def shows_life(self) -> bool:
        """Whether the application is here, or has come for something since this was last asked."""
        at = self._opened.at if self._opened is not None else None
        before, self._seen = self._seen, (self._visits, at)
        return self.source.is_awaited or before[0] != self._visits or before[1] is not at

    def close(self) -> None:
        """Nothing is handed out any more; who waits is told."""
        self.source.close()
        self._back.set()

    def stop(self, places: Collection[Place]) -> None:
        """Hand out nothing more of these; what is in hand stays there."""
        if self._opened is not None and self._opened.place in places:
            self._opened.stopped = True
        self._cutting.stop(places)
        if self.on_stop is not None:
            self.on_stop()

    def lose(self, places: Collection[Place]) -> None:
        """They are somebody else's. What is in hand of them stays there until the application comes back."""
        self.settle()
        self.has_lost = self.has_lost or any(place.is_in_hand for place in places)

    def signal_return(self) -> None:
        """Something of what was handed out is finished, or given back."""
        self._back.set()

    async def returned(self, places: Collection[Place]) -> None:
        """Until the application is done with all that it has of these."""
        while not self.source.is_closed:
            self._back.clear()
            self.settle()
            if not any(place.is_in_hand for place in places):
                return
            await self._back.wait()

    def settle(self) -> None:
        """Bring the places up to date with what is handed out record by record."""
        opened = self._opened
        if opened is not None and opened.at is not None:
            opened.place.finished, opened.place.position = opened.at.offset, opened.at.offset + 1

    def come_back(self) -> None:
        """The application is done with everything that it has."""
        self._visits += 1
        self.has_lost = False
        opened = self._opened
        if opened is not None and opened.at is not None:
            opened.place.finished = opened.place.position = opened.at.offset + 1
            opened.at = None
        for place in self._hand:
            place.finish()
        self._hand.clear()
        self._back.set()

    # What the application calls

    async def records(self) -> AsyncGenerator[AnyRecord, None]:
        """One after the other, for ever."""
        while True:
            opened = await self._open()
            for record in islice(opened.rest, _RECORDS_BETWEEN_BREATHS):
                opened.at = record
                yield record
                if opened.stopped:
                    break

    async def open(self) -> Opened:
        """For a reader in another thread, who takes `rest` record by record, as `records` does, until `stopped`."""
        return await self._open()

    async def one(self) -> AnyRecord:
        """The next record, waited for."""
        opened = self._opened
        if opened is None or opened.stopped or not opened.rest.__length_hint__():
            opened = await self._open()
        opened.at = record = next(opened.rest)
        return record

    async def many(
        self,
        only: Collection[TopicPartition],
        timeout_s: float | None,
        max_records: int,
        *,
        tracked: bool = False,
    ) -> dict[TopicPartition, list[AnyRecord]]:
        """What is there, of these partitions or, without any, of all. Only if there is nothing, it is waited for.

        It is finished when the application comes back; if it is `tracked`, somebody else sees to that.
        """
        found: dict[TopicPartition, list[AnyRecord]] = {}
        await self.source.breathe()
        self.come_back()
        self._cutting.put_back()
        self.source.raise_if_failed()
        opened = self._open_now(only)
        if opened is None:
            try:
                async with asyncio.timeout(timeout_s):
                    opened = await self._open(only)
            except TimeoutError:
                return found
        left = max_records
        while opened is not None:  # nothing is awaited from here on, so nothing can be lost
            taken = list(islice(opened.rest, left))
            left -= len(taken)
            found.setdefault(opened.place.partition, []).extend(taken)
            self._hand_over(opened, taken[-1], tracked=tracked)
            opened = self._open_now(only) if left else None
        return found

    async def batch(self, max_records: int, max_wait_s: float, commit: Commit) -> Batch[Any, Any]:
        """The next records of one partition. Once there is one, more are waited for, but not for long."""
        self.come_back()
        self._put_back_opened()
        batch, place = await self._cutting.next(max_records, max_wait_s, commit)
        self._hand.append(place)
        return batch

    # Records

    async def _open(self, only: Collection[TopicPartition] = ()) -> Opened:
        """What to hand out of next; there is at least one record."""
        self.come_back()
        self._cutting.put_back()
        while True:
            if (opened := self._still_open(only)) is not None:
                return opened
            chunk = await self.source.next(only)
            records = await self.source.or_back(chunk, self.decoding.records(chunk))
            if self.source.may_go_out(chunk):
                self._begin(chunk, records)

    def _open_now(self, only: Collection[TopicPartition]) -> Opened | None:
        """The same, if it takes no waiting."""
        while True:
            if (opened := self._still_open(only)) is not None:
                return opened
            chunk = self._queue.take_small(only)
            if chunk is None or self.decoding.of(chunk.place.partition.topic).prepared:
                if chunk is not None:
                    self._queue.put_back(chunk)
                return None
            try:
                chunk.prepare_now(check_crcs=self.decoding.check_crcs)
                self._begin(chunk, self.decoding.records_now(chunk, chunk.place.position))
            except KafkaError:
                self._queue.put_back(chunk)  # whoever reads next is told
                return None

    def _begin(self, chunk: Chunk, records: list[AnyRecord]) -> None:
        if records:
            self._opened = Opened(chunk, chunk.place, cast("Rest", iter(records)))
            chunk.place.epoch = chunk.epoch
        else:
            advance(chunk.place, chunk.next_offset, chunk.epoch)

    def _still_open(self, only: Collection[TopicPartition]) -> Opened | None:
        """The one that is being handed out, if there is more of it."""
        opened = self._opened
        if opened is None:
            return None
        if opened.stopped or (only and opened.place.partition not in only):
            self._put_back_opened()
            return None
        if opened.rest.__length_hint__():
            return opened
        advance(opened.place, opened.chunk.next_offset, opened.chunk.epoch)
        self._opened = None
        return None

    def _hand_over(self, opened: Opened, last: AnyRecord, *, tracked: bool) -> None:
        """Several records at once."""
        place, is_all = opened.place, not opened.rest.__length_hint__()
        place.position = opened.chunk.next_offset if is_all else last.offset + 1
        if not tracked:
            self._hand.append(place)
        if is_all:
            self._opened = None

    def _put_back_opened(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and opened.rest.__length_hint__():
            self._queue.put_back(opened.chunk)
        elif opened is not None:
            advance(opened.place, opened.chunk.next_offset, opened.chunk.epoch)
