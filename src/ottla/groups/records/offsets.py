"""One group's committed offset of one partition, as it is written down."""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, ignorable, int32, int64, since, string, tagged, until, uuid


class OffsetCommitKey(Message, versions=(0, 0)):
    group: string = ""
    topic: string = ""
    partition: int32 = 0


class OffsetCommitValue(Message, versions=(0, 4), flexible_from=4):
    offset: int64 = 0
    leader_epoch: Annotated[int32, since(3), ignorable] = -1
    metadata: string = ""
    commit_timestamp: int64 = 0
    expire_timestamp: Annotated[int64, since(1), until(1), ignorable] = -1
    topic_id: Annotated[uuid, since(4), tagged(0), ignorable] = ZERO_UUID
