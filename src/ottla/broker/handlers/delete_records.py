"""DeleteRecords (key 21), versions 0 to 2: forget a partition's records before an offset (KIP-107).

Offset -1 stands for the high watermark; beyond it is OFFSET_OUT_OF_RANGE. The answer is the new low
watermark. A topic that is only compacted refuses with POLICY_VIOLATION, an internal one with
INVALID_TOPIC_EXCEPTION.

Deviations: none.
"""

from typing import Protocol

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.topic_config import topic_log_config
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.names import INTERNAL_TOPICS
from ottla.core.errors import ErrorCode
from ottla.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)

HIGH_WATERMARK = -1
NO_WATERMARK = -1


class RecordDeleter(Protocol):
    """What the partitions' owner must offer."""

    async def delete_records(self, topic: str, partition: int, offset: int) -> int | ErrorCode:
        """Raise the partition's log start offset to the offset (-1: to the high watermark).

        Returns the low watermark, or the error: OFFSET_OUT_OF_RANGE beyond the high watermark,
        UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR. A plain int is never an
        error.
        """
        ...


async def delete_records(
    cluster: Cluster, config: BrokerConfig, deleter: RecordDeleter, request: DeleteRecordsRequest, call: Call
) -> DeleteRecordsResponse:
    """One result for each partition."""
    asked = {
        (topic.name, each.partition_index): each for topic in request.topics for each in topic.partitions
    }
    topics: dict[str, DeleteRecordsTopicResult] = {}
    for (name, index), each in asked.items():
        refusal = _refusal(cluster, config, name, each)
        outcome = await deleter.delete_records(name, index, each.offset) if refusal is None else refusal
        topic = topics.setdefault(name, DeleteRecordsTopicResult(name=name))
        topic.partitions.append(_result(index, outcome))
    return DeleteRecordsResponse(topics=list(topics.values()))


def _refusal(
    cluster: Cluster, config: BrokerConfig, name: str, asked: DeleteRecordsPartition
) -> ErrorCode | None:
    if name in INTERNAL_TOPICS:
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    if cluster.image.partition(name, asked.partition_index) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    policy = topic_log_config(config, cluster.image.topic_configs(name)).cleanup_policy
    if "compact" in policy and "delete" not in policy:
        return ErrorCode.POLICY_VIOLATION
    return ErrorCode.OFFSET_OUT_OF_RANGE if asked.offset < HIGH_WATERMARK else None


def _result(index: int, outcome: int | ErrorCode) -> DeleteRecordsPartitionResult:
    if isinstance(outcome, ErrorCode):
        return DeleteRecordsPartitionResult(
            partition_index=index, low_watermark=NO_WATERMARK, error_code=outcome
        )
    return DeleteRecordsPartitionResult(partition_index=index, low_watermark=outcome)
