"""ListOffsets (key 2): the offset that belongs to a timestamp, or to one of the special negative timestamps.

Isolation level since v2 (KIP-98), leader epochs since v4 (KIP-320). What a negative timestamp means grew
with the versions: max timestamp in v7 (KIP-734), tiered storage in v8, v9 and v11 (KIP-405, KIP-1005,
KIP-1023); v10 lets the caller bound the wait (KIP-1075).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int8, int16, int32, int64, since, string


class ListOffsetsRequest(Message, versions=(1, 11), flexible_from=6):
    replica_id: int32 = 0
    isolation_level: Annotated[int8, since(2)] = 0
    topics: list[ListOffsetsTopic] = []
    timeout_ms: Annotated[int32, since(10), ignorable] = 0


class ListOffsetsTopic(Message):
    name: string = ""
    partitions: list[ListOffsetsPartition] = []


class ListOffsetsPartition(Message):
    partition_index: int32 = 0
    current_leader_epoch: Annotated[int32, since(4), ignorable] = -1
    timestamp: int64 = 0


class ListOffsetsResponse(Message, versions=(1, 11), flexible_from=6):
    throttle_time_ms: Annotated[int32, since(2), ignorable] = 0
    topics: list[ListOffsetsTopicResponse] = []


class ListOffsetsTopicResponse(Message):
    name: string = ""
    partitions: list[ListOffsetsPartitionResponse] = []


class ListOffsetsPartitionResponse(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
    timestamp: int64 = -1
    offset: int64 = -1
    leader_epoch: Annotated[int32, since(4)] = -1
