"""What the client knows about the cluster: an immutable picture, replaced by every Metadata reply.

Rule: of one topic (by its id) a partition's leader epoch never goes back. A reply of a broker that has heard less
leaves what is known about that partition as it is (KIP-320).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ottla.client.brokers.address import Address
from ottla.core.errors import ErrorCode
from ottla.wire.messages.metadata import MetadataResponse, MetadataResponsePartition, MetadataResponseTopic


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


def checked_partitions(partitions: Iterable[object]) -> list[TopicPartition]:
    """The same, as a list; a pair of name and number will do. Raises TypeError for anything else."""
    advice = 'partitions are told as a list: [TopicPartition("orders", 0)]'
    if isinstance(partitions, str | TopicPartition) or not isinstance(partitions, Iterable):
        raise TypeError(f"{partitions!r} is no list of partitions; {advice}")
    found = []
    for each in partitions:
        match each:
            case (str() as topic, int() as partition):
                found.append(TopicPartition(topic, partition))
            case _:
                raise TypeError(f"{each!r} is no partition; {advice}")
    return found


@dataclass(frozen=True, slots=True)
class PartitionMetadata:
    """Where one partition lives."""

    leader: int
    """The leader's node id, -1 when there is none."""
    leader_epoch: int
    """-1 when the broker is too old to say."""
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    error: ErrorCode
    offline: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicMetadata:
    """One topic as the last reply showed it."""

    name: str
    topic_id: bytes
    is_internal: bool
    error: ErrorCode
    partitions: Mapping[int, PartitionMetadata]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Brokers and the topics asked about so far."""

    cluster_id: str | None = None
    controller_id: int = -1
    brokers: Mapping[int, Address] = field(default_factory=dict)
    topics: Mapping[str, TopicMetadata] = field(default_factory=dict)
    racks: Mapping[int, str] = field(default_factory=dict)
    """Of those brokers that have one."""
    topic_names: Mapping[bytes, str] = field(default_factory=dict)
    """By topic id."""

    def updated(self, response: MetadataResponse, *, complete: bool = False) -> "Metadata":
        """With the reply's brokers, and its topics in place of what was known about them.

        `complete`: the reply is about all topics, so that others are no more.
        """
        answered = {
            topic.name: _topic(topic.name, topic, self.topics.get(topic.name))
            for topic in response.topics
            if topic.name
        }
        topics = answered if complete else {**self.topics, **answered}
        return replace(
            self,
            cluster_id=response.cluster_id,
            controller_id=response.controller_id,
            brokers={broker.node_id: Address(broker.host, broker.port) for broker in response.brokers},
            racks={broker.node_id: broker.rack for broker in response.brokers if broker.rack is not None},
            topics=topics,
            topic_names=_names(topics.values()),
        )

    def leader(self, partition: TopicPartition) -> int | None:
        """The node id of the partition's leader, None when it is unknown or has no address."""
        known = self.partition(partition)
        return known.leader if known and known.leader in self.brokers else None

    def partition(self, partition: TopicPartition) -> PartitionMetadata | None:
        """What is known about it."""
        topic = self.topics.get(partition.topic)
        return topic.partitions.get(partition.partition) if topic else None

    def with_leader(
        self,
        partition: TopicPartition,
        leader: int,
        leader_epoch: int,
        endpoints: Mapping[int, Address] | None = None,
    ) -> "Metadata":
        """With what a Produce or Fetch reply said about a new leader (KIP-951); itself when that is not news.

        `endpoints` are the addresses that came along.
        """
        topic = self.topics.get(partition.topic)
        known = self.partition(partition)
        if topic is None or known is None or leader_epoch <= known.leader_epoch or leader < 0:
            return self
        brokers = {**self.brokers, **(endpoints or {})}
        if leader not in brokers:
            return self
        moved = replace(known, leader=leader, leader_epoch=leader_epoch, error=ErrorCode.NONE)
        changed = replace(topic, partitions={**topic.partitions, partition.partition: moved})
        return replace(self, brokers=brokers, topics={**self.topics, partition.topic: changed})

    def with_broker(self, node_id: int, address: Address) -> "Metadata":
        """With a broker that another reply than Metadata's named; itself when that is not news."""
        if self.brokers.get(node_id) == address:
            return self
        return replace(self, brokers={**self.brokers, node_id: address})


def _names(topics: Iterable[TopicMetadata]) -> dict[bytes, str]:
    return {topic.topic_id: topic.name for topic in topics if any(topic.topic_id)}


def _topic(name: str, topic: MetadataResponseTopic, known: TopicMetadata | None) -> TopicMetadata:
    is_same = known is not None and known.topic_id == topic.topic_id
    before = known.partitions if known is not None and is_same else {}
    partitions = {
        partition.partition_index: _newer(_partition(partition), before.get(partition.partition_index))
        for partition in topic.partitions
    }
    return TopicMetadata(
        name=name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        error=ErrorCode(topic.error_code),
        partitions=partitions,
    )


def _newer(answered: PartitionMetadata, known: PartitionMetadata | None) -> PartitionMetadata:
    goes_back = known is not None and 0 <= answered.leader_epoch < known.leader_epoch
    return known if known is not None and goes_back else answered


def _partition(partition: MetadataResponsePartition) -> PartitionMetadata:
    return PartitionMetadata(
        leader=partition.leader_id,
        leader_epoch=partition.leader_epoch,
        replicas=tuple(partition.replica_nodes),
        in_sync=tuple(partition.isr_nodes),
        error=ErrorCode(partition.error_code),
        offline=tuple(partition.offline_replicas),
    )
