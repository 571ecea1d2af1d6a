"""Offsets by time: where a partition begins and ends, and where a moment is in it."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

LATEST = -1
EARLIEST = -2
_CONSUMER = -1  # a replica id that is no broker's


class FoundOffset(NamedTuple):
    """An offset, and what its record says of itself; -1 for what there is not."""

    offset: int
    timestamp: int
    leader_epoch: int


async def list_offsets(
    cluster: Cluster, timestamps: Mapping[TopicPartition, int], *, read_committed: bool = False
) -> dict[TopicPartition, int]:
    """Each partition's first offset at or after its timestamp (ms, or EARLIEST or LATEST); -1 for none."""
    found = await found_offsets(cluster, timestamps, read_committed=read_committed)
    return {partition: at.offset for partition, at in found.items()}


async def found_offsets(
    cluster: Cluster, timestamps: Mapping[TopicPartition, int], *, read_committed: bool = False
) -> dict[TopicPartition, FoundOffset]:
    """As `list_offsets`, with the timestamp and leader epoch that belong to each offset.

    For a reader of committed records the latest is where the first open transaction begins.
    """
    found: dict[TopicPartition, FoundOffset] = {}
    topics = {partition.topic for partition in timestamps}

    async def ask_for_the_missing() -> None:
        missing = {partition: timestamps[partition] for partition in timestamps if partition not in found}
        leaders = _by_leader(cluster, missing)
        answers = await asyncio.gather(
            *(_ask(cluster, leader, wanted, int(read_committed)) for leader, wanted in leaders.items()),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            found.update(answer)

    await cluster.retrying(ask_for_the_missing, topics)
    return found


def _by_leader(
    cluster: Cluster, timestamps: Mapping[TopicPartition, int]
) -> dict[int, dict[TopicPartition, int]]:
    leaders: defaultdict[int, dict[TopicPartition, int]] = defaultdict(dict)
    for partition, timestamp in timestamps.items():
        leader = cluster.metadata.leader(partition)
        if leader is None:
            raise KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, f"{partition} has no leader")
        leaders[leader][partition] = timestamp
    return leaders


async def _ask(
    cluster: Cluster, leader: int, timestamps: Mapping[TopicPartition, int], isolation_level: int
) -> dict[TopicPartition, FoundOffset]:
    topics: defaultdict[str, list[ListOffsetsPartition]] = defaultdict(list)
    for (topic, partition), timestamp in timestamps.items():
        topics[topic].append(ListOffsetsPartition(partition_index=partition, timestamp=timestamp))
    request = ListOffsetsRequest(
        replica_id=_CONSUMER,
        isolation_level=isolation_level,
        topics=[ListOffsetsTopic(name=name, partitions=partitions) for name, partitions in topics.items()],
        timeout_ms=cluster.settings.request_timeout_ms,
    )
    response = await cluster.ask(leader, request, ListOffsetsResponse)
    return dict(_offsets(response, timestamps.keys()))


def _offsets(
    response: ListOffsetsResponse, asked: Collection[TopicPartition]
) -> Iterator[tuple[TopicPartition, FoundOffset]]:
    answers: dict[TopicPartition, ListOffsetsPartitionResponse] = {
        TopicPartition(topic.name, answer.partition_index): answer
        for topic in response.topics
        for answer in topic.partitions
    }
    for partition in asked:
        answer = answers.get(partition)
        code = ErrorCode(answer.error_code) if answer else ErrorCode.UNKNOWN_SERVER_ERROR
        if answer is None or code != ErrorCode.NONE:
            raise KafkaError(code, f"{partition}: {code.name}")
        yield partition, FoundOffset(answer.offset, answer.timestamp, answer.leader_epoch)
