"""Records on their way from any thread to the producer's event loop: many to a hop, in the order they were given."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple

from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.delivery import Delivery, Outcome, RecordMetadata
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.producer import Producer
from ottla.client.producing.record_encoding import GivenHeaders
from ottla.client.sync.loop import LoopThread
from ottla.core.errors import ErrorCode
from ottla.core.limits import MAX_RECORDS_BETWEEN_THREADS

Group = list[tuple["Future[RecordMetadata]", Delivery]]


class Given(NamedTuple):
    """A record as `send_nowait` was given it, and what its sender holds."""

    saved: "Future[RecordMetadata]"
    topic: AnyTopic
    value: Any
    key: Any
    headers: GivenHeaders | None
    partition: int | None
    timestamp_ms: int | None
    context: Context | None = None
    """The sender's, where it matters."""


class Inbox:
    """`put` from any thread; a task in the loop takes all there are at once and gives them to the producer."""

    def __init__(self, loop: LoopThread, producer: Producer) -> None:
        self._loop = loop
        self._producer = producer
        self._lock = threading.Lock()
        self._taken = threading.Condition(self._lock)
        self._waiting: deque[Given] = deque()
        self._is_draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, given: Given) -> None:
        """Leave a record. Waits while there are too many; raises BufferFull after `max.block.ms`."""
        with self._lock:
            if not self._has_room():
                self._wait_for_room()
            self._waiting.append(given)
            if not self._is_draining:
                self._loop.begin(self._drain())
                self._is_draining = True

    async def handed_over(self) -> None:
        """Until the producer has all that was put before."""
        await self._idle.wait()

    def drop(self) -> None:
        """Cancel what the producer never got."""
        with self._lock:
            for given in self._waiting:
                given.saved.cancel()
            self._waiting.clear()

    def _has_room(self) -> bool:
        return len(self._waiting) < MAX_RECORDS_BETWEEN_THREADS

    def _wait_for_room(self) -> None:
        max_block_ms = self._producer.settings.max_block_ms
        if not self._taken.wait_for(self._has_room, max_block_ms / 1000):
            waiting = f"{len(self._waiting)} records wait for room in buffer_memory, for {max_block_ms} ms"
            raise BufferFull(ErrorCode.REQUEST_TIMED_OUT, waiting)

    async def _drain(self) -> None:
        self._idle.clear()
        try:
            while taken := self._take():
                groups: dict[Outcome, Group] = {}
                for given in taken:
                    delivery = await self._send(given)
                    if delivery is not None:
                        _note(groups, given.saved, delivery)
        finally:
            self._idle.set()

    def _take(self) -> deque[Given]:
        with self._lock:
            taken, self._waiting = self._waiting, deque()
            self._is_draining = bool(taken)
            self._taken.notify_all()
        return taken

    async def _send(self, given: Given) -> Delivery | None:
        """None: it is not sent, and its sender knows."""
        if not given.saved.set_running_or_notify_cancel():
            return None
        _, topic, value, key, headers, partition, timestamp_ms, context = given
        send: Callable[..., Delivery] = self._producer.send_nowait
        if context is not None:
            send = partial(context.run, send)
        try:
            while True:
                try:
                    return send(
                        topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
                    )
                except BufferFull:
                    await self._producer.ready()
        except Exception as error:  # noqa: BLE001 - the sender's own, and it gets it
            given.saved.set_exception(error)
            return None


def _note(groups: dict[Outcome, Group], saved: "Future[RecordMetadata]", delivery: Delivery) -> None:
    """One callback for all records of a batch: they are settled together."""
    group = groups.get(delivery.outcome)
    if group is None:
        group = groups[delivery.outcome] = []
        delivery.add_done_callback(partial(_settle, group))
    group.append((saved, delivery))


def _settle(group: Group, _: Delivery) -> None:
    for saved, delivery in group:
        error = delivery.exception()
        if error is not None:
            saved.set_exception(error)
        else:
            saved.set_result(delivery.result())
