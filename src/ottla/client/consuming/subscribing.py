"""Makes of a subscription what is read: by the group's membership, or all partitions, or those given by hand."""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster, topic_error
from ottla.client.brokers.metadata import TopicPartition, checked_partitions
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.locator import Locator
from ottla.client.consuming.positions import Positions
from ottla.client.consuming.reading import Reading
from ottla.client.consuming.subscription import Subscription
from ottla.client.membership.group_member import GroupMember
from ottla.client.topic import Topic
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")


class Subscribing:
    """Follows the subscription and the topics that there are."""

    def __init__(
        self,
        cluster: Cluster,
        settings: ConsumerSettings,
        positions: Positions,
        fetcher: Fetcher,
        locator: Locator,
        reading: Reading,
    ) -> None:
        self.subscription = Subscription()
        self.member: GroupMember | None = None
        """With it the group decides; without, all partitions are read."""
        self.moved: Callable[[], None] = lambda: None
        """Called when partitions have come or gone."""
        self._cluster = cluster
        self._settings = settings
        self._positions = positions
        self._fetcher = fetcher
        self._locator = locator
        self._reading = reading
        self._tasks = Tasks("subscribing")
        self._running: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._missing: dict[str, bool] = {}
        """Topics that were looked for in vain, and whether that has been said."""
        self._started = False

    # What the consumer asks for

    def start(self) -> None:
        """From now on the cluster can be asked."""
        self._started = True
        if not self.subscription.is_empty:
            self._renew()

    async def close(self) -> None:
        self._started = False
        await self._tasks.close()

    def to(self, topics: Collection[Topic[Any, Any] | str], pattern: str | re.Pattern[str] | None) -> None:
        """By name or by pattern; who evaluates a pattern that is text depends on the group's protocol."""
        if self.subscription.by_hand:
            self._read((), gone=self._positions.partitions)
        if pattern is not None:
            self.subscription.to_pattern(pattern)
        else:
            self.subscription.to_topics(topics)
            self._reading.decoding.add(topics)
        self._renew()

    async def to_nothing(self) -> None:
        """Give everything up; a member leaves its group. Whoever calls is done with what is in hand.

        Raises KafkaError in a hook.
        """
        self.subscription.hooks.raise_if_calling("unsubscribe()")
        self._reading.come_back()
        self.subscription.to_nothing()
        if self.member is not None:
            await self.member.leave()
        self._read((), gone=self._positions.partitions)

    def by_hand(self, partitions: Collection[TopicPartition]) -> None:
        """Raises KafkaError while topics are subscribed to, and TypeError for what is no partition."""
        if not self.subscription.by_hand and not self.subscription.is_empty:
            text = "topics are subscribed to; unsubscribe before partitions are assigned by hand"
            raise KafkaError(ErrorCode.INVALID_REQUEST, text)
        wanted = frozenset(checked_partitions(partitions))
        self.subscription.to_partitions()
        self._read(wanted, gone=self._positions.partitions - wanted)

    # Topics

    def topics_to_refresh(self) -> set[str] | None:
        """Those that metadata is kept fresh of; None for all."""
        if self.subscription.pattern is not None:
            return None
        read = {place.partition.topic for place in self._positions}
        return read | self.subscription.topics | (self.member.topics_of_group if self.member else frozenset())

    def refreshed(self) -> None:
        """Metadata is fresh: topics may have come or gone, or have more partitions."""
        if not self._started:
            return
        if self._resolve():
            self._apply()
        elif self.member is not None:
            self.member.topics_changed()
        else:
            self._apply()

    def _resolve(self) -> bool:
        exclude = self._settings.exclude_internal_topics
        return self.subscription.resolve(self._cluster.metadata, exclude_internal=exclude)

    def _renew(self) -> None:
        if self._started and (self._running is None or self._running.done()):
            self._running = self._tasks.start(self._follow(), "follow")

    async def _follow(self) -> None:
        """Until what was found out is what is subscribed to."""
        attempts, asked = 0, None
        while asked != self._asked():
            asked = self._asked()
            try:
                await self._know_topics()
            except KafkaError as error:
                attempts, asked = attempts + 1, None
                if not error.retriable and error.code is not ErrorCode.BROKER_NOT_AVAILABLE:
                    self._reading.source.fail(error)
                    return
                await asyncio.sleep(backoff_seconds(self._settings, attempts))
        self._apply()

    def _asked(self) -> object:
        return self.subscription.wanted.regex, self.subscription.pattern or self.subscription.topics

    async def _know_topics(self) -> None:
        """Raises KafkaError, also for a topic that cannot be."""
        if self.subscription.pattern is not None:
            await self._cluster.refresh(None)
            self._resolve()
            return
        topics = self.subscription.topics
        if topics:
            await self._cluster.refresh(topics, create=self._settings.allow_auto_create_topics)
        for name in topics:
            error = self._cluster.metadata.topics[name].error
            if error is not ErrorCode.NONE and not error.retriable:
                raise topic_error(name, error)

    async def _look_again(self) -> None:
        await asyncio.sleep(self._settings.retry_backoff_max_ms / 1000)
        self._looking = None
        self._renew()

    def _apply(self) -> None:
        if self.subscription.by_hand:
            return
        if self.member is not None:
            self.member.subscribe(self.subscription.wanted)
            self.member.topics_changed()
        else:
            self._read_all()
        self._look_for_missing()

    def _look_for_missing(self) -> None:
        """Topics may be made later: they are looked for, and after a while in vain that is said, once of each."""
        known = self._cluster.metadata.topics
        missing = {
            name for name in self.subscription.topics if name not in known or not known[name].partitions
        }
        for name in sorted(missing & self._missing.keys()):
            if not self._missing[name]:
                error = known[name].error if name in known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                _log.warning("%s; it is read from when it is there", topic_error(name, error))
        self._missing = {name: name in self._missing for name in missing}
        if missing and (self._looking is None or self._looking.done()):
            self._looking = self._tasks.start(self._look_again(), "missing topics")

    # Without a group

    def _read_all(self) -> None:
        """Every partition of the topics."""
        known = self._cluster.metadata.topics
        counts = {name: known[name].partitions if name in known else () for name in self.subscription.topics}
        wanted = {TopicPartition(name, number) for name, numbers in counts.items() for number in numbers}
        self._read(wanted, gone=self._positions.partitions - wanted)

    def _read(self, wanted: Iterable[TopicPartition], gone: Collection[TopicPartition]) -> None:
        self._reading.stop(self._positions.all_of(gone))
        self._positions.remove(gone)
        self._positions.add(partition for partition in wanted if partition not in self._positions)
        self._locator.wake()
        self._fetcher.queue.resumed()
        self.moved()
