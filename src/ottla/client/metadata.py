"""What the client knows about the cluster: an immutable picture, replaced by every Metadata reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ottla.client.address import Address
from ottla.core.errors import ErrorCode
from ottla.wire.messages.metadata import MetadataResponse, MetadataResponsePartition, MetadataResponseTopic


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True)
class PartitionMetadata:
    """Where one partition lives."""

    leader: int
    """The leader's node id, -1 when there is none."""
    leader_epoch: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    error: ErrorCode


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

    def updated(self, response: MetadataResponse) -> "Metadata":
        """With the reply's brokers, and its topics in place of what was known about them."""
        answered = {topic.name: _topic(topic.name, topic) for topic in response.topics if topic.name}
        return replace(
            self,
            cluster_id=response.cluster_id,
            controller_id=response.controller_id,
            brokers={broker.node_id: Address(broker.host, broker.port) for broker in response.brokers},
            topics={**self.topics, **answered},
        )

    def leader(self, partition: TopicPartition) -> int | None:
        """The node id of the partition's leader, None when it is unknown or has no address."""
        topic = self.topics.get(partition.topic)
        known = topic.partitions.get(partition.partition) if topic else None
        return known.leader if known and known.leader in self.brokers else None


def _topic(name: str, topic: MetadataResponseTopic) -> TopicMetadata:
    return TopicMetadata(
        name=name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        error=ErrorCode(topic.error_code),
        partitions={partition.partition_index: _partition(partition) for partition in topic.partitions},
    )


def _partition(partition: MetadataResponsePartition) -> PartitionMetadata:
    return PartitionMetadata(
        leader=partition.leader_id,
        leader_epoch=partition.leader_epoch,
        replicas=tuple(partition.replica_nodes),
        in_sync=tuple(partition.isr_nodes),
        error=ErrorCode(partition.error_code),
    )
