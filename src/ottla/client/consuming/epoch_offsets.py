"""Where the log ended under a leader epoch (OffsetForLeaderEpoch, KIP-320)."""

from collections import defaultdict
from collections.abc import Mapping

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

_CONSUMER = -1  # a replica id that is no broker's


async def epoch_end_offsets(
    cluster: Cluster, epochs: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, tuple[int, int]]:
    """For each partition's current epoch and the one asked about: the last epoch up to that, and where it ended.

    Both are -1 where the leader does not know. Raises KafkaError.
    """
    by_leader: defaultdict[int, list[TopicPartition]] = defaultdict(list)
    for partition in epochs:
        leader = cluster.metadata.leader(partition)
        if leader is None:
            raise KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, f"{partition} has no leader")
        by_leader[leader].append(partition)
    found: dict[TopicPartition, tuple[int, int]] = {}
    for leader, partitions in by_leader.items():
        response = await cluster.ask(leader, _request(epochs, partitions), OffsetForLeaderEpochResponse)
        for topic in response.topics:
            for answer in topic.partitions:
                code = ErrorCode(answer.error_code)
                if code is not ErrorCode.NONE:
                    raise KafkaError(code, f"{topic.topic}-{answer.partition}: {code.name}")
                partition = TopicPartition(topic.topic, answer.partition)
                found[partition] = (answer.leader_epoch, answer.end_offset)
    return found


def _request(
    epochs: Mapping[TopicPartition, tuple[int, int]], partitions: list[TopicPartition]
) -> OffsetForLeaderEpochRequest:
    topics: defaultdict[str, list[OffsetForLeaderPartition]] = defaultdict(list)
    for partition in partitions:
        current, asked = epochs[partition]
        entry = OffsetForLeaderPartition(
            partition=partition.partition, current_leader_epoch=current, leader_epoch=asked
        )
        topics[partition.topic].append(entry)
    return OffsetForLeaderEpochRequest(
        replica_id=_CONSUMER,
        topics=[OffsetForLeaderTopic(topic=name, partitions=entries) for name, entries in topics.items()],
    )
