"""The parts of a consumer, put together; what runs, and in which order it starts and ends."""

import asyncio
import logging
import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ottla.client.backoff import backoff_seconds
from ottla.client.cluster import Cluster
from ottla.client.commits import Commits
from ottla.client.committing import Committing
from ottla.client.consumer_health import ConsumerHealth
from ottla.client.coordinators import CoordinatorType
from ottla.client.decoding import Decoding
from ottla.client.fetcher import Fetcher
from ottla.client.group_member import GroupMember
from ottla.client.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.locator import Locator
from ottla.client.membership import MemberConfig
from ottla.client.membership_assignment import assignors_named
from ottla.client.membership_classic import ClassicMembership
from ottla.client.membership_consumer import ConsumerMembership
from ottla.client.metadata import TopicPartition
from ottla.client.offsets import FoundOffset, found_offsets
from ottla.client.positions import UNKNOWN, Place, Positions
from ottla.client.reading import Reading
from ottla.client.rebalancing import Rebalancing
from ottla.client.refresher import Refresher
from ottla.client.settings import ConsumerSettings
from ottla.client.subscription import Subscription
from ottla.client.topic import Topic
from ottla.core.errors import ErrorCode, KafkaError, UnsupportedVersionError
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")
_FIRST_WITH_OWN_ID = 1
"""Of ConsumerGroupHeartbeat: the member makes up its id, and expressions are evaluated by the broker (KIP-1082)."""


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
        self.subscription = Subscription()
        self.positions = Positions()
        self.refresher = Refresher(cluster, self._refreshed)
        self.fetcher = Fetcher(cluster, settings, self.positions, self.refresher)
        self.reading = Reading(self.positions, self.fetcher, Decoding(settings, topics), cluster.clock)
        self.commits = Commits(cluster, settings.group_id) if settings.group_id is not None else None
        committed = self._committed if self.commits is not None else None
        self.locator = Locator(cluster, settings, self.positions, self.fetcher, committed)
        self.committing: Committing | None = None
        self.rebalancing: Rebalancing | None = None
        self.member: GroupMember | None = None
        self.moved = asyncio.Event()
        """Set whenever positions have been found or partitions have come or gone."""
        self._classic_only = classic_only
        self._tasks = Tasks("consumer")
        self._subscribing: asyncio.Task[None] | None = None
        self._started = False
        self._closed = False
        self.reading.came = self._came
        self.locator.located = self.moved.set
        self.fetcher.arrived = self._arrived

    # Beginning and end

    async def start(self) -> None:
        """Find a broker and begin. Raises KafkaError when none answers."""
        await self.cluster.connect()
        try:
            if self.commits is not None:
                await self._make_member(self.commits)
        except BaseException:
            await self.cluster.close()
            raise
        self._started = True
        self._tasks.start(self.fetcher.run(), "fetcher")
        self._tasks.start(self.locator.run(), "locator")
        self.refresher.keep_fresh(self._topics_to_refresh)
        if self.committing is not None:
            self._tasks.start(self.committing.run(), "auto commit")
        if not self.subscription.is_empty:
            self.subscribe()

    async def close(self, *, finished: bool) -> None:
        """Commit, leave the group, end. What is in hand counts as done if it is `finished`."""
        if self._closed or not self._started:
            self._closed = True
            await self.cluster.close()
            return
        self._closed = True
        try:
            if finished:
                self.reading.come_back()
            self.reading.close()
            if self.committing is not None:
                await self.committing.finished()
            if self.member is not None:
                await self.member.close()
        finally:
            await self._tasks.close()
            await self.refresher.close()
            await self.cluster.close()

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
        self.rebalancing = Rebalancing(
            self.positions,
            self.fetcher,
            self.locator,
            self.reading,
            self.subscription.hooks,
            self.committing.finished,
        )
        now_ms = int(self.cluster.clock.monotonic() * 1000)
        machine: ClassicMembership | ConsumerMembership
        if await self._speaks_consumer_protocol():
            self.subscription.broker_evaluates = True
            machine = ConsumerMembership(self._member_config(), str(uuid.uuid4()), now_ms)
        else:
            machine = ClassicMembership(self._member_config(), now_ms)
        self.member = GroupMember(self.cluster, machine, self.rebalancing)
        self.member.changed = self.moved.set
        self.member.start()

    def _member_config(self) -> MemberConfig:
        settings = self.settings
        assert settings.group_id is not None
        return MemberConfig(
            group_id=settings.group_id,
            instance_id=settings.group_instance_id,
            rack_id=settings.client_rack or None,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            max_poll_interval_ms=settings.max_poll_interval_ms,
            request_timeout_ms=settings.request_timeout_ms,
            assignors=assignors_named(tuple(settings.partition_assignment_strategy)),
            server_assignor=settings.group_remote_assignor,
            backoff_ms=lambda attempts: int(backoff_seconds(settings, attempts) * 1000),
        )

    async def _speaks_consumer_protocol(self) -> bool:
        """Whether KIP-848 is spoken: because it was asked for, or offered and nothing else was asked for."""
        wanted = self.settings.group_protocol
        if wanted == "classic" or (wanted is None and self._classic_only):
            return False
        node = await self._group_broker()
        offered = False
        if node is not None:
            versions = await self.cluster.versions(node)
            enabled = versions.level("group.version") >= 1
            offered = enabled and versions.highest("ConsumerGroupHeartbeat") >= _FIRST_WITH_OWN_ID
        if wanted == "consumer" and node is not None and not offered:
            fix = "set group_protocol to classic, or upgrade the brokers and finalize group.version 1"
            raise UnsupportedVersionError(
                ErrorCode.UNSUPPORTED_VERSION, f"the brokers do not offer KIP-848; {fix}"
            )
        return offered or wanted == "consumer"

    async def _group_broker(self) -> int | None:
        assert self.settings.group_id is not None
        try:
            return await self.cluster.retrying(
                lambda: self.cluster.coordinator(self.settings.group_id or "", CoordinatorType.GROUP)
            )
        except KafkaError as error:
            if not error.retriable:
                raise
            return next(iter(self.cluster.metadata.brokers), None)

    def group_metadata(self) -> GroupMetadata:
        """Who this consumer is in its group; partitions by hand belong to nobody else.

        Raises RejoinError while it is no member: without a generation a commit would overwrite those of others.
        """
        assert self.settings.group_id is not None
        if self.member is None or self.subscription.by_hand or self.subscription.is_empty:
            return GroupMetadata(self.settings.group_id)
        who = self.member.metadata
        if who.generation_id < 0:
            text = f"not a member of group {who.group_id} now: what was read belongs to others, and is not committed"
            raise KafkaError(
                ErrorCode.UNKNOWN_MEMBER_ID, text, advice="read on; it comes again to whoever has it"
            )
        return who

    async def _committed(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        assert self.commits is not None
        return await self.commits.committed(partitions, self.reader)

    def reader(self) -> GroupMetadata:
        """As whom offsets are read: nobody has to be a member for that."""
        member_of = self.member is not None and not self.subscription.by_hand
        return (
            self.member.metadata if member_of and self.member else GroupMetadata(self.settings.group_id or "")
        )

    # What is read

    def subscribe(self) -> None:
        """What the subscription says has changed."""
        if self._started and (self._subscribing is None or self._subscribing.done()):
            self._subscribing = self._tasks.start(self._subscribe(), "subscribe")

    async def _subscribe(self) -> None:
        attempts = 0
        while True:
            asked = self.subscription.wanted, self.subscription.pattern
            try:
                await self._know_topics()
            except KafkaError as error:
                attempts += 1
                if not error.retriable and error.code is not ErrorCode.BROKER_NOT_AVAILABLE:
                    self.reading.fail(error)
                await asyncio.sleep(backoff_seconds(self.settings, attempts))
                continue
            if asked == (self.subscription.wanted, self.subscription.pattern):
                break
        self._apply()

    async def _know_topics(self) -> None:
        if self.subscription.pattern is not None:
            await self.cluster.refresh(None)
            self.subscription.resolve(
                self.cluster.metadata, exclude_internal=self.settings.exclude_internal_topics
            )
        elif self.subscription.topics:
            await self.cluster.refresh(
                self.subscription.topics, create=self.settings.allow_auto_create_topics
            )

    def _apply(self) -> None:
        if self.subscription.by_hand or self._closed:
            return
        if self.member is not None:
            self.member.subscribe(self.subscription.wanted)
        else:
            self._read_all()

    def _read_all(self) -> None:
        """Without a group: every partition of the topics."""
        known = self.cluster.metadata.topics
        wanted = {
            TopicPartition(topic, number)
            for topic in self.subscription.topics
            if topic in known
            for number in known[topic].partitions
        }
        self.read(wanted, gone=self.positions.partitions - wanted)
        if self.subscription.topics - known.keys() or any(
            not known[t].partitions for t in self.subscription.topics
        ):
            self._tasks.start(self._look_again(), "unknown topics")

    async def _look_again(self) -> None:
        await asyncio.sleep(self.settings.retry_backoff_max_ms / 1000)
        self.subscribe()

    def read(self, wanted: Iterable[TopicPartition], gone: Iterable[TopicPartition]) -> None:
        """Partitions without a group's help."""
        gone = list(gone)
        self.reading.stop(self.positions.all_of(gone))
        self.positions.remove(gone)
        self.positions.add(partition for partition in wanted if partition not in self.positions)
        self.locator.wake()
        self.fetcher.resumed()
        self.moved.set()

    async def unsubscribe(self) -> None:
        """Give everything up; a member leaves its group. Whoever calls is done with what is in hand."""
        self.reading.come_back()
        self.subscription.to_nothing()
        if self.member is not None:
            await self.member.leave()
        self.read((), gone=self.positions.partitions)

    def subscribe_to(
        self, topics: Collection[Topic[Any, Any] | str], pattern: str | re.Pattern[str] | None
    ) -> None:
        """By name or by pattern; who evaluates a pattern that is text depends on the group's protocol."""
        if self.subscription.by_hand:
            self.read((), gone=self.positions.partitions)
        if pattern is not None:
            self.subscription.to_pattern(pattern)
        else:
            self.subscription.to_topics(topics)
            self.reading.decoding.add(topics)
        self.subscribe()

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """By hand. Raises KafkaError while topics are subscribed to."""
        if not self.subscription.by_hand and not self.subscription.is_empty:
            text = "topics are subscribed to; unsubscribe before partitions are assigned by hand"
            raise KafkaError(ErrorCode.INVALID_REQUEST, text)
        self.subscription.to_partitions()
        wanted = frozenset(partitions)
        self.read(wanted, gone=self.positions.partitions - wanted)

    # Positions

    async def located(self, partition: TopicPartition) -> Place:
        """The partition's place, once it has an offset. Raises KafkaError when none can be found."""
        limit_ms = self.settings.default_api_timeout_ms
        try:
            async with asyncio.timeout(limit_ms / 1000):
                while True:
                    self.reading.settle()
                    place = self.positions.of(partition)
                    if place.position != UNKNOWN:
                        return place
                    if place.problem is not None:
                        raise place.problem
                    self.moved.clear()
                    await self.moved.wait()
        except TimeoutError:
            text = f"no offset of {partition} was found in default_api_timeout_ms, {limit_ms} ms"
            raise KafkaError(ErrorCode.REQUEST_TIMED_OUT, text) from None

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """What is in hand of it is done."""
        self._leave_place(partition)
        self.positions.seek(partition, offset)
        self.fetcher.resumed()
        self.locator.wake()

    async def seek_to_time(self, partitions: Collection[TopicPartition], timestamp: int) -> None:
        """Of these, or all that are assigned."""
        for partition in partitions or self.positions.partitions:
            self._leave_place(partition)
            self.positions.reset(partition, timestamp)
        self.fetcher.resumed()
        self.locator.wake()
        for partition in partitions or self.positions.partitions:
            await self.located(partition)

    def _leave_place(self, partition: TopicPartition) -> None:
        place = self.positions.of(partition)
        self.reading.stop([place])

    async def find_offsets(
        self, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset]:
        """By ListOffsets, as a reader of this isolation sees them."""
        for topic in {partition.topic for partition in timestamps}:
            await self.cluster.topic(topic)
        read_committed = self.settings.isolation_level == "read_committed"
        return await found_offsets(self.cluster, timestamps, read_committed=read_committed)

    def health(self, lag: Mapping[TopicPartition, int]) -> ConsumerHealth:
        """At this moment."""
        now = self.cluster.clock.monotonic()
        machine = self.member.machine if self.member is not None else None
        heard_ms = machine.heard_ms if machine is not None else None
        who = self.member.metadata if self.member is not None else GroupMetadata("")
        fetched = self.fetcher.fetched_at
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

    def _came(self) -> None:
        if self.member is not None:
            self.member.polled()

    def _arrived(self) -> None:
        self.reading.arrived()
        self.locator.wake()

    def _topics_to_refresh(self) -> set[str] | None:
        if self.subscription.pattern is not None:
            return None
        return {*self.subscription.topics, *(place.partition.topic for place in self.positions)}

    def _refreshed(self) -> None:
        self.fetcher.wake()
        self.locator.wake()
        exclude = self.settings.exclude_internal_topics
        if self.subscription.resolve(self.cluster.metadata, exclude_internal=exclude):
            self._apply()
        elif self.member is None and not self.subscription.by_hand and self._started:
            self._read_all()
        elif self.member is not None:
            self.member.topics_changed()
