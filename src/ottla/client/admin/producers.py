"""Producers that a partition remembers (KIP-664)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ottla.client.admin.calls import Calls, by_topic, refused, topics_of
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_LEADER, by_broker, settle
from ottla.client.brokers.metadata import TopicPartition, checked_partitions
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import describe_producers as describing


class ProducerState(NamedTuple):
    """One producer id, as the partition's leader knows it."""

    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_timestamp_ms: int
    coordinator_epoch: int
    """Of the last marker; -1 when there was none."""
    transaction_start_offset: int | None
    """Where its open transaction begins; None when it has none here."""


class ProducerCalls(Calls):
    """Of the Admin."""

    async def describe_producers(
        self, partitions: Iterable[TopicPartition], *, broker: int | None = None
    ) -> Results[TopicPartition, list[ProducerState]]:
        """What each partition's leader knows, or this broker, for it may hold another replica."""

        async def ask(
            node: int, left: list[TopicPartition]
        ) -> Mapping[TopicPartition, list[ProducerState] | KafkaError]:
            topics = [
                describing.TopicRequest(name=topic, partition_indexes=indexes)
                for topic, indexes in by_topic(left).items()
            ]
            request = describing.DescribeProducersRequest(topics=topics)
            return _answers(await self._cluster.ask(node, request, describing.DescribeProducersResponse))

        async def place(partition: TopicPartition) -> int:
            return await (self._leader(partition) if broker is None else self._known_broker(broker))

        async def attempt(
            left: list[TopicPartition],
        ) -> Mapping[TopicPartition, list[ProducerState] | KafkaError]:
            await self._cluster.refresh(topics_of(left))
            return await by_broker(left, place, ask)

        return await settle(self._cluster, checked_partitions(partitions), attempt, OF_LEADER)


def _answers(
    response: describing.DescribeProducersResponse,
) -> dict[TopicPartition, list[ProducerState] | KafkaError]:
    answers: dict[TopicPartition, list[ProducerState] | KafkaError] = {}
    for topic in response.topics:
        for partition in topic.partitions:
            item = TopicPartition(topic.name, partition.partition_index)
            if partition.error_code != ErrorCode.NONE:
                answers[item] = refused(str(item), partition.error_code, partition.error_message)
            else:
                answers[item] = [_state(producer) for producer in partition.active_producers]
    return answers


def _state(producer: describing.ProducerState) -> ProducerState:
    return ProducerState(
        producer.producer_id,
        producer.producer_epoch,
        producer.last_sequence,
        producer.last_timestamp,
        producer.coordinator_epoch,
        producer.current_txn_start_offset if producer.current_txn_start_offset >= 0 else None,
    )
