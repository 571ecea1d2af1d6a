"""OffsetForLeaderEpoch (key 23): where a leader epoch ends, to find where two logs part (KIP-101, KIP-320).

Since v3 consumers ask too; the replica id tells them from followers.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int16, int32, int64, since, string


class OffsetForLeaderEpochRequest(Message, versions=(2, 4), flexible_from=4):
    replica_id: Annotated[int32, since(3), ignorable] = -2
    topics: list[OffsetForLeaderTopic] = []


class OffsetForLeaderTopic(Message):
    topic: string = ""
    partitions: list[OffsetForLeaderPartition] = []


class OffsetForLeaderPartition(Message):
    partition: int32 = 0
    current_leader_epoch: int32 = -1
    leader_epoch: int32 = 0


class OffsetForLeaderEpochResponse(Message, versions=(2, 4), flexible_from=4):
    throttle_time_ms: int32 = 0
    topics: list[OffsetForLeaderTopicResult] = []


class OffsetForLeaderTopicResult(Message):
    topic: string = ""
    partitions: list[EpochEndOffset] = []


class EpochEndOffset(Message):
    error_code: int16 = 0
    partition: int32 = 0
    leader_epoch: int32 = -1
    end_offset: int64 = -1
