"""SyncGroup (key 14): the leader of a classic group hands in the assignment, and each member gets its part.

Static members since v3 (KIP-345); since v5 both sides check the protocol's type and name (KIP-559).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, ignorable, int16, int32, since, string


class SyncGroupRequest(Message, versions=(0, 5), flexible_from=4):
    group_id: string = ""
    generation_id: int32 = 0
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(3)] = None
    protocol_type: Annotated[string | None, since(5), ignorable] = None
    protocol_name: Annotated[string | None, since(5), ignorable] = None
    assignments: list[SyncGroupRequestAssignment] = []


class SyncGroupRequestAssignment(Message):
    member_id: string = ""
    assignment: bytes_ = b""


class SyncGroupResponse(Message, versions=(0, 5), flexible_from=4):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    error_code: int16 = 0
    protocol_type: Annotated[string | None, since(5), ignorable] = None
    protocol_name: Annotated[string | None, since(5), ignorable] = None
    assignment: bytes_ = b""
