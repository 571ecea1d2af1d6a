"""DescribeProducers (key 61), version 0: what partitions know of the producers that wrote to them (KIP-664).

A transaction whose coordinator forgot it is seen here alone: by the offset at which it began.

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.cluster.controller.names import check_topic_name
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.producers import Producer
from ottla.wire.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)

NO_SEQUENCE = -1


async def describe_producers(
    partitions: Partitions, request: DescribeProducersRequest, _call: Call
) -> DescribeProducersResponse:
    """One answer per partition that was named."""
    return DescribeProducersResponse(
        topics=[
            TopicResponse(
                name=topic.name,
                partitions=[_partition(partitions, topic.name, index) for index in topic.partition_indexes],
            )
            for topic in request.topics
        ]
    )


def _partition(partitions: Partitions, topic: str, index: int) -> PartitionResponse:
    found = partitions.find(topic, index)
    error = found if isinstance(found, ErrorCode) else found.error
    if error or not isinstance(found, Partition):
        return PartitionResponse(partition_index=index, error_code=_told(error, topic))
    states = [_state(producer) for producer in found.log.producers]
    return PartitionResponse(partition_index=index, active_producers=states)


def _told(error: ErrorCode, topic: str) -> ErrorCode:
    """Of a topic that does not exist it is said whether it ever could."""
    if error is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        try:
            check_topic_name(topic)
        except KafkaError as refused:
            return refused.code
    return error


def _state(producer: Producer) -> ProducerState:
    return ProducerState(
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        last_sequence=producer.batches[-1].last_sequence if producer.batches else NO_SEQUENCE,
        last_timestamp=producer.last_timestamp,
        coordinator_epoch=producer.coordinator_epoch,
        current_txn_start_offset=producer.current_txn_first_offset,
    )
