"""DeleteRecords (key 21): raise the log start offset, so that everything before it is gone (KIP-107)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, int64, string


class DeleteRecordsRequest(Message, versions=(0, 2), flexible_from=2):
    topics: list[DeleteRecordsTopic] = []
    timeout_ms: int32 = 0


class DeleteRecordsTopic(Message):
    name: string = ""
    partitions: list[DeleteRecordsPartition] = []


class DeleteRecordsPartition(Message):
    partition_index: int32 = 0
    offset: int64 = 0


class DeleteRecordsResponse(Message, versions=(0, 2), flexible_from=2):
    throttle_time_ms: int32 = 0
    topics: list[DeleteRecordsTopicResult] = []


class DeleteRecordsTopicResult(Message):
    name: string = ""
    partitions: list[DeleteRecordsPartitionResult] = []


class DeleteRecordsPartitionResult(Message):
    partition_index: int32 = 0
    low_watermark: int64 = 0
    error_code: int16 = 0
