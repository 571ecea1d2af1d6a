"""The producer for programs without asyncio; any number of threads may use one."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, Unpack, overload

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.names import from_config
from ottla.client.config.options import ProducerOptions
from ottla.client.config.settings import ProducerSettings
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.delivery import RecordMetadata
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.health import ProducerHealth
from ottla.client.producing.intake import Take
from ottla.client.producing.producer import Producer as AsyncProducer
from ottla.client.producing.record_encoding import GivenHeaders
from ottla.client.producing.sent_records import SentRecords
from ottla.client.sync.client import SyncClient
from ottla.client.sync.consumer import Consumer
from ottla.client.sync.delivery import Delivery
from ottla.client.sync.inbox import Inbox
from ottla.client.sync.transaction import Transaction
from ottla.client.topic import Topic

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
P = ParamSpec("P")


class Producer(SyncClient[AsyncProducer]):
    """`with Producer("localhost:9092") as producer: producer.send("topic", b"value")`."""

    def __init__(
        self, bootstrap_servers: str | Sequence[str] = "localhost:9092", **options: Unpack[ProducerOptions]
    ) -> None:
        """Raises OptionError for an option that does not exist or cannot have this value."""
        self._client = AsyncProducer(bootstrap_servers, **options)
        self._inbox: Inbox | None = None
        self._take: Take[Delivery]

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """From the Java clients' or librdkafka's dotted names: `{"bootstrap.servers": …, "acks": "all"}`."""
        bootstrap_servers, options = from_config(ProducerSettings, config)
        return cls(bootstrap_servers, **options)

    @property
    def settings(self) -> ProducerSettings:
        """What it was told, and the defaults of the rest."""
        return self._client.settings

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(deliver=kind is None)

    def close(self, *, deliver: bool = True) -> None:
        """Deliver what was sent, or give it up; nothing can be sent any more. May be called twice."""
        if self._loop is None:
            return
        try:
            self._ask(self._close(deliver))
        finally:
            self._leave()

    @overload
    def send(
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
    def send(
        self,
        topic: str,
        value: Any,  # noqa: ANN401
        *,
        key: Any = ...,  # noqa: ANN401
        headers: GivenHeaders | None = ...,
        partition: int | None = ...,
        timestamp_ms: int | None = ...,
    ) -> RecordMetadata: ...
    def send(
        self,
        topic: AnyTopic,
        value: Any,
        *,
        key: Any = None,
        headers: GivenHeaders | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> RecordMetadata:
        """Where the record was saved, once it is; to send many, `send_nowait` and `send_many` are much faster.

        Raises SerializationError, RecordTooLargeError, or the KafkaError that kept it from being saved.
        """

        async def send() -> RecordMetadata:
            return await self._client.send(
                topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
            )

        return self._ask(self._after_inbox(send))

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
        """A handle on the record's delivery: ask it, give it a callback, or leave it to `flush`.

        Waits itself only while thousands of records are under way from thread to thread because `buffer_memory`
        is used up; raises BufferFull after `max_block_ms` of that, and SerializationError at once. Any other error is
        the delivery's; one that nobody waits for is a line in the log.
        """
        self._open_inbox()
        return self._take(topic, value, key, headers, partition, timestamp_ms)

    def send_many(
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
        `errors` of the result. What cannot be encoded is raised before anything is sent.
        """
        sending = self._after_inbox(
            self._client.send_many,
            topic,
            values,
            keys=keys,
            headers=headers,
            partition=partition,
            timestamp_ms=timestamp_ms,
            return_exceptions=return_exceptions,
        )
        return self._ask(sending)

    def ready(self) -> None:
        """Wait until `buffer_memory` has room for another batch. Raises BufferFull after `max.block.ms`."""
        self._ask(self._client.ready())

    def flush(self) -> None:
        """Until everything sent so far is delivered or has failed, without lingering."""
        self._ask(self._after_inbox(self._client.flush))

    def partitions_for(self, topic: AnyTopic) -> list[int]:
        """The partitions of a topic. Raises KafkaError when there is no such topic."""
        return self._ask(self._client.partitions_for(topic))

    def health(self) -> ProducerHealth:
        """How it is doing now."""
        return self._call(self._client.health)

    def _open_inbox(self) -> Inbox:
        if self._inbox is None or self._loop is None:
            raise RuntimeError(
                "this producer is not started, or closed: use it in a with block, or call start()"
            )
        return self._inbox

    # Transactions; `transaction` is the usual way, the others are its steps.

    def transaction(self, consumer: Consumer[Any, Any] | None = None) -> Transaction:
        """`with producer.transaction(consumer) as tx:` commits at the end what the block sent.

        With a consumer, the positions that it has reached are part of the transaction, under the fencing of its
        group (KIP-447). An exception in the block aborts.
        """
        made = self._client.transaction(None if consumer is None else consumer.asynchronous)
        return Transaction(self, made, lambda step: self._ask(self._after_inbox(step)))

    def init_transactions(self) -> None:
        """Take over the `transactional_id`; `start` has done so already."""
        self._ask(self._client.init_transactions())

    def begin_transaction(self) -> None:
        """From now on everything that is sent is part of one transaction."""
        self._ask(self._after_inbox(self._client.begin_transaction))

    def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group_metadata: GroupMetadata
    ) -> None:
        """The group's offsets become these if the transaction is committed."""
        self._ask(self._client.send_offsets_to_transaction(offsets, group_metadata))

    def commit_transaction(self) -> None:
        """Deliver what was sent, and make all of it visible at once.

        Raises AbortableError when it has to be aborted, FatalError when the producer cannot go on, and
        RequestTimedOutError when the outcome is not known: then call it again.
        """
        self._ask(self._after_inbox(self._client.commit_transaction))

    def abort_transaction(self) -> None:
        """Give up what was sent: none of it becomes visible."""
        self._ask(self._after_inbox(self._client.abort_transaction))

    @property
    def may_abort(self) -> bool:
        """Whether there is a transaction that can be aborted."""
        return self._call(lambda: self._client.may_abort)

    # In the event loop.

    async def _begin(self) -> None:
        await self._client.start()
        assert self._loop is not None
        self._inbox = Inbox(self._loop, self._client)
        tracing, take = self._client._tracing, self._inbox.take  # noqa: SLF001 - its own, other face
        self._take = take if tracing is None else tracing.sends(take)

    async def _close(self, deliver: bool) -> None:
        try:
            await self._open_inbox().close(deliver=deliver)
        except BaseException:
            deliver = False
            raise
        finally:
            await self._client.close(deliver=deliver)

    async def _after_inbox(
        self, call: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What was sent before comes first."""
        await self._open_inbox().handed_over()
        return await call(*args, **kwargs)
