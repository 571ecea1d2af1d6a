"""Records on their way from any thread to the producer's event loop: many to a hop, in the order they were given."""

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

from ottla.client.buffer_memory import BufferFull
from ottla.client.delivery import Delivery, RecordMetadata
from ottla.client.destinations import AnyTopic
from ottla.client.producer import Producer
from ottla.client.record_encoding import GivenHeaders
from ottla.client.sync_loop import LoopThread
from ottla.core.errors import ErrorCode

_MOST_RECORDS = 10_000  # between the threads; behind them buffer_memory bounds their bytes


class Given(NamedTuple):
    """A record as `send_nowait` was given it, and what its sender holds."""

    saved: "Future[RecordMetadata]"
    topic: AnyTopic
    value: Any
    key: Any
    headers: GivenHeaders | None
    partition: int | None
    timestamp_ms: int | None


class Inbox:
    """`put` from any thread; a task in the loop takes all there are at once and gives them to the producer."""

    def __init__(self, loop: LoopThread, producer: Producer) -> None:
        self._loop = loop
        self._producer = producer
        self._changed = threading.Condition()
        self._waiting: deque[Given] = deque()
        self._is_draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, given: Given) -> None:
        """Leave a record. Waits while there are too many; raises BufferFull after `max.block.ms`."""
        max_block_ms = self._producer.settings.max_block_ms
        with self._changed:
            if not self._changed.wait_for(self._has_room, max_block_ms / 1000):
                message = f"{_MOST_RECORDS} records wait for room in buffer_memory, for {max_block_ms} ms"
                raise BufferFull(ErrorCode.REQUEST_TIMED_OUT, message)
            self._waiting.append(given)
            if not self._is_draining:
                self._loop.begin(self._drain())
                self._is_draining = True

    async def handed_over(self) -> None:
        """Until the producer has all that was put before."""
        await self._idle.wait()

    def drop(self) -> None:
        """Cancel what the producer never got."""
        with self._changed:
            for given in self._waiting:
                given.saved.cancel()
            self._waiting.clear()

    def _has_room(self) -> bool:
        return len(self._waiting) < _MOST_RECORDS

    async def _drain(self) -> None:
        self._idle.clear()
        try:
            while taken := self._take():
                for given in taken:
                    await self._send(given)
        finally:
            self._idle.set()

    def _take(self) -> deque[Given]:
        with self._changed:
            taken, self._waiting = self._waiting, deque()
            self._is_draining = bool(taken)
            self._changed.notify_all()
        return taken

    async def _send(self, given: Given) -> None:
        if not given.saved.set_running_or_notify_cancel():
            return
        _, topic, value, key, headers, partition, timestamp_ms = given
        try:
            while True:
                try:
                    delivery = self._producer.send_nowait(
                        topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
                    )
                except BufferFull:
                    await self._producer.ready()
                else:
                    break
        except Exception as error:  # noqa: BLE001 - the sender's own, and it gets it
            given.saved.set_exception(error)
        else:
            delivery.add_done_callback(partial(_settle, given.saved))


def _settle(saved: "Future[RecordMetadata]", delivery: Delivery) -> None:
    error = delivery.exception()
    if error is not None:
        saved.set_exception(error)
    else:
        saved.set_result(delivery.result())
