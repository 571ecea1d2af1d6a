"""TxnOffsetCommit (key 28): a group's offsets, stored when the transaction commits (KIP-98).

Leader epochs since v2 (KIP-320), the member and its generation since v3 (KIP-447); from v5 the group
joins the transaction without a request of its own (KIP-890).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int16, int32, int64, since, string


class TxnOffsetCommitRequest(Message, versions=(0, 5), flexible_from=3):
    transactional_id: string = ""
    group_id: string = ""
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    generation_id: Annotated[int32, since(3)] = -1
    member_id: Annotated[string, since(3)] = ""
    group_instance_id: Annotated[string | None, since(3)] = None
    topics: list[TxnOffsetCommitRequestTopic] = []


class TxnOffsetCommitRequestTopic(Message):
    name: string = ""
    partitions: list[TxnOffsetCommitRequestPartition] = []


class TxnOffsetCommitRequestPartition(Message):
    partition_index: int32 = 0
    committed_offset: int64 = 0
    committed_leader_epoch: Annotated[int32, since(2), ignorable] = -1
    committed_metadata: string | None = ""


class TxnOffsetCommitResponse(Message, versions=(0, 5), flexible_from=3):
    throttle_time_ms: int32 = 0
    topics: list[TxnOffsetCommitResponseTopic] = []


class TxnOffsetCommitResponseTopic(Message):
    name: string = ""
    partitions: list[TxnOffsetCommitResponsePartition] = []


class TxnOffsetCommitResponsePartition(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
