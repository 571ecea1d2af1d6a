"""OffsetDelete (key 47): remove a group's offsets for topics it no longer reads (KIP-496). Never flexible."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, string


class OffsetDeleteRequest(Message, versions=(0, 0)):
    group_id: string = ""
    topics: list[OffsetDeleteRequestTopic] = []


class OffsetDeleteRequestTopic(Message):
    name: string = ""
    partitions: list[OffsetDeleteRequestPartition] = []


class OffsetDeleteRequestPartition(Message):
    partition_index: int32 = 0


class OffsetDeleteResponse(Message, versions=(0, 0)):
    error_code: int16 = 0
    throttle_time_ms: int32 = 0
    topics: list[OffsetDeleteResponseTopic] = []


class OffsetDeleteResponseTopic(Message):
    name: string = ""
    partitions: list[OffsetDeleteResponsePartition] = []


class OffsetDeleteResponsePartition(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
