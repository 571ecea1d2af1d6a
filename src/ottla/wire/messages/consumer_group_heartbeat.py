"""ConsumerGroupHeartbeat (key 68): the one request by which a member of a consumer group joins, stays and
leaves (KIP-848).

None for a field means that it has not changed. Since v1 the client makes up its member id (KIP-1082) and
may subscribe by a regular expression that the broker evaluates.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, int16, int32, since, string, uuid


class ConsumerGroupHeartbeatRequest(Message, versions=(0, 1), flexible_from=0):
    group_id: string = ""
    member_id: string = ""
    member_epoch: int32 = 0
    instance_id: string | None = None
    rack_id: string | None = None
    rebalance_timeout_ms: int32 = -1
    subscribed_topic_names: list[string] | None = None
    subscribed_topic_regex: Annotated[string | None, since(1)] = None
    server_assignor: string | None = None
    topic_partitions: list[TopicPartitions] | None = None


class TopicPartitions(Message):
    topic_id: uuid = ZERO_UUID
    partitions: list[int32] = []


class ConsumerGroupHeartbeatResponse(Message, versions=(0, 1), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = None
    member_id: string | None = None
    member_epoch: int32 = 0
    heartbeat_interval_ms: int32 = 0
    assignment: Assignment | None = None


class Assignment(Message):
    topic_partitions: list[TopicPartitions] = []
