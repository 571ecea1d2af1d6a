"""A classic group as it is written down: one record with everything the leader's assignment made true."""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, ignorable, int32, int64, since, string


class GroupMetadataKey(Message, versions=(0, 0)):
    group: string = ""


class GroupMetadataValue(Message, versions=(0, 4), flexible_from=4):
    protocol_type: string = ""
    generation: int32 = 0
    protocol: string | None = ""
    leader: string | None = ""
    current_state_timestamp: Annotated[int64, since(2), ignorable] = -1
    members: list[MemberMetadata] = []


class MemberMetadata(Message):
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(3), ignorable] = None
    client_id: string = ""
    client_host: string = ""
    rebalance_timeout: Annotated[int32, since(1), ignorable] = -1
    session_timeout: int32 = 0
    subscription: bytes_ = b""
    assignment: bytes_ = b""
