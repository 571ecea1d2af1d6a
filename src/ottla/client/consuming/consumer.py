"""Reads topics, alone or as a member of a group."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, Unpack, overload

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.names import from_config
from ottla.client.config.options import ConsumerOptions, OptionError
from ottla.client.config.settings import ConsumerSettings, settings_from
from ottla.client.consuming.batch import Batch
from ottla.client.consuming.consumer_offsets import ConsumerOffsets
from ottla.client.consuming.engine import ConsumerEngine
from ottla.client.consuming.health import ConsumerHealth
from ottla.client.consuming.on_error import OnError, Stop
from ottla.client.consuming.positions import UNKNOWN
from ottla.client.consuming.processing import Processing
from ottla.client.consuming.subscription import HookT
from ottla.client.membership.assignment import assignors_named
from ottla.client.topic import Topic
from ottla.records.record import Record

K = TypeVar("K")
V = TypeVar("V")
_CLASSIC_ONLY = {"partition_assignment_strategy", "session_timeout_ms", "heartbeat_interval_ms"}
"""Options that mean nothing to a group whose broker decides about them (KIP-848)."""


class Consumer(ConsumerOffsets, Generic[K, V]):
    """`async with Consumer("orders", group_id="billing") as consumer: async for record in consumer: …`

    With a `group_id` the partitions of its topics are shared with the group's other members, and what the application
    is done with is committed: a record counts as done when the next one is asked for, or the block of `async with`
    ends without an exception. Without one it reads all partitions, and nothing is committed.

    One task reads at a time. Any await may be cancelled: nothing is lost, what was not handed out comes next time.
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
        self.settings = settings_from(ConsumerSettings, options)
        assignors_named(self.settings.partition_assignment_strategy)
        classic_only = bool(_CLASSIC_ONLY & options.keys())
        self._engine = ConsumerEngine(bootstrap_servers, self.settings, topics, classic_only=classic_only)

    @classmethod
    def from_config(cls, config: Mapping[str, object], *topics: str | Topic[K, V]) -> Self:
        """From the Java clients' or librdkafka's dotted names: `{"bootstrap.servers": …, "group.id": …}`."""
        bootstrap_servers, options = from_config(ConsumerSettings, config)
        return cls(*topics, bootstrap_servers=bootstrap_servers, **options)

    # Beginning and end

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._engine.close(finished=kind is None)

    async def start(self) -> None:
        """Find a broker and begin to read. Raises KafkaError when none answers; the consumer is closed then."""
        await self._engine.start()

    async def close(self) -> None:
        """Commit what was handed out, and leave the group. May be called twice.

        Raises KafkaError in a hook, which it would wait for.
        """
        await self._engine.close(finished=True)

    # Reading

    def __aiter__(self) -> AsyncIterator[Record[K, V]]:
        """Every record, for ever."""
        return self._engine.reading.records()

    async def batches(
        self, max_records: int | None = None, max_wait_ms: int = 0
    ) -> AsyncIterator[Batch[K, V]]:
        """Batches of up to `max_records` (by default `max_poll_records`) of one partition, for ever: the fast way.

        Once there are some records, up to `max_wait_ms` are spent on waiting for more.
        """
        limit = self._limit(max_records)
        while True:
            yield await self._engine.reading.batch(limit, max_wait_ms / 1000, self.commit)

    async def getone(self) -> Record[K, V]:
        """The next record, waited for. The one before it counts as done."""
        return await self._engine.reading.one()

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Record[K, V]]]:
        """What is there, of these partitions or, without any, of all; for nothing it waits `timeout_ms`.

        At most `max_records`, by default `max_poll_records`. What was got before counts as done.
        """
        limit = self._limit(max_records)
        return await self._engine.reading.many(partitions, timeout_ms / 1000, limit)

    async def run(
        self,
        handler: Callable[[Record[K, V]], Awaitable[None]],
        *,
        on_error: OnError | None = None,
        concurrency: int | Literal["partition", "key"] = 1,
    ) -> None:
        """Call `handler` with every record, for ever, several at once where `concurrency` allows it.

        1 is one after the other; a number so many at once, in order per key; "partition" and "key" as many as there
        are partitions, or different keys at hand, in order in each. What fails is `on_error`'s: Stop() (the default)
        raises it, Retry(…) tries again, DeadLetter("topic") puts it aside.
        """
        await Processing(self._engine, handler, on_error or Stop(), concurrency).run()

    def _limit(self, max_records: int | None) -> int:
        limit = self.settings.max_poll_records if max_records is None else max_records
        if limit < 1:
            raise ValueError(f"max_records is {limit}; there is nothing to wait for below 1")
        return limit

    # What is read

    def subscribe(
        self,
        topics: Collection[str | Topic[Any, Any]] = (),
        *,
        pattern: str | re.Pattern[str] | None = None,
        on_assigned: HookT | None = None,
        on_revoked: HookT | None = None,
        on_lost: HookT | None = None,
    ) -> None:
        """Read these topics from now on, or all whose whole name matches the pattern, instead of what was read.

        A pattern that is text is evaluated by a broker of KIP-848 (as RE2), else here (as Python's).
        """
        self._engine.check_loop()
        if bool(topics) == (pattern is not None):
            raise OptionError("subscribe takes topics or a pattern, one of them")
        for hook, add in (
            (on_assigned, self.on_assigned),
            (on_revoked, self.on_revoked),
            (on_lost, self.on_lost),
        ):
            if hook is not None:
                add(hook)
        self._engine.subscribing.to(topics, pattern)

    async def unsubscribe(self) -> None:
        """Read nothing any more. A member commits, gives up its partitions and leaves its group."""
        self._engine.check_loop()
        await self._engine.subscribing.to_nothing()

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Read these partitions, instead of what was read; a group shares nothing then, it only keeps offsets."""
        self._engine.check_loop()
        self._engine.subscribing.by_hand(partitions)

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that are read now."""
        return self._engine.positions.partitions

    def subscription(self) -> frozenset[str]:
        """The topics subscribed to, as far as they are known by name."""
        return self._engine.subscribing.subscription.topics

    def pause(self, *partitions: TopicPartition) -> None:
        """Hand out nothing of these until `resume`; they stay this consumer's."""
        self._engine.check_loop()
        places = [self._engine.positions.of(partition) for partition in partitions]
        self._engine.reading.stop(places)
        for place in places:
            place.paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        """Undo `pause`."""
        self._engine.check_loop()
        for partition in partitions:
            self._engine.positions.of(partition).paused = False
        self._engine.fetcher.queue.resumed()

    def paused(self) -> frozenset[TopicPartition]:
        """Those that are paused."""
        return frozenset(place.partition for place in self._engine.positions if place.paused)

    def on_assigned(self, hook: HookT) -> HookT:
        """`@consumer.on_assigned`: called (and awaited) with partitions before anything of them is handed out."""
        self._engine.subscribing.subscription.hooks.assigned.append(hook)
        return hook

    def on_revoked(self, hook: HookT) -> HookT:
        """`@consumer.on_revoked`: called (and awaited) when their records are finished, before they are given up."""
        self._engine.subscribing.subscription.hooks.revoked.append(hook)
        return hook

    def on_lost(self, hook: HookT) -> HookT:
        """`@consumer.on_lost`: called (and awaited) with partitions that are somebody else's already.

        Without one the hooks of `on_revoked` are called.
        """
        self._engine.subscribing.subscription.hooks.lost.append(hook)
        return hook

    # Looking at it

    def lag(self) -> dict[TopicPartition, int]:
        """How many records are behind each position, by what the last fetch said; not of those never fetched."""
        self._engine.reading.settle()
        committed_only = self.settings.isolation_level == "read_committed"
        ends = {place: place.end_offset(committed_only=committed_only) for place in self._engine.positions}
        return {
            place.partition: max(0, end - place.position)
            for place, end in ends.items()
            if end >= 0 and place.position != UNKNOWN
        }

    def health(self) -> ConsumerHealth:
        """Last heartbeat and fetch, epoch, assignment, lag, and the last problem."""
        return self._engine.health(self.lag())
