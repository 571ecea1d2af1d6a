"""Offsets by time: where a partition begins and ends, and where a moment is in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.leaders import Answers, ask_leaders
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartition,
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
        answers = await offsets_now(cluster, missing, read_committed=read_committed)
        found.update({at: answer for at, answer in answers.items() if isinstance(answer, FoundOffset)})
        for answer in answers.values():
            if isinstance(answer, KafkaError):
                raise answer

    await cluster.retrying(ask_for_the_missing, topics)
    return found


async def offsets_now(
    cluster: Cluster, timestamps: Mapping[TopicPartition, int], *, read_committed: bool = False
) -> dict[TopicPartition, FoundOffset | KafkaError]:
    """One attempt at `found_offsets`, in which no partition waits for another one's leader."""

    async def ask(leader: int, theirs: Mapping[TopicPartition, int]) -> Answers[FoundOffset]:
        request = _request(theirs, int(read_committed), cluster.settings.request_timeout_ms)
        return dict(_answers(await cluster.ask(leader, request, ListOffsetsResponse)))

    return await ask_leaders(cluster, timestamps, ask)


def _request(
    timestamps: Mapping[TopicPartition, int], isolation_level: int, timeout_ms: int
) -> ListOffsetsRequest:
    topics: defaultdict[str, list[ListOffsetsPartition]] = defaultdict(list)
    for (topic, partition), timestamp in timestamps.items():
        topics[topic].append(ListOffsetsPartition(partition_index=partition, timestamp=timestamp))
    return ListOffsetsRequest(
        replica_id=_CONSUMER,
        isolation_level=isolation_level,
        topics=[ListOffsetsTopic(name=name, partitions=partitions) for name, partitions in topics.items()],
        timeout_ms=timeout_ms,
    )


def _answers(response: ListOffsetsResponse) -> Iterator[tuple[TopicPartition, FoundOffset | KafkaError]]:
    for topic in response.topics:
        for answer in topic.partitions:
            partition, code = TopicPartition(topic.name, answer.partition_index), ErrorCode(answer.error_code)
            if code is not ErrorCode.NONE:
                yield partition, KafkaError(code, f"{partition}: {code.name}")
            else:
                yield partition, FoundOffset(answer.offset, answer.timestamp, answer.leader_epoch)
