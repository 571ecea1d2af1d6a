"""A KIP-848 consumer group as it is written down: one kind of record for each thing that changes on its own."""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, bytes_, fresh, int8, int32, int64, string, tagged, uuid


class ConsumerGroupMetadataKey(Message, versions=(0, 0)):
    group_id: string = ""


class ConsumerGroupMetadataValue(Message, versions=(0, 0), flexible_from=0):
    epoch: int32 = 0
    metadata_hash: Annotated[int64, tagged(0)] = 0


class ConsumerGroupPartitionMetadataKey(Message, versions=(0, 0)):
    """Written by Apache Kafka 4.0 and earlier; read and ignored: the group's metadata hash took its place."""

    group_id: string = ""


class ConsumerGroupPartitionMetadataValue(Message, versions=(0, 0), flexible_from=0):
    topics: list[TopicMetadata] = []


class TopicMetadata(Message):
    topic_id: uuid = ZERO_UUID
    topic_name: string = ""
    num_partitions: int32 = 0
    partition_metadata: list[PartitionMetadata] = []


class PartitionMetadata(Message):
    partition: int32 = 0
    racks: list[string] = []


class ConsumerGroupMemberMetadataKey(Message, versions=(0, 0)):
    group_id: string = ""
    member_id: string = ""


class ConsumerGroupMemberMetadataValue(Message, versions=(0, 0), flexible_from=0):
    instance_id: string | None = ""
    rack_id: string | None = ""
    client_id: string = ""
    client_host: string = ""
    subscribed_topic_names: list[string] = []
    subscribed_topic_regex: string | None = ""
    rebalance_timeout_ms: int32 = -1
    server_assignor: string | None = ""
    classic_member_metadata: Annotated[ClassicMemberMetadata | None, tagged(0)] = fresh()
    """None must be said: what is left out is, to Kafka, a classic member without protocols."""


class ClassicMemberMetadata(Message):
    """A member that speaks the classic protocol to a consumer group."""

    session_timeout_ms: int32 = 0
    supported_protocols: list[ClassicProtocol] = []


class ClassicProtocol(Message):
    name: string = ""
    metadata: bytes_ = b""


class ConsumerGroupTargetAssignmentMetadataKey(Message, versions=(0, 0)):
    group_id: string = ""


class ConsumerGroupTargetAssignmentMetadataValue(Message, versions=(0, 0), flexible_from=0):
    assignment_epoch: int32 = 0


class ConsumerGroupTargetAssignmentMemberKey(Message, versions=(0, 0)):
    group_id: string = ""
    member_id: string = ""


class ConsumerGroupTargetAssignmentMemberValue(Message, versions=(0, 0), flexible_from=0):
    topic_partitions: list[TopicPartition] = []


class TopicPartition(Message):
    topic_id: uuid = ZERO_UUID
    partitions: list[int32] = []


class ConsumerGroupCurrentMemberAssignmentKey(Message, versions=(0, 0)):
    group_id: string = ""
    member_id: string = ""


class ConsumerGroupCurrentMemberAssignmentValue(Message, versions=(0, 0), flexible_from=0):
    member_epoch: int32 = 0
    previous_member_epoch: int32 = 0
    state: int8 = 0
    assigned_partitions: list[TopicPartitions] = []
    partitions_pending_revocation: list[TopicPartitions] = []


class TopicPartitions(Message):
    topic_id: uuid = ZERO_UUID
    partitions: list[int32] = []


class ConsumerGroupRegularExpressionKey(Message, versions=(0, 0)):
    group_id: string = ""
    regular_expression: string = ""


class ConsumerGroupRegularExpressionValue(Message, versions=(0, 0), flexible_from=0):
    topics: list[string] = []
    version: int64 = 0
    timestamp: int64 = 0
