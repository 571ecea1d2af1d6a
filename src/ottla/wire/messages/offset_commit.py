"""OffsetCommit (key 8): a group, or a lone consumer, stores how far it has read.

Leader epochs since v6 (KIP-320), static members since v7 (KIP-345). From v9 the generation may be a
member epoch (KIP-848); v10 names topics by id.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, ignorable, int16, int32, int64, since, string, until, uuid


class OffsetCommitRequest(Message, versions=(2, 10), flexible_from=8):
    group_id: string = ""
    generation_id_or_member_epoch: int32 = -1
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(7)] = None
    retention_time_ms: Annotated[int64, until(4), ignorable] = -1
    topics: list[OffsetCommitRequestTopic] = []


class OffsetCommitRequestTopic(Message):
    name: Annotated[string, until(9), ignorable] = ""
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    partitions: list[OffsetCommitRequestPartition] = []


class OffsetCommitRequestPartition(Message):
    partition_index: int32 = 0
    committed_offset: int64 = 0
    committed_leader_epoch: Annotated[int32, since(6), ignorable] = -1
    committed_metadata: string | None = ""


class OffsetCommitResponse(Message, versions=(2, 10), flexible_from=8):
    throttle_time_ms: Annotated[int32, since(3), ignorable] = 0
    topics: list[OffsetCommitResponseTopic] = []


class OffsetCommitResponseTopic(Message):
    name: Annotated[string, until(9), ignorable] = ""
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    partitions: list[OffsetCommitResponsePartition] = []


class OffsetCommitResponsePartition(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
