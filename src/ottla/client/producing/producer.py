"""Sends records: idempotent unless told otherwise, in order within each partition, with a handle on each delivery.

Three ways, from the simplest to the fastest: `await send(…)` is done when the record is saved; `send_nowait(…)`
returns a Delivery to await or not; `await send_many(…)` takes a list and makes no object for each of its records.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload

from ottla.client.brokers.cluster import Cluster
from ottla.client.config.names import from_config
from ottla.client.config.options import ProducerOptions
from ottla.client.config.settings import ProducerSettings, settings_from
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.appender import Appender
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.delivery import Delivery, RecordMetadata
from ottla.client.producing.destinations import AnyTopic, Destinations
from ottla.client.producing.failures import closed
from ottla.client.producing.health import ProducerHealth
from ottla.client.producing.intake import Intake, Take
from ottla.client.producing.record_encoding import GivenHeaders
from ottla.client.producing.room import wait_for_room
from ottla.client.producing.sender import Sender
from ottla.client.producing.sending_many import ManyRecords
from ottla.client.producing.sent_records import SentRecords, SomeNotSentError
from ottla.client.telemetry.tracing import producer_tracing
from ottla.client.topic import Topic
from ottla.client.transactions.calls import TransactionCalls
from ottla.client.transactions.transactor import Transactor

K = TypeVar("K")
V = TypeVar("V")


class Producer(TransactionCalls):
    """`async with Producer("localhost:9092") as producer: await producer.send("topic", b"value")`."""

    def __init__(
        self, bootstrap_servers: str | Sequence[str] = "localhost:9092", **options: Unpack[ProducerOptions]
    ) -> None:
        """Raises OptionError for an option that does not exist or cannot have this value."""
        self.settings = settings_from(ProducerSettings, options)
        self._cluster = Cluster(bootstrap_servers, self.settings)
        self._clock = self._cluster.clock
        self._accumulator = Accumulator(self.settings)
        self._transactor: Transactor | None = None
        if self.settings.transactional_id is not None:
            transactional_id = self.settings.transactional_id
            self._transactor = Transactor(self._cluster, self._accumulator, transactional_id)
        self._sender = Sender(self._cluster, self._accumulator, self._transactor)
        self._appender = Appender(self._accumulator, self._sender, self._clock)
        self._destinations = Destinations(self._cluster, self._accumulator, self._appender)
        if self._transactor is not None:
            self._transactor.wake = self._sender.wake
            self._destinations.parking.on_failed = self._transactor.batch_failed
        self._is_started = False
        self._tracing = producer_tracing(self.settings)
        machine = None if self._transactor is None else self._transactor.machine
        self._intake = Intake(self._destinations, self._appender, self._clock, machine, self._check_open)
        take = self._intake.take
        self._send: Take[Delivery] = take if self._tracing is None else self._tracing.sends(take)

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """From the Java clients' or librdkafka's dotted names: `{"bootstrap.servers": …, "acks": "all"}`."""
        bootstrap_servers, options = from_config(ProducerSettings, config)
        return cls(bootstrap_servers, **options)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(deliver=kind is None)

    async def start(self) -> None:
        """Find a broker; with a `transactional_id`, take that over. Raises KafkaError; the producer is closed then."""
        await self._cluster.connect()
        self._is_started = True
        self._sender.refresher.keep_fresh(self._destinations.names)
        if self._transactor is not None:
            try:
                await self._transactor.init()
            except BaseException:
                await self.close(deliver=False)
                raise

    async def close(self, *, deliver: bool = True) -> None:
        """Deliver what was sent, or give it up; nothing can be sent any more. May be called twice.

        A transaction that is open is aborted.
        """
        try:
            await self._leave_transaction()
            if deliver and self._is_started:
                await self.flush()
        finally:
            error = closed()
            self._accumulator.closed = self._accumulator.closed or error
            async with AsyncExitStack() as closing:
                closing.push_async_callback(self._cluster.close)
                closing.push_async_callback(self._sender.close, error)
                closing.push_async_callback(self._destinations.close, error)
                if self._transactor is not None:
                    closing.push_async_callback(self._transactor.close)

    # Sending. Topics with types are checked by a type checker; a name takes what the serializers take.

    @overload
    async def send(
        self,
        topic: Topic[K, V],
        value: V | None,
        *,
        key: K | None = ...,
        headers: GivenHeaders | None = ...,
        partition: int | None = ...,
        timestamp_ms: int | None = ...,
    ) -> RecordMetadata: ...
    @overload
    async def send(
        self,
        topic: str,
        value: Any,  # noqa: ANN401
        *,
        key: Any = ...,  # noqa: ANN401
        headers: GivenHeaders | None = ...,
        partition: int | None = ...,
        timestamp_ms: int | None = ...,
    ) -> RecordMetadata: ...
    async def send(
        self,
        topic: AnyTopic,
        value: Any,
        *,
        key: Any = None,
        headers: GivenHeaders | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> RecordMetadata:
        """Where the record was saved, once it is. Waits for room if need be.

        Raises SerializationError, RecordTooLargeError, or the KafkaError that kept it from being saved. When it is
        cancelled the record may be saved all the same.
        """
        destination = self._destinations[topic]
        await destination.encoding.prepare()
        while True:
            try:
                delivery = self._send(topic, value, key, headers, partition, timestamp_ms)
            except BufferFull:
                await self.ready()
            else:
                if destination.queues is not None:  # a parked record's batch lingers
                    self._appender.press_awaited(delivery.outcome)
                return await delivery

    @overload
    def send_nowait(
        self,
        topic: Topic[K, V],
        value: V | None,
        *,
        key: K | None = ...,
        headers: GivenHeaders | None = ...,
        partition: int | None = ...,
        timestamp_ms: int | None = ...,
    ) -> Delivery: ...
    @overload
    def send_nowait(
        self,
        topic: str,
        value: Any,  # noqa: ANN401
        *,
        key: Any = ...,  # noqa: ANN401
        headers: GivenHeaders | None = ...,
        partition: int | None = ...,
        timestamp_ms: int | None = ...,
    ) -> Delivery: ...
    def send_nowait(
        self,
        topic: AnyTopic,
        value: Any,
        *,
        key: Any = None,
        headers: GivenHeaders | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Delivery:
        """A handle on the record's delivery: await it, give it a callback, or leave it to `flush`.

        Raises BufferFull when `buffer_memory` is used up: `await ready()`, then send again. Records of a topic
        that is not known yet are parked until it is. Otherwise raises as `send` does, but for what only the
        broker can say. A failure that nobody waits for is one line in the log.
        """
        return self._send(topic, value, key, headers, partition, timestamp_ms)

    async def send_many(
        self,
        topic: AnyTopic,
        values: Sequence[Any],
        *,
        keys: Sequence[Any] | None = None,
        headers: Sequence[GivenHeaders | None] | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        return_exceptions: bool = False,
    ) -> SentRecords:
        """Where each of many records was saved, once all are settled: the fastest way to send.

        `keys` and `headers` have one for each value, or None. Waits for room as `send` does.

        Raises SomeNotSentError, which says which were not delivered, or with `return_exceptions` only notes it:
        `errors` of the result. What cannot be encoded is raised before anything is sent. When it is cancelled, any
        of the records may be saved all the same.
        """
        self._check_open()
        if self._transactor is not None:
            self._transactor.machine.check_may_add()
        destination = self._destinations[topic]
        await destination.encoding.prepare()
        encoded = destination.encoding.encode_many(values, keys, headers)
        queues = await self._destinations.found(destination)
        sent = SentRecords(self._clock.now_ms() if timestamp_ms is None else timestamp_ms)
        tracing = self._tracing
        with tracing.many(destination.name, len(values), sent) if tracing else nullcontext():
            await ManyRecords(self._appender, self.ready, sent).append(queues, encoded, partition)
            await sent.settled()
        if not return_exceptions and sent.has_errors:
            raise SomeNotSentError(sent)
        return sent

    async def ready(self) -> None:
        """Wait until `buffer_memory` has room for another batch. Raises BufferFull after `max.block.ms`."""
        await wait_for_room(self._accumulator, self._sender)

    async def flush(self) -> None:
        """Until everything sent so far is delivered or has failed, without lingering."""
        await self._destinations.placed()
        outcomes = self._accumulator.press()
        self._sender.wake()
        for outcome in outcomes:
            if not outcome.is_settled:
                await outcome.stand_by()

    async def partitions_for(self, topic: AnyTopic) -> list[int]:
        """The partitions of a topic. Raises KafkaError when there is no such topic."""
        self._check_open()
        queues = await self._destinations.found(self._destinations[topic])
        queues.look()
        return list(range(len(queues)))

    def health(self) -> ProducerHealth:
        """How it is doing now."""
        health = self._sender.health()
        if self._transactor is None:
            return health
        return replace(health, transaction=self._transactor.machine.state.name)
