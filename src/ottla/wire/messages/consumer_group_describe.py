"""ConsumerGroupDescribe (key 69): state, members and assignments of consumer groups (KIP-848).

Since v1 each member says whether it still speaks the classic protocol (KIP-1099).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, boolean, fresh, ignorable, int8, int16, int32, since, string, uuid


class ConsumerGroupDescribeRequest(Message, versions=(0, 1), flexible_from=0):
    group_ids: list[string] = []
    include_authorized_operations: boolean = False


class ConsumerGroupDescribeResponse(Message, versions=(0, 1), flexible_from=0):
    throttle_time_ms: int32 = 0
    groups: list[DescribedGroup] = []


class DescribedGroup(Message):
    error_code: int16 = 0
    error_message: string | None = None
    group_id: string = ""
    group_state: string = ""
    group_epoch: int32 = 0
    assignment_epoch: int32 = 0
    assignor_name: string = ""
    members: list[Member] = []
    authorized_operations: int32 = -2147483648


class Member(Message):
    member_id: string = ""
    instance_id: string | None = None
    rack_id: string | None = None
    member_epoch: int32 = 0
    client_id: string = ""
    client_host: string = ""
    subscribed_topic_names: list[string] = []
    subscribed_topic_regex: string | None = None
    assignment: Assignment = fresh()
    target_assignment: Assignment = fresh()
    member_type: Annotated[int8, since(1), ignorable] = -1


class Assignment(Message):
    topic_partitions: list[TopicPartitions] = []


class TopicPartitions(Message):
    topic_id: uuid = ZERO_UUID
    topic_name: string = ""
    partitions: list[int32] = []
