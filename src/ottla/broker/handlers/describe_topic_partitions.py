"""DescribeTopicPartitions (key 75), version 0: topics with their partitions, page by page (KIP-966).

Topics come sorted by name, all of them when none is named. A page holds as many partitions as the client
wants, at most max.request.partition.size.limit and at least one; the cursor of a reply says where the next
page begins. A cursor must be at one of the topics asked for.

Deviations: there are no eligible leader replicas, so both lists of them are empty; an empty name is an
INVALID_TOPIC_EXCEPTION, not an UNKNOWN_SERVER_ERROR.
"""

from collections.abc import Iterator

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.leaders import Leadership
from ottla.broker.operations import TOPIC_OPERATIONS
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.names import INTERNAL_TOPICS, check_topic_name
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import TopicImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)


async def describe_topic_partitions(
    cluster: Cluster, config: BrokerConfig, request: DescribeTopicPartitionsRequest, call: Call
) -> DescribeTopicPartitionsResponse:
    """One page."""
    image, cursor = cluster.image, request.cursor
    named = sorted({topic.name for topic in request.topics})
    if cursor and (cursor.partition_index < 0 or (named and cursor.topic_name not in named)):
        return _bad_cursor(named or [cursor.topic_name])
    names = [name for name in named or sorted(image.topics) if not cursor or name >= cursor.topic_name]
    limit = config.integer("max.request.partition.size.limit")
    left = max(1, min(request.response_partition_limit, limit))
    leadership = Leadership(image, call.listener)
    response = DescribeTopicPartitionsResponse()
    for name in names:
        first = cursor.partition_index if cursor and name == cursor.topic_name else 0
        if left == 0:
            response.next_cursor = Cursor(topic_name=name, partition_index=first)
            break
        topic = _topic(image, leadership, name, first, left)
        response.topics.append(topic)
        left -= len(topic.partitions)
        end = first + len(topic.partitions)
        if end < len(image.topics[name].partitions if name in image.topics else ()):
            response.next_cursor = Cursor(topic_name=name, partition_index=end)
            break
    return response


def _bad_cursor(names: list[str]) -> DescribeTopicPartitionsResponse:
    refused = ErrorCode.INVALID_REQUEST
    topics = [DescribeTopicPartitionsResponseTopic(name=name, error_code=refused) for name in names]
    return DescribeTopicPartitionsResponse(topics=topics)


def _topic(
    image: ClusterImage, leadership: Leadership, name: str, first: int, limit: int
) -> DescribeTopicPartitionsResponseTopic:
    topic = image.topics.get(name)
    if topic is None:
        return DescribeTopicPartitionsResponseTopic(
            name=name, error_code=_why_not(name), topic_authorized_operations=TOPIC_OPERATIONS
        )
    return DescribeTopicPartitionsResponseTopic(
        name=name,
        topic_id=topic.id,
        is_internal=name in INTERNAL_TOPICS,
        partitions=list(_partitions(leadership, topic, range(first, len(topic.partitions))[:limit])),
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _why_not(name: str) -> ErrorCode:
    try:
        check_topic_name(name)
    except KafkaError as error:
        return error.code
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _partitions(
    leadership: Leadership, topic: TopicImage, indexes: range
) -> Iterator[DescribeTopicPartitionsResponsePartition]:
    for index in indexes:
        partition = topic.partitions[index]
        leader, error, offline = leadership.of(partition)
        yield DescribeTopicPartitionsResponsePartition(
            error_code=error,
            partition_index=index,
            leader_id=leader,
            leader_epoch=partition.leader_epoch,
            replica_nodes=list(partition.replicas),
            isr_nodes=list(partition.in_sync),
            eligible_leader_replicas=[],
            last_known_elr=[],
            offline_replicas=offline,
        )
