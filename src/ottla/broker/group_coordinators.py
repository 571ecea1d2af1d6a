"""The group coordinators of this broker: one `GroupShard` for each partition of `__consumer_offsets`, loaded when the
broker starts, and the internal topic itself, made when somebody first looks for a coordinator.
"""

import asyncio
import contextlib
import logging

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.group_shard import GroupShard
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.topic_creation import make_topics
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.java_hash import coordinator_partition
from ottla.groups.config import GroupConfig, Migration
from ottla.groups.topics import Topic, Topics
from ottla.net.tasks import Tasks
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig

OFFSETS_TOPIC = "__consumer_offsets"

_log = logging.getLogger(__name__)


class GroupCoordinators:
    """All groups that this broker coordinates."""

    def __init__(
        self, cluster: Cluster, config: BrokerConfig, partitions: Partitions, clock: Clock, tasks: Tasks
    ) -> None:
        self._tasks = tasks
        self._cluster = cluster
        self._config = config
        self._partitions = partitions
        self._clock = clock
        self._group_config = group_config(config)
        self._topics = _topics(cluster.image)
        self._topics_changed = False
        self._closed = False
        self._shards: dict[int, asyncio.Task[GroupShard]] = {}

    async def shard_of(self, group_id: str) -> GroupShard:
        """The coordinator of this group, loaded. Raises KafkaError: COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR."""
        topic = self._cluster.image.topics.get(OFFSETS_TOPIC)
        if topic is None:
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{OFFSETS_TOPIC} does not exist yet")
        self._tell_topics()
        return await self._loaded(coordinator_partition(group_id, len(topic.partitions)))

    async def all_shards(self) -> list[GroupShard]:
        """Every coordinator, loaded."""
        topic = self._cluster.image.topics.get(OFFSETS_TOPIC)
        self._tell_topics()
        return [await self._loaded(index) for index in range(len(topic.partitions) if topic else 0)]

    async def make_topic(self) -> None:
        """Make the internal topic if it is missing. Raises KafkaError."""
        if OFFSETS_TOPIC in self._cluster.image.topics:
            return
        brokers = sum(not broker.fenced for broker in self._cluster.image.brokers.values())
        configs = {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": str(self._config.integer("offsets.topic.segment.bytes")),
        }
        wanted = CreatableTopic(
            name=OFFSETS_TOPIC,
            num_partitions=self._config.integer("offsets.topic.num.partitions"),
            replication_factor=min(self._config.integer("offsets.topic.replication.factor"), brokers),
            configs=[CreatableTopicConfig(name=name, value=value) for name, value in configs.items()],
        )
        (creation,) = await make_topics(self._cluster, self._config, [wanted])
        if creation.verdict.code not in (ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS):
            raise KafkaError(creation.verdict.code, creation.verdict.message or "")

    async def load_all(self) -> None:
        """What a starting broker does: from now on the members of all groups are waited for."""
        topic = self._cluster.image.topics.get(OFFSETS_TOPIC)
        for index in range(len(topic.partitions) if topic else 0):
            with contextlib.suppress(KafkaError):  # the log tells; the others are loaded all the same
                await self._loaded(index)

    async def _loaded(self, index: int) -> GroupShard:
        """Whoever comes while a shard is read back waits for it."""
        if self._closed:
            raise KafkaError(ErrorCode.NOT_COORDINATOR, "the coordinator stops")
        loading = self._shards.get(index)
        if loading is None or (loading.done() and (loading.cancelled() or loading.exception())):
            loading = self._tasks.start(self._load(index), f"load {OFFSETS_TOPIC}-{index}")
            self._shards[index] = loading
        try:
            return await asyncio.shield(loading)
        except asyncio.CancelledError:
            if not loading.cancelled():
                raise
            raise KafkaError(ErrorCode.NOT_COORDINATOR, "the coordinator stops") from None

    async def _load(self, index: int) -> GroupShard:
        name = f"{OFFSETS_TOPIC}-{index}"
        partition = self._partitions.find(OFFSETS_TOPIC, index)
        if not isinstance(partition, Partition):
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{name}: {partition.name}")
        from ottla.groups.coordinator import GroupCoordinator  # most of the groups floor: not at start

        machine = GroupCoordinator(self._group_config, self._topics)
        durable = self._config.text("log.flush.acks") == "all"
        shard = GroupShard(partition, machine, self._clock, durable=durable)
        try:
            await shard.load()
        except (OSError, KafkaError) as error:
            _log.error("%s cannot be read back: %s", name, error)
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{name}: {error}") from error
        if shard.machine.topics is not self._topics:
            shard.set_topics(self._topics)
        return shard

    def apply(self, delta: Delta) -> None:
        """Topics came or went. Groups see new ones with the next request, and those that are gone at once."""
        if delta.created or delta.deleted or delta.changed:
            self._topics_changed = True
        if any(topic.name == OFFSETS_TOPIC for topic in delta.deleted):
            self._forget()
        elif delta.deleted:
            self._tell_topics()

    def _tell_topics(self) -> None:
        if not self._topics_changed:
            return
        self._topics_changed = False
        self._topics = _topics(self._cluster.image)
        for shard in self._done():
            shard.set_topics(self._topics)

    def _done(self) -> list[GroupShard]:
        done = (each for each in self._shards.values() if each.done() and not each.cancelled())
        return [each.result() for each in done if each.exception() is None]

    def close(self) -> None:
        """The broker stops: whoever waits is sent away, and so is whoever still comes."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        """Nobody waits any longer; what was known is in the log."""
        for shard in self._done():
            shard.close()
        for loading in self._shards.values():
            loading.cancel()
        self._shards.clear()


def group_config(config: BrokerConfig) -> GroupConfig:
    """What the machines need of the broker's configs."""
    return GroupConfig(
        group_min_session_timeout_ms=config.integer("group.min.session.timeout.ms"),
        group_max_session_timeout_ms=config.integer("group.max.session.timeout.ms"),
        group_initial_rebalance_delay_ms=config.integer("group.initial.rebalance.delay.ms"),
        group_max_size=config.integer("group.max.size"),
        group_consumer_session_timeout_ms=config.integer("group.consumer.session.timeout.ms"),
        group_consumer_heartbeat_interval_ms=config.integer("group.consumer.heartbeat.interval.ms"),
        group_consumer_max_size=config.integer("group.consumer.max.size"),
        group_consumer_assignors=config.items("group.consumer.assignors"),
        group_consumer_migration_policy=Migration(config.text("group.consumer.migration.policy").lower()),
        offset_metadata_max_bytes=config.integer("offset.metadata.max.bytes"),
        offsets_retention_ms=config.integer("offsets.retention.minutes") * 60_000,
        offsets_retention_check_interval_ms=config.integer("offsets.retention.check.interval.ms"),
    )


def _topics(image: ClusterImage) -> Topics:
    topics = (Topic(each.name, each.id, len(each.partitions)) for each in image.topics.values())
    return Topics(topics, image.revision)
