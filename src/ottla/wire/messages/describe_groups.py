"""DescribeGroups (key 15): state and members of classic groups.

Authorized operations since v3 (KIP-430), static members since v4 (KIP-345); since v6 a group that does
not exist is an error with a text (KIP-1043).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, bytes_, ignorable, int16, int32, since, string


class DescribeGroupsRequest(Message, versions=(0, 6), flexible_from=5):
    groups: list[string] = []
    include_authorized_operations: Annotated[boolean, since(3)] = False


class DescribeGroupsResponse(Message, versions=(0, 6), flexible_from=5):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    groups: list[DescribedGroup] = []


class DescribedGroup(Message):
    error_code: int16 = 0
    error_message: Annotated[string | None, since(6)] = None
    group_id: string = ""
    group_state: string = ""
    protocol_type: string = ""
    protocol_data: string = ""
    members: list[DescribedGroupMember] = []
    authorized_operations: Annotated[int32, since(3)] = -2147483648


class DescribedGroupMember(Message):
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(4), ignorable] = None
    client_id: string = ""
    client_host: string = ""
    member_metadata: bytes_ = b""
    member_assignment: bytes_ = b""
