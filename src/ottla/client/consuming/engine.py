"""The parts of a consumer, put together; what runs, and in which order it starts and ends."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.brokers.refresher import Refresher
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.commits import Commits
from ottla.client.consuming.committing import Committing
from ottla.client.consuming.decoding import Decoding
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.health import ConsumerHealth
from ottla.client.consuming.locator import Locator
from ottla.client.consuming.positions import Positions
from ottla.client.consuming.reading import Reading
from ottla.client.consuming.seeking import Seeking
from ottla.client.consuming.subscribing import Subscribing
from ottla.client.membership.consumer import ConsumerMembership
from ottla.client.membership.group_member import GroupMember
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.membership.protocol import membership_of
from ottla.client.membership.rebalancing import Rebalancing
from ottla.client.topic import Topic
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import LEAVE_GROUP_SECONDS
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")


class ConsumerEngine:
    """Everything of a consumer but its face."""

    def __init__(
        self,
        bootstrap_servers: str | Sequence[str],
        settings: ConsumerSettings,
        topics: Collection[Topic[Any, Any] | str],
        *,
        classic_only: bool,
    ) -> None:
        """`classic_only`: something was asked for that KIP-848 does not have."""
        self.bootstrap_servers = bootstrap_servers
        self.cluster = cluster = Cluster(bootstrap_servers, settings)
        self.settings = settings
        self.positions = positions = Positions()
        self.refresher = Refresher(cluster, self._refreshed)
        self.fetcher = Fetcher(cluster, settings, positions, self.refresher)
        self.reading = Reading(positions, self.fetcher, Decoding(settings, topics), cluster.clock)
        self.commits = Commits(cluster, settings.group_id) if settings.group_id is not None else None
        committed = self._committed if self.commits is not None else None
        self.locator = Locator(cluster, settings, positions, self.fetcher, committed)
        parts = (cluster, settings, positions, self.fetcher, self.locator, self.reading)
        self.seeking = Seeking(*parts)
        self.subscribing = Subscribing(*parts)
        self.committing: Committing | None = None
        self.member: GroupMember | None = None
        self._classic_only = classic_only
        self._tasks = Tasks("consumer")
        self._ending = asyncio.Lock()
        self._started = False
        self._closed = False
        self._connect_signals()
        if topics:
            self.subscribing.to(topics, None)

    # Beginning and end

    async def start(self) -> None:
        """Find a broker and begin, once. Raises KafkaError when none answers."""
        if self._started and not self._closed:
            return
        await self.cluster.connect()
        try:
            if self.commits is not None:
                await self._make_member(self.commits)
            else:
                self.subscribing.subscription.decide(broker_evaluates=False)
        except BaseException:
            await self.cluster.close()
            raise
        self._started = True
        self._tasks.start(self.fetcher.run(), "fetcher")
        self._tasks.start(self.locator.run(), "locator")
        self.refresher.keep_fresh(self.subscribing.topics_to_refresh)
        if self.committing is not None:
            self._tasks.start(self.committing.run(), "auto commit")
        self.subscribing.start()

    async def close(self, *, finished: bool) -> None:
        """Commit, leave the group, end. What is in hand counts as done if it is `finished`.

        Raises KafkaError in a hook, and RuntimeError in another event loop.
        """
        self.cluster.home.check()
        self.subscribing.subscription.hooks.raise_if_calling("close()")
        async with self._ending:
            if not self._closed:
                self._closed = True
                await (self._end(finished=finished) if self._started else self.cluster.close())

    async def _end(self, *, finished: bool) -> None:
        try:
            await self.subscribing.close()
            if finished:
                self.reading.come_back()
            self.reading.close()
            await self._say_goodbye()
        finally:
            if self.member is not None:
                await self.member.close()
            await self._tasks.close()
            await self.refresher.close()
            await self.cluster.close()

    async def _say_goodbye(self) -> None:
        """Commit and leave the group, for some seconds at most: there may be nobody who hears it."""
        try:
            async with asyncio.timeout(LEAVE_GROUP_SECONDS):
                if self.committing is not None:
                    await self.committing.finished()
                if self.member is not None:
                    await self.member.leave()
        except TimeoutError:
            _log.warning("group %s: left without a word, no coordinator answers", self.settings.group_id)

    # The group

    async def _make_member(self, commits: Commits) -> None:
        settings = self.settings
        self.committing = Committing(
            commits,
            self.positions,
            self.reading,
            self.group_metadata,
            automatic=bool(settings.enable_auto_commit),
            interval_ms=settings.auto_commit_interval_ms,
        )
        hooks, commit = self.subscribing.subscription.hooks, self.committing.finished
        application = Rebalancing(self.positions, self.fetcher, self.locator, self.reading, hooks, commit)
        machine = await membership_of(self.cluster, settings, classic_only=self._classic_only)
        self.subscribing.subscription.decide(broker_evaluates=isinstance(machine, ConsumerMembership))
        self.member = self.subscribing.member = GroupMember(self.cluster, machine, application)
        self.member.changed = self.seeking.moved.set
        self.member.start()

    def group_metadata(self) -> GroupMetadata:
        """Who this consumer is in its group; partitions by hand belong to nobody else.

        Raises RejoinError while it is no member: without a generation a commit would overwrite those of others. So
        does one of what was lost, after it has become a member again: until the application comes for more.
        """
        who, subscription = self.reader(), self.subscribing.subscription
        self.raise_if_lost()
        if who.generation_id >= 0 or subscription.by_hand or subscription.is_empty:
            return who
        raise _no_member(who.group_id)

    def raise_if_lost(self) -> None:
        """Raises RejoinError while something that the application has in hand is somebody else's."""
        if self.reading.has_lost:
            raise _no_member(self.settings.group_id)

    def reader(self) -> GroupMetadata:
        """As whom offsets are read: nobody has to be a member for that."""
        return (
            self.member.metadata if self.member is not None else GroupMetadata(self.settings.group_id or "")
        )

    async def _committed(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        assert self.commits is not None
        return await self.commits.committed(partitions, self.reader)

    def health(self, lag: Mapping[TopicPartition, int]) -> ConsumerHealth:
        """At this moment."""
        now = self.cluster.clock.monotonic()
        machine = self.member.machine if self.member is not None else None
        heard_ms = machine.heard_ms if machine is not None else None
        who, fetched = self.reader(), self.fetcher.fetched_at
        return ConsumerHealth(
            member_id=who.member_id,
            assignment_epoch=who.generation_id,
            assignment=self.positions.partitions,
            last_heartbeat_seconds=None if heard_ms is None else now - heard_ms / 1000,
            last_fetch_seconds=None if fetched is None else now - fetched,
            lag=lag,
            problem=machine.problem if machine is not None else None,
        )

    # Signals

    def _connect_signals(self) -> None:
        self.reading.source.came = self._came
        self.reading.source.refused = self._refused
        self.locator.located = self.subscribing.moved = self.seeking.moved.set
        self.fetcher.queue.arrived = self._arrived

    def check_loop(self) -> None:
        """Raises RuntimeError for a call from another event loop or thread, once this is started."""
        if self._started:
            self.cluster.home.check()

    def _refused(self) -> str:
        self.check_loop()
        self.subscribing.subscription.hooks.raise_if_calling("reading")
        if not self._started:
            return "this consumer is not started; use `async with`, or `await start()`"
        if not self.subscribing.subscription.was_ever:
            return "this consumer has nothing to read; give it topics, or call subscribe() or assign()"
        return ""

    def _came(self) -> None:
        if self.member is not None:
            self.member.polled()

    def _arrived(self) -> None:
        self.reading.source.arrived()
        self.locator.wake()

    def _refreshed(self) -> None:
        self.fetcher.wake()
        self.locator.wake()
        self.subscribing.refreshed()


def _no_member(group_id: str | None) -> KafkaError:
    text = f"not a member of group {group_id} now: what was read belongs to others, and is not committed"
    advice = "read on; it comes again to whoever has it"
    return KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, text, advice=advice)
