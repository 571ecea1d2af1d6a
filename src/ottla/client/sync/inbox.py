"""Records on their way from any thread to the producer's event loop: many to a hop, in the order they were given.

Rules. Threads only add to what waits, under the lock; one task of the loop takes all there is at once. It is started
by whoever finds it not started, and ends when nothing waits. Who wants to be behind what was given before leaves a
mark there, and waits until the task comes to it: what others go on giving meanwhile is behind the mark.
"""

import asyncio
import logging
import threading
from collections import deque
from typing import Any, NamedTuple

from ottla.client.config.settings import ProducerSettings
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.failures import closed
from ottla.client.producing.producer import Producer
from ottla.client.producing.record_encoding import GivenHeaders, Headers, RecordEncoding
from ottla.client.sync.delivery import Delivery
from ottla.client.sync.loop import LoopThread
from ottla.core.errors import ErrorCode
from ottla.core.limits import MAX_RECORDS_BETWEEN_THREADS, SEND_MANY_YIELD_RECORDS, TYPED_TOPICS_REMEMBERED
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")

Mark = asyncio.Event


class Given(NamedTuple):
    """A record, encoded by who sent it, and what that one holds."""

    delivery: Delivery
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None
    timestamp_ms: int


class Inbox:
    """`take` from any thread; the producer's thread takes what is there."""

    def __init__(self, loop: LoopThread, producer: Producer) -> None:
        self.loop = loop
        self._producer = producer
        self._intake = producer._intake  # noqa: SLF001 - its own, other face
        self._clock = producer._clock  # noqa: SLF001
        self._encodings = _Encodings(producer.settings)
        self._lock = threading.Lock()
        self._taken = threading.Condition(self._lock)
        self._waiting: deque[Given | Mark] = deque()
        self._is_noticed = False
        """Whether the task is started, or will be, and looks again before it ends."""
        self._is_closed = False
        self._tasks = Tasks("inbox")
        self._draining: asyncio.Task[None] | None = None
        self._until_others = SEND_MANY_YIELD_RECORDS
        """How many more records are handed over before everything else in the loop has its turn."""

    def take(
        self,
        topic: AnyTopic,
        value: Any,  # noqa: ANN401 - the user's
        key: Any,  # noqa: ANN401
        headers: GivenHeaders | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> Delivery:
        """Encode a record, which its sender may then change, and leave it.

        Waits while there are too many; raises BufferFull after `max.block.ms`, SerializationError, RuntimeError after
        a fork.
        """
        self.loop.check_is_there()  # before the lock: in the child of a fork nobody may be there to release it
        encoding = self._encodings[topic]
        delivery = Delivery(self)
        if timestamp_ms is None:
            timestamp_ms = self._clock.now_ms()
        self._put(
            Given(delivery, encoding.topic, *encoding.encode(key, value, headers), partition, timestamp_ms)
        )
        return delivery

    def _put(self, given: Given) -> None:
        with self._lock:
            if len(self._waiting) >= MAX_RECORDS_BETWEEN_THREADS:
                self._wait_for_room()
            if self._is_closed:
                raise closed()
            self._waiting.append(given)
            if not self._is_noticed:
                self.loop.call(self._notice)
                self._is_noticed = True  # not before: to be noticed twice does no harm

    def _wait_for_room(self) -> None:
        self.loop.check_may_wait()
        max_block_ms = self._producer.settings.max_block_ms
        if not self._taken.wait_for(self._has_room, max_block_ms / 1000):
            waiting = f"{len(self._waiting)} records wait for room in buffer_memory, for {max_block_ms} ms"
            raise BufferFull(ErrorCode.REQUEST_TIMED_OUT, waiting)

    def _has_room(self) -> bool:
        return len(self._waiting) < MAX_RECORDS_BETWEEN_THREADS or self._is_closed

    # In the event loop's thread.

    async def handed_over(self) -> None:
        """Until the producer has all that was put before, or it is refused."""
        with self._lock:
            if not self._waiting and not self._is_draining:
                return
            mark = Mark()
            self._waiting.append(mark)
        self._notice()
        await mark.wait()

    async def close(self, *, deliver: bool) -> None:
        """Take no more. What is here is given to the producer, or refused."""
        with self._lock:
            self._is_closed = True
            self._taken.notify_all()
        try:
            if deliver:
                await self.handed_over()
        finally:
            _refuse(self._take())
            await self._tasks.close()

    @property
    def _is_draining(self) -> bool:
        return self._draining is not None and not self._draining.done()

    def _notice(self) -> None:
        if self._waiting and not self._is_draining:
            self._draining = self._tasks.start(self._drain(), "drain")

    async def _drain(self) -> None:
        while taken := self._take():
            try:
                await self._hand_over(taken)
            finally:
                _refuse(taken)  # where it was cancelled

    def _take(self) -> deque[Given | Mark]:
        with self._lock:
            taken, self._waiting = self._waiting, deque()
            self._is_noticed = bool(taken)
            self._taken.notify_all()
        return taken

    async def _hand_over(self, taken: deque[Given | Mark]) -> None:
        """All of it, one by one; what is left in `taken` is not handed over."""
        refused: list[Exception] = []
        while taken:
            each = taken[0]
            if isinstance(each, Mark):
                each.set()
            elif (error := await self._send(each)) is not None:
                refused.append(error)
            taken.popleft()
            self._until_others -= 1
            if not self._until_others:
                self._until_others = SEND_MANY_YIELD_RECORDS
                await asyncio.sleep(0)  # others live in this loop, too
        if refused:
            _log.warning("%d records were not sent, the first because: %s", len(refused), refused[0])

    async def _send(self, given: Given) -> Exception | None:
        """Its error when nobody hears of that otherwise."""
        delivery, topic, key, value, headers, partition, timestamp_ms = given
        try:
            while True:
                try:
                    made = self._intake.take_encoded(topic, key, value, headers, partition, timestamp_ms)
                except BufferFull:
                    await self._producer.ready()
                else:
                    delivery.given(made)
                    return None
        except Exception as error:  # noqa: BLE001 - the sender's own, and it gets it
            delivery.refused(error)
            self._intake.refused(error)
            return None if delivery.has_callbacks else error


class _Encodings(dict[AnyTopic, RecordEncoding]):
    def __init__(self, settings: ProducerSettings) -> None:
        super().__init__()
        self._settings = settings

    def __missing__(self, topic: AnyTopic) -> RecordEncoding:
        if len(self) >= TYPED_TOPICS_REMEMBERED:
            self.clear()
        encoding = self[topic] = RecordEncoding(topic, self._settings)
        return encoding


def _refuse(left: deque[Given | Mark]) -> None:
    for each in left:
        if isinstance(each, Mark):
            each.set()
        else:
            each.delivery.refused(closed())
    left.clear()
