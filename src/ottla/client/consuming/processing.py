"""Calls a handler with every record, several at once, in order where order matters.

Records are dealt to lanes: one for each partition or key, as `concurrency` says. A lane's records are handled one after
the other. When partitions are given up, what has not begun goes back, and what runs is waited for.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from ottla.client.consuming.dead_letters import DeadLetters
from ottla.client.consuming.decoding import AnyRecord
from ottla.client.consuming.engine import ConsumerEngine
from ottla.client.consuming.on_error import DeadLetter, OnError, Retry
from ottla.client.consuming.positions import Place
from ottla.client.consuming.tracker import Tracker
from ottla.client.telemetry.tracing import consumer_tracing
from ottla.core.limits import PROCESSING_AT_ONCE

Handler = Callable[[Any], Awaitable[None]]
_log = logging.getLogger("ottla.client")


def lane_of(concurrency: int | str) -> Callable[[AnyRecord], Hashable]:
    """Which records must be handled in order. Raises ValueError for a concurrency that is none."""
    if concurrency == "partition":
        return lambda record: (record.topic, record.partition)
    if concurrency == "key" or (isinstance(concurrency, int) and concurrency > 1):
        return lambda record: (record.topic, record.partition, record.raw_key)
    if concurrency == 1:
        return lambda _record: None
    raise ValueError(f"concurrency is {concurrency!r}; it must be a positive number, 'partition' or 'key'")


class NoHandlerError(TypeError):
    """What `run` was given is no `async def`: the program's mistake, and not the record's."""


def _awaited(handler: Handler) -> Handler:
    """The handler, found out if it is none. Raises NoHandlerError, now or when it is awaited."""
    advice = "run takes an `async def` that takes a record"
    if not callable(handler):
        raise NoHandlerError(f"{handler!r} is no handler; {advice}")

    async def handled(record: AnyRecord) -> None:
        handling = handler(record)
        if not isinstance(handling, Awaitable):
            raise NoHandlerError(f"{handler!r} returned {type(handling).__name__}; {advice}")
        await handling

    return handled


class Processing:
    """One `run`."""

    def __init__(
        self, engine: ConsumerEngine, handler: Handler, on_error: OnError, concurrency: int | str
    ) -> None:
        self._engine = engine
        tracing = consumer_tracing(engine.settings)
        if not isinstance(on_error, OnError):
            raise TypeError(f"on_error is {on_error!r}; it must be Stop(), Retry(…) or DeadLetter(…)")
        handler = _awaited(handler)
        self._handler = handler if tracing is None else tracing.handles(handler)
        self._on_error = on_error
        self._lane_of = lane_of(concurrency)
        limit = concurrency if isinstance(concurrency, int) else PROCESSING_AT_ONCE
        self._free = asyncio.Semaphore(limit)
        self._most = max(limit, engine.settings.max_poll_records)
        self._lanes: dict[Hashable, deque[tuple[AnyRecord, Tracker]]] = {}
        self._trackers: dict[Place, Tracker] = {}
        self._waiting = 0
        self._room = asyncio.Event()
        self._failure: BaseException | None = None
        self._dead_letters = DeadLetters(engine.bootstrap_servers, engine.settings)

    async def run(self) -> None:
        """Until cancelled, or until something fails. What is not done then is read again."""
        reading = self._engine.reading
        reading.on_stop = self._stopped
        try:
            async with asyncio.TaskGroup() as lanes:
                while True:
                    await self._wait_for_room()
                    found = await reading.many((), None, self._most - self._waiting, tracked=True)
                    for partition, records in found.items():
                        self._deal(lanes, self._engine.positions.of(partition), records)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            reading.on_stop = None
            for place in self._engine.positions:
                if place.is_in_hand:
                    self._engine.seeking.to_offset(place.partition, place.finished)
            await self._dead_letters.close()

    async def _wait_for_room(self) -> None:
        while self._waiting >= self._most:
            self._room.clear()
            await self._room.wait()

    def _deal(self, lanes: asyncio.TaskGroup, place: Place, records: list[AnyRecord]) -> None:
        tracker = self._trackers.get(place)
        if tracker is None:
            self._trackers = {known: of for known, of in self._trackers.items() if self._is_read(known)}
            tracker = self._trackers[place] = Tracker(place)
        self._waiting += len(records)
        for record in records:
            tracker.begin(record.offset)
            lane = self._lane_of(record)
            if lane in self._lanes:
                self._lanes[lane].append((record, tracker))
            else:
                self._lanes[lane] = deque([(record, tracker)])
                lanes.create_task(self._work(lane), name=f"processing: {lane}")

    async def _work(self, lane: Hashable) -> None:
        """One record after the other, as long as there are some in the lane."""
        queue = self._lanes[lane]
        while queue:
            record, tracker = queue.popleft()
            async with self._free:
                if self._is_read(tracker.place) and not tracker.place.held_back:
                    await self._handle(record, tracker)
            self._waiting -= 1
            self._room.set()
        del self._lanes[lane]

    async def _handle(self, record: AnyRecord, tracker: Tracker) -> None:
        tracker.running += 1
        try:
            await self._attempts(record)
            tracker.finish(record.offset)
        finally:
            tracker.running -= 1
        self._give_back(tracker)

    async def _attempts(self, record: AnyRecord) -> None:
        """Raises what the handler raised, where `on_error` does not know better."""
        rule, attempt = self._on_error, 1
        while True:
            try:
                await self._handler(record)
            except NoHandlerError:
                raise
            except Exception as error:
                if isinstance(rule, Retry):
                    if attempt < rule.attempts:
                        _log.info("%s-%d offset %d: %r", record.topic, record.partition, record.offset, error)
                        await asyncio.sleep(rule.delay_s(attempt))
                        attempt += 1
                        continue
                    rule = rule.then
                if not isinstance(rule, DeadLetter):
                    raise
                await self._dead_letters.send(record, error, rule)
            return

    # Giving up

    def _stopped(self) -> None:
        """Some places are given up: those that nothing runs of can go at once."""
        for tracker in self._trackers.values():
            self._give_back(tracker)

    def _give_back(self, tracker: Tracker) -> None:
        """When the place is to be given up and nothing of it runs any more, it is back."""
        if tracker.place.held_back and not tracker.running:
            tracker.drop_rest()
            self._engine.reading.signal_return()

    def _is_read(self, place: Place) -> bool:
        return self._engine.positions.is_current(place)
