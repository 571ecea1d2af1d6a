"""Offsets of partitions: where they begin and end, and where a moment is in them."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal, NamedTuple

from ottla.client.admin.arguments import by_partition
from ottla.client.admin.calls import Calls, by_topic, refused, topics_of
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_LEADER, by_broker, settle
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

_CONSUMER = -1  # a replica id that is no broker's
_ISOLATION_LEVELS = {"read_uncommitted": 0, "read_committed": 1}


class OffsetSpec(IntEnum):
    """In place of a moment; the numbers are Kafka's."""

    LATEST = -1
    EARLIEST = -2
    MAX_TIMESTAMP = -3
    """The record with the largest timestamp (KIP-734)."""
    EARLIEST_LOCAL = -4
    LATEST_TIERED = -5


class ListedOffset(NamedTuple):
    """An offset, and what is known of its record; -1 for what there is not."""

    offset: int
    timestamp_ms: int
    leader_epoch: int


class OffsetCalls(Calls):
    """Of the Admin."""

    async def list_offsets(
        self,
        partitions: Mapping[TopicPartition, int | OffsetSpec],
        *,
        isolation_level: Literal["read_uncommitted", "read_committed"] = "read_uncommitted",
    ) -> Results[TopicPartition, ListedOffset]:
        """Of each partition the first offset at or after its moment (ms since 1970), or what an OffsetSpec says."""
        level = _ISOLATION_LEVELS[isolation_level]
        wanted = by_partition(partitions)

        async def ask(
            broker: int, left: list[TopicPartition]
        ) -> Mapping[TopicPartition, ListedOffset | KafkaError]:
            topics = [
                ListOffsetsTopic(
                    name=topic,
                    partitions=[
                        ListOffsetsPartition(
                            partition_index=index, timestamp=int(wanted[TopicPartition(topic, index)])
                        )
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(left).items()
            ]
            request = ListOffsetsRequest(
                replica_id=_CONSUMER, isolation_level=level, topics=topics, timeout_ms=self._timeout_ms
            )
            return _answers(await self._cluster.ask(broker, request, ListOffsetsResponse))

        async def attempt(
            left: list[TopicPartition],
        ) -> Mapping[TopicPartition, ListedOffset | KafkaError]:
            await self._cluster.refresh(topics_of(left))
            return await by_broker(left, self._leader, ask)

        return await settle(self._cluster, wanted, attempt, OF_LEADER)


def _answers(response: ListOffsetsResponse) -> dict[TopicPartition, ListedOffset | KafkaError]:
    answers: dict[TopicPartition, ListedOffset | KafkaError] = {}
    for topic in response.topics:
        for partition in topic.partitions:
            item = TopicPartition(topic.name, partition.partition_index)
            if partition.error_code != ErrorCode.NONE:
                answers[item] = refused(str(item), partition.error_code)
            else:
                answers[item] = ListedOffset(partition.offset, partition.timestamp, partition.leader_epoch)
    return answers
