"""DescribeProducers (key 61): the producers that a partition remembers, to find hanging transactions
(KIP-664).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, int64, string


class DescribeProducersRequest(Message, versions=(0, 0), flexible_from=0):
    topics: list[TopicRequest] = []


class TopicRequest(Message):
    name: string = ""
    partition_indexes: list[int32] = []


class DescribeProducersResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    topics: list[TopicResponse] = []


class TopicResponse(Message):
    name: string = ""
    partitions: list[PartitionResponse] = []


class PartitionResponse(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
    error_message: string | None = None
    active_producers: list[ProducerState] = []


class ProducerState(Message):
    producer_id: int64 = 0
    producer_epoch: int32 = 0
    last_sequence: int32 = -1
    last_timestamp: int64 = -1
    coordinator_epoch: int32 = 0
    current_txn_start_offset: int64 = -1
