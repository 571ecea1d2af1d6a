"""DescribeTopicPartitions (key 75): partitions of topics, page by page (KIP-966).

The cursor says where a page ends and the next one starts; None means that there is no more.
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, boolean, int16, int32, string, uuid


class DescribeTopicPartitionsRequest(Message, versions=(0, 0), flexible_from=0):
    topics: list[TopicRequest] = []
    response_partition_limit: int32 = 2000
    cursor: Cursor | None = None


class TopicRequest(Message):
    name: string = ""


class Cursor(Message):
    topic_name: string = ""
    partition_index: int32 = 0


class DescribeTopicPartitionsResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    topics: list[DescribeTopicPartitionsResponseTopic] = []
    next_cursor: Cursor | None = None


class DescribeTopicPartitionsResponseTopic(Message):
    error_code: int16 = 0
    name: string | None = ""
    topic_id: uuid = ZERO_UUID
    is_internal: boolean = False
    partitions: list[DescribeTopicPartitionsResponsePartition] = []
    topic_authorized_operations: int32 = -2147483648


class DescribeTopicPartitionsResponsePartition(Message):
    error_code: int16 = 0
    partition_index: int32 = 0
    leader_id: int32 = 0
    leader_epoch: int32 = -1
    replica_nodes: list[int32] = []
    isr_nodes: list[int32] = []
    eligible_leader_replicas: list[int32] | None = None
    last_known_elr: list[int32] | None = None
    offline_replicas: list[int32] = []
