"""Where the log ended under a leader epoch (OffsetForLeaderEpoch, KIP-320)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.leaders import Answers, ask_leaders
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

_CONSUMER = -1  # a replica id that is no broker's


EpochEnd = tuple[int, int]
"""The last epoch up to the one that was asked about, and the offset where it ended; both -1 for an unknown one."""


async def epoch_end_offsets(
    cluster: Cluster, epochs: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, EpochEnd | KafkaError]:
    """For each partition's current epoch and the one asked about, what its leader says. One attempt."""

    async def ask(leader: int, theirs: Mapping[TopicPartition, tuple[int, int]]) -> Answers[EpochEnd]:
        return dict(_answers(await cluster.ask(leader, _request(theirs), OffsetForLeaderEpochResponse)))

    return await ask_leaders(cluster, epochs, ask)


def _answers(
    response: OffsetForLeaderEpochResponse,
) -> Iterator[tuple[TopicPartition, EpochEnd | KafkaError]]:
    for topic in response.topics:
        for answer in topic.partitions:
            partition, code = TopicPartition(topic.topic, answer.partition), ErrorCode(answer.error_code)
            if code is not ErrorCode.NONE:
                yield partition, KafkaError(code, f"{partition}: {code.name}")
            else:
                yield partition, (answer.leader_epoch, answer.end_offset)


def _request(epochs: Mapping[TopicPartition, tuple[int, int]]) -> OffsetForLeaderEpochRequest:
    topics: defaultdict[str, list[OffsetForLeaderPartition]] = defaultdict(list)
    for partition, (current, asked) in epochs.items():
        entry = OffsetForLeaderPartition(
            partition=partition.partition, current_leader_epoch=current, leader_epoch=asked
        )
        topics[partition.topic].append(entry)
    return OffsetForLeaderEpochRequest(
        replica_id=_CONSUMER,
        topics=[OffsetForLeaderTopic(topic=name, partitions=entries) for name, entries in topics.items()],
    )
