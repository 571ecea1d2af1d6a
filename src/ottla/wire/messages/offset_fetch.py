"""OffsetFetch (key 9): how far a group has read.

Up to v7 one group stands at the top level; from v8 there is a list of groups (KIP-709). Only settled
offsets on demand since v7 (KIP-447), the asking member and its epoch since v9 (KIP-848), topic ids in
v10. None for topics means all.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import (
    ZERO_UUID,
    boolean,
    ignorable,
    int16,
    int32,
    int64,
    nullable,
    since,
    string,
    until,
    uuid,
)


class OffsetFetchRequest(Message, versions=(1, 10), flexible_from=6):
    group_id: Annotated[string, until(7)] = ""
    topics: Annotated[list[OffsetFetchRequestTopic] | None, until(7), nullable(2)] = []
    groups: Annotated[list[OffsetFetchRequestGroup], since(8)] = []
    require_stable: Annotated[boolean, since(7)] = False


class OffsetFetchRequestTopic(Message):
    name: string = ""
    partition_indexes: list[int32] = []


class OffsetFetchRequestGroup(Message):
    group_id: string = ""
    member_id: Annotated[string | None, since(9), ignorable] = None
    member_epoch: Annotated[int32, since(9), ignorable] = -1
    topics: list[OffsetFetchRequestTopics] | None = []


class OffsetFetchRequestTopics(Message):
    name: Annotated[string, until(9), ignorable] = ""
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    partition_indexes: list[int32] = []


class OffsetFetchResponse(Message, versions=(1, 10), flexible_from=6):
    throttle_time_ms: Annotated[int32, since(3), ignorable] = 0
    topics: Annotated[list[OffsetFetchResponseTopic], until(7)] = []
    error_code: Annotated[int16, since(2), until(7), ignorable] = 0
    groups: Annotated[list[OffsetFetchResponseGroup], since(8)] = []


class OffsetFetchResponseTopic(Message):
    name: string = ""
    partitions: list[OffsetFetchResponsePartition] = []


class OffsetFetchResponsePartition(Message):
    partition_index: int32 = 0
    committed_offset: int64 = 0
    committed_leader_epoch: Annotated[int32, since(5), ignorable] = -1
    metadata: string | None = ""
    error_code: int16 = 0


class OffsetFetchResponseGroup(Message):
    group_id: string = ""
    topics: list[OffsetFetchResponseTopics] = []
    error_code: int16 = 0


class OffsetFetchResponseTopics(Message):
    name: Annotated[string, until(9), ignorable] = ""
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    partitions: list[OffsetFetchResponsePartitions] = []


class OffsetFetchResponsePartitions(Message):
    partition_index: int32 = 0
    committed_offset: int64 = 0
    committed_leader_epoch: int32 = -1
    metadata: string | None = ""
    error_code: int16 = 0
