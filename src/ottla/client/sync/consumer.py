"""The consumer for programs without asyncio."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack, overload

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.names import from_config
from ottla.client.config.options import ConsumerOptions
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.batch import Batch as AsyncBatch
from ottla.client.consuming.consumer import Consumer as AsyncConsumer
from ottla.client.consuming.health import ConsumerHealth
from ottla.client.consuming.on_error import OnError
from ottla.client.sync.batch import Batch
from ottla.client.sync.consumer_offsets import ConsumerOffsets
from ottla.client.sync.hooks import Hook, HookT, HookThreads
from ottla.client.topic import Topic
from ottla.records.record import Record

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
_RECORDS_BETWEEN_LOOKS = 500


class Consumer(ConsumerOffsets[K, V]):
    """`with Consumer("orders", group_id="billing") as consumer: for record in consumer: …`

    With a `group_id` the partitions of its topics are shared with the group's other members, and what the application
    is done with is committed: a record counts as done when the next one is asked for, or the `with` block ends
    without an exception. Without one it reads all partitions, and nothing is committed.

    One thread reads at a time; any thread may do the rest. Hooks and handlers run in threads of their own, and may
    call the consumer.
    """

    @overload
    def __init__(
        self: "Consumer[bytes, bytes]",
        *topics: str,
        bootstrap_servers: str | list[str] = ...,
        **options: Unpack[ConsumerOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        *topics: str | Topic[K, V],
        bootstrap_servers: str | list[str] = ...,
        **options: Unpack[ConsumerOptions],
    ) -> None: ...
    def __init__(
        self,
        *topics: str | Topic[Any, Any],
        bootstrap_servers: str | list[str] = "localhost:9092",
        **options: Unpack[ConsumerOptions],
    ) -> None:
        """Raises OptionError for an option that does not exist or cannot have its value."""
        made: AsyncConsumer[Any, Any] = AsyncConsumer(*topics, bootstrap_servers=bootstrap_servers, **options)
        self._client = made
        self._hooks = HookThreads()

    @classmethod
    def from_config(cls, config: Mapping[str, object], *topics: str | Topic[K, V]) -> Self:
        """From the Java clients' or librdkafka's dotted names: `{"bootstrap.servers": …, "group.id": …}`."""
        bootstrap_servers, options = from_config(ConsumerSettings, config)
        return cls(*topics, bootstrap_servers=bootstrap_servers, **options)

    @property
    def settings(self) -> ConsumerSettings:
        """What it was told, and the defaults of the rest."""
        return self._client.settings

    @property
    def asynchronous(self) -> AsyncConsumer[K, V]:
        """The consumer itself, which lives in the event loop's thread: for a producer's transaction."""
        return self._client

    # Beginning and end

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.raise_if_calling("close()")
        if self._loop is not None:
            try:
                self._ask(self._client.__aexit__(kind, error, trace))
            finally:
                self._leave()

    def close(self) -> None:
        """Commit what was handed out, and leave the group. May be called twice.

        Raises KafkaError in a hook, which it would wait for.
        """
        self.__exit__(None, None, None)

    # Reading

    def __iter__(self) -> Iterator[Record[K, V]]:
        """Every record, for ever. Many come from the event loop's thread at a time."""
        reading = self._client._engine.reading  # noqa: SLF001 - its own, other face
        while True:
            self._hooks.raise_if_calling("reading")
            opened = self._ask(reading.open())
            for record in islice(opened.rest, _RECORDS_BETWEEN_LOOKS):
                opened.at = record
                yield record
                if opened.stopped:
                    break

    def batches(self, max_records: int | None = None, max_wait_ms: int = 0) -> Iterator[Batch[K, V]]:
        """Batches of up to `max_records` (by default `max_poll_records`) of one partition, for ever: the fast way.

        Once there are some records, up to `max_wait_ms` are spent on waiting for more.
        """
        stream = self._client.batches(max_records, max_wait_ms)
        while True:
            yield Batch(self._ask(_next_of(stream)), self._commit_batch)

    def getone(self) -> Record[K, V]:
        """The next record, waited for. The one before it counts as done."""
        self._hooks.raise_if_calling("reading")
        return self._ask(self._client.getone())

    def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Record[K, V]]]:
        """What is there, of these partitions or, without any, of all; for nothing it waits `timeout_ms`.

        At most `max_records`, by default `max_poll_records`. What was got before counts as done.
        """
        return self._ask(self._client.getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records))

    def run(
        self,
        handler: Callable[[Record[K, V]], None],
        *,
        on_error: OnError | None = None,
        concurrency: int | Literal["partition", "key"] = 1,
    ) -> None:
        """Call `handler` with every record, for ever, in several threads where `concurrency` allows it.

        1 is one after the other; a number so many at once, in order per key; "partition" and "key" as many as there
        are partitions, or different keys at hand, in order in each. What fails is `on_error`'s: Stop() (the default)
        raises it, Retry(…) tries again, DeadLetter("topic") puts it aside.
        """

        async def handle(record: Record[K, V]) -> None:
            await asyncio.to_thread(handler, record)

        self._ask(self._client.run(handle, on_error=on_error, concurrency=concurrency))

    # What is read

    def subscribe(
        self,
        topics: Collection[str | Topic[Any, Any]] = (),
        *,
        pattern: str | re.Pattern[str] | None = None,
        on_assigned: Hook | None = None,
        on_revoked: Hook | None = None,
        on_lost: Hook | None = None,
    ) -> None:
        """Read these topics from now on, or all whose whole name matches the pattern, instead of what was read.

        A pattern that is text is evaluated by a broker of KIP-848 (as RE2), else here (as Python's).
        """
        for hook, add in (
            (on_assigned, self.on_assigned),
            (on_revoked, self.on_revoked),
            (on_lost, self.on_lost),
        ):
            if hook is not None:
                add(hook)
        self._call(self._client.subscribe, topics, pattern=pattern)

    def unsubscribe(self) -> None:
        """Read nothing any more. A member commits, gives up its partitions and leaves its group."""
        self._hooks.raise_if_calling("unsubscribe()")
        self._ask(self._client.unsubscribe())

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Read these partitions, instead of what was read; a group shares nothing then, it only keeps offsets."""
        self._call(self._client.assign, partitions)

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that are read now."""
        return self._call(self._client.assignment)

    def subscription(self) -> frozenset[str]:
        """The topics subscribed to, as far as they are known by name."""
        return self._call(self._client.subscription)

    def pause(self, *partitions: TopicPartition) -> None:
        """Hand out nothing of these until `resume`; they stay this consumer's."""
        self._call(self._client.pause, *partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        """Undo `pause`."""
        self._call(self._client.resume, *partitions)

    def paused(self) -> frozenset[TopicPartition]:
        """Those that are paused."""
        return self._call(self._client.paused)

    def on_assigned(self, hook: HookT) -> HookT:
        """`@consumer.on_assigned`: called with partitions, and waited for, before anything of them is handed out."""
        self._client.on_assigned(self._hooks.of(hook))
        return hook

    def on_revoked(self, hook: HookT) -> HookT:
        """`@consumer.on_revoked`: called, and waited for, when their records are finished, before they are given up."""
        self._client.on_revoked(self._hooks.of(hook))
        return hook

    def on_lost(self, hook: HookT) -> HookT:
        """`@consumer.on_lost`: called, and waited for, with partitions that are somebody else's already.

        Without one the hooks of `on_revoked` are called.
        """
        self._client.on_lost(self._hooks.of(hook))
        return hook

    # Looking at it

    def lag(self) -> dict[TopicPartition, int]:
        """How many records are behind each position, by what the last fetch said; not of those never fetched."""
        return self._call(self._client.lag)

    def health(self) -> ConsumerHealth:
        """Last heartbeat and fetch, epoch, assignment, lag, and the last problem."""
        return self._call(self._client.health)

    async def _begin(self) -> None:
        await self._client.start()

    def _commit_batch(self, batch: AsyncBatch[K, V]) -> None:
        self._ask(batch.commit())


async def _next_of(stream: AsyncIterator[T]) -> T:
    return await anext(stream)
