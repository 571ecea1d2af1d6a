"""LeaveGroup (key 13): members leave a classic group.

One member up to v2, several at once from v3, so that an operator can remove static ones (KIP-345); a
reason since v5 (KIP-800).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int16, int32, since, string, until


class LeaveGroupRequest(Message, versions=(0, 5), flexible_from=4):
    group_id: string = ""
    member_id: Annotated[string, until(2)] = ""
    members: Annotated[list[MemberIdentity], since(3)] = []


class MemberIdentity(Message):
    member_id: string = ""
    group_instance_id: string | None = None
    reason: Annotated[string | None, since(5), ignorable] = None


class LeaveGroupResponse(Message, versions=(0, 5), flexible_from=4):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    error_code: int16 = 0
    members: Annotated[list[MemberResponse], since(3)] = []


class MemberResponse(Message):
    member_id: string = ""
    group_instance_id: string | None = ""
    error_code: int16 = 0
