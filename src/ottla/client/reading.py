"""Hands out what was fetched, and knows what the application is done with.

What is handed out is in hand until the application comes back for more; then it is finished. So the position that is
committed never passes a record whose processing failed, and a partition is given up only when nothing of it is in
hand. Whoever wants to give up or seek stops the handing out first (`stop`), and may wait until all is back
(`returned`).

There is one reader at a time. Records that are there already are handed out without suspending.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar, cast

from ottla.client.chunks import Chunk
from ottla.client.consumer_batch import Batch, Commit, Cut
from ottla.client.decoding import AnyRecord, Decoding
from ottla.client.fetcher import Fetcher
from ottla.client.group_metadata import OffsetAndMetadata
from ottla.client.metadata import TopicPartition
from ottla.client.positions import Place, Positions
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError

Result = TypeVar("Result")
_RECORDS_BETWEEN_BREATHS = 500
_BREATH_SECONDS = 0.005


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
        self._positions = positions
        self._fetcher = fetcher
        self._queue = fetcher.queue
        self._opened: Opened | None = None
        self._cut: tuple[Chunk, Cut, int] | None = None
        self._hand: list[Place] = []
        self._failures: list[BaseException] = []
        self._fatal: BaseException | None = None
        self._arrived = asyncio.Event()
        self._back = asyncio.Event()
        self._clock = clock
        self._breathed_at = clock.monotonic()
        self._waits = False
        self._closed = False
        self._visits = 0
        self._seen: tuple[int, AnyRecord | None] = (0, None)
        self.came: Callable[[], None] = lambda: None
        """Called when the application comes for something that is not there, and waits for it."""
        self.on_stop: Callable[[], None] | None = None
        """Called when places are to be given up, for whoever tracks what is finished."""

    # What the consumer's tasks tell and ask

    @property
    def is_awaited(self) -> bool:
        """Whether the application is here, waiting: nothing is in hand."""
        return self._waits

    def shows_life(self) -> bool:
        """Whether the application is here, or has come for something since this was last asked."""
        at = self._opened.at if self._opened is not None else None
        before, self._seen = self._seen, (self._visits, at)
        return self._waits or before[0] != self._visits or before[1] is not at

    def fail(self, error: BaseException, *, for_good: bool = False) -> None:
        """The application's next read raises it; every one, if it is for good."""
        if for_good:
            self._fatal = self._fatal or error
        else:
            self._failures.append(error)
        self._arrived.set()

    def close(self) -> None:
        """Nothing is handed out any more; who waits is told."""
        self._closed = True
        self._arrived.set()
        self._back.set()

    def stop(self, places: Collection[Place]) -> None:
        """Hand out nothing more of these; what is in hand stays there."""
        if self._opened is not None and self._opened.place in places:
            self._opened.stopped = True
        if self._cut is not None and self._cut[0].place in places:
            self._put_back_cut()
        if self.on_stop is not None:
            self.on_stop()

    def arrived(self) -> None:
        """There may be something to hand out."""
        self._arrived.set()

    def signal_return(self) -> None:
        """Something of what was handed out is finished, or given back."""
        self._back.set()

    async def returned(self, places: Collection[Place]) -> None:
        """Until the application is done with all that it has of these."""
        while not self._closed:
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
        try:
            async with asyncio.timeout(timeout_s):
                opened: Opened | None = await self._open(only)
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
        await self._cut_next()
        if max_wait_s > 0:
            await self._wait_for(max_records, max_wait_s)
            if self._cut is None:  # it was given up meanwhile
                return await self.batch(max_records, max_wait_s, commit)
        return self._take_batch(max_records, commit)

    # Records

    async def _open(self, only: Collection[TopicPartition] = ()) -> Opened:
        """What to hand out of next; there is at least one record."""
        self.come_back()
        self._put_back_cut()
        while True:
            if (opened := self._still_open(only)) is not None:
                return opened
            chunk = await self._next_chunk(only)
            records = await self._or_back(chunk, self.decoding.records(chunk))
            if self._may_go_out(chunk):
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
            _advance(chunk.place, chunk.next_offset, chunk.epoch)

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
        _advance(opened.place, opened.chunk.next_offset, opened.chunk.epoch)
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
            _advance(opened.place, opened.chunk.next_offset, opened.chunk.epoch)

    # Batches

    async def _cut_next(self) -> None:
        while self._cut is None:
            chunk = await self._next_chunk(())
            cut = Cut(chunk, self.decoding, None)
            if not cut.is_counted or self.decoding.of(chunk.place.partition.topic).prepared:
                cut = Cut(chunk, self.decoding, await self._or_back(chunk, self.decoding.records(chunk)))
            if self._may_go_out(chunk):
                if cut.count > 0:
                    self._cut = (chunk, cut, 0)
                else:
                    _advance(chunk.place, chunk.next_offset, chunk.epoch)

    async def _wait_for(self, max_records: int, max_wait_s: float) -> None:
        """Until there is a full batch's worth of the same partition, or something of another, or it is time."""
        try:
            async with asyncio.timeout(max_wait_s):
                while self._cut is not None:
                    chunk, cut, start = self._cut
                    if cut.count - start + self._queue.count_next_of(chunk.place, max_records) >= max_records:
                        return
                    await self._wait(came=False)
        except TimeoutError:
            pass

    def _take_batch(self, max_records: int, commit: Commit) -> Batch[Any, Any]:
        """Of what is there. Nothing is awaited, so nothing can be lost."""
        assert self._cut is not None
        pieces: list[tuple[Cut, int, int]] = []
        place, left, end = self._cut[0].place, max_records, OffsetAndMetadata(-1)
        while self._cut is not None and left:
            chunk, cut, start = self._cut
            stop = min(cut.count, start + left)
            pieces.append((cut, start, stop))
            left -= stop - start
            end = OffsetAndMetadata(cut.offset_after(stop), chunk.epoch)
            self._cut = (chunk, cut, stop) if stop < cut.count else None
            place.position, place.epoch = end.offset, chunk.epoch
            if self._cut is None and left:
                self._cut_next_of(place)
        self._hand.append(place)
        raw = self.decoding.of(place.partition.topic).value is None
        return Batch(place.partition, pieces, end, commit, raw_values=raw)

    def _cut_next_of(self, place: Place) -> None:
        """The next chunk, if it is of the same place and needs no waiting."""
        chunk = self._queue.take_next_of(place)
        if chunk is None:
            return
        cut = Cut(chunk, self.decoding, None)
        try:
            chunk.prepare_now(check_crcs=self.decoding.check_crcs)
        except KafkaError:
            cut.count = -1  # whoever reads next is told
        if cut.count <= 0 or self.decoding.of(place.partition.topic).prepared:
            self._queue.put_back(chunk)
        else:
            self._cut = (chunk, cut, 0)

    def _put_back_cut(self) -> None:
        cut, self._cut = self._cut, None
        if cut is not None:
            self._queue.put_back(cut[0])

    # Both

    async def _next_chunk(self, only: Collection[TopicPartition]) -> Chunk:
        """The next that may go out, checked. Raises KafkaError, and what somebody else failed with."""
        while True:
            await self._breathe()
            self._raise_if_failed()
            chunk = self._queue.take(only)
            if chunk is None:
                await self._wait()
                continue
            await self._or_back(chunk, chunk.prepare(check_crcs=self.decoding.check_crcs))
            if self._may_go_out(chunk):
                return chunk

    async def _or_back(self, chunk: Chunk, work: Coroutine[Any, Any, Result]) -> Result:
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
            self._queue.put_back(chunk)
            raise

    def _may_go_out(self, chunk: Chunk) -> bool:
        """Whether it still may, after an await; if it only waits, it is put back."""
        place = chunk.place
        if not self._positions.is_current(place):
            return False
        if place.paused or place.held_back:
            self._queue.put_back(chunk)
            return False
        return True

    async def _wait(self, *, came: bool = True) -> None:
        """Until something arrives. The application is here meanwhile, and has nothing in hand if it `came`."""
        if self._waits:
            raise RuntimeError(
                "another task is reading from this consumer; run(handler, concurrency=…) shares work"
            )
        self._arrived.clear()
        self._waits = True
        if came:
            self.came()
        try:
            await self._arrived.wait()
        finally:
            self._waits = False

    async def _breathe(self) -> None:
        """Let heartbeats and fetches have their turn, when there is always something to hand out."""
        now = self._clock.monotonic()
        if now - self._breathed_at > _BREATH_SECONDS:
            await asyncio.sleep(0)
            self._breathed_at = self._clock.monotonic()

    def _raise_if_failed(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        if self._fatal is not None:
            raise self._fatal
        if self._closed:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "this consumer is closed; make a new one")


def _advance(place: Place, offset: int, epoch: int) -> None:
    """Over what holds nothing more to hand out."""
    was_finished = not place.is_in_hand
    place.position = offset
    if epoch >= 0:
        place.epoch = epoch
    if was_finished:
        place.finished = offset
