"""The group coordinators of this broker: what they add to coordinators are the topics that groups read."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.coordinators import Coordinators, InternalTopic
from ottla.broker.group_shard import GroupShard
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.features import GROUP_VERSION, level_of
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.core.clock import Clock
from ottla.groups.config import GroupConfig, Migration
from ottla.groups.topics import Topic, Topics
from ottla.net.tasks import Tasks

OFFSETS_TOPIC = "__consumer_offsets"


class GroupCoordinators(Coordinators[GroupShard]):
    """All groups that this broker coordinates."""

    topic = OFFSETS_TOPIC

    def __init__(
        self, cluster: Cluster, config: BrokerConfig, partitions: Partitions, clock: Clock, tasks: Tasks
    ) -> None:
        super().__init__(cluster, config, partitions, clock, tasks)
        self._group_config = group_config(config)
        self._topics = _topics(cluster.image)
        self._topics_changed = False

    @property
    def has_consumer_protocol(self) -> bool:
        """Whether the cluster's features allow groups of KIP-848."""
        return level_of(self._cluster.image, GROUP_VERSION) > 0

    async def shard_of(self, key: str) -> GroupShard:
        """The coordinator of this group, loaded, and told which topics there are."""
        self._tell_topics()
        return await super().shard_of(key)

    async def all_shards(self) -> list[GroupShard]:
        """Every coordinator, loaded, and told which topics there are."""
        self._tell_topics()
        return await super().all_shards()

    def _wanted_topic(self) -> InternalTopic:
        return InternalTopic(
            self._config.integer("offsets.topic.num.partitions"),
            self._config.integer("offsets.topic.replication.factor"),
            {"segment.bytes": str(self._config.integer("offsets.topic.segment.bytes"))},
        )

    def _shard(self, partition: Partition) -> GroupShard:
        from ottla.groups.coordinator import GroupCoordinator  # most of the groups floor: not at start

        machine = GroupCoordinator(self._group_config, self._topics)
        return GroupShard(partition, machine, self._clock, durable=self._durable)

    def _loaded(self, shard: GroupShard) -> None:
        if shard.machine.topics is not self._topics:
            shard.set_topics(self._topics)

    def apply(self, delta: Delta) -> None:
        """Topics came or went. Groups see new ones with the next request, and those that are gone at once."""
        if delta.created or delta.deleted or delta.changed:
            self._topics_changed = True
        super().apply(delta)
        if delta.deleted:
            self._tell_topics()

    def _tell_topics(self) -> None:
        if not self._topics_changed:
            return
        self._topics_changed = False
        self._topics = _topics(self._cluster.image)
        for shard in self._done():
            shard.set_topics(self._topics)


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
