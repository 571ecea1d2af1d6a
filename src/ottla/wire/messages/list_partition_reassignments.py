"""ListPartitionReassignments (key 46): the moves that are under way (KIP-455). None for topics means all."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, string


class ListPartitionReassignmentsRequest(Message, versions=(0, 0), flexible_from=0):
    timeout_ms: int32 = 60000
    topics: list[ListPartitionReassignmentsTopics] | None = None


class ListPartitionReassignmentsTopics(Message):
    name: string = ""
    partition_indexes: list[int32] = []


class ListPartitionReassignmentsResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
    topics: list[OngoingTopicReassignment] = []


class OngoingTopicReassignment(Message):
    name: string = ""
    partitions: list[OngoingPartitionReassignment] = []


class OngoingPartitionReassignment(Message):
    partition_index: int32 = 0
    replicas: list[int32] = []
    adding_replicas: list[int32] = []
    removing_replicas: list[int32] = []
