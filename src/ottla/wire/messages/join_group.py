"""JoinGroup (key 11): a member enters a classic group, or enters it again; the leader gets the list of
members.

Rebalance timeout since v1 (KIP-62), a first visit just to get a member id since v4 (KIP-394), static
members since v5 (KIP-345), the protocol's type since v7 (KIP-559), a reason since v8 (KIP-800), and since
v9 a leader that is told to keep the old assignment (KIP-814).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, bytes_, ignorable, int16, int32, nullable, since, string


class JoinGroupRequest(Message, versions=(0, 9), flexible_from=6):
    group_id: string = ""
    session_timeout_ms: int32 = 0
    rebalance_timeout_ms: Annotated[int32, since(1), ignorable] = -1
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(5)] = None
    protocol_type: string = ""
    protocols: list[JoinGroupRequestProtocol] = []
    reason: Annotated[string | None, since(8), ignorable] = None


class JoinGroupRequestProtocol(Message):
    name: string = ""
    metadata: bytes_ = b""


class JoinGroupResponse(Message, versions=(0, 9), flexible_from=6):
    throttle_time_ms: Annotated[int32, since(2), ignorable] = 0
    error_code: int16 = 0
    generation_id: int32 = -1
    protocol_type: Annotated[string | None, since(7), ignorable] = None
    protocol_name: Annotated[string | None, nullable(7)] = ""
    leader: string = ""
    skip_assignment: Annotated[boolean, since(9)] = False
    member_id: string = ""
    members: list[JoinGroupResponseMember] = []


class JoinGroupResponseMember(Message):
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(5), ignorable] = None
    metadata: bytes_ = b""
