"""AlterPartitionReassignments (key 45): move partitions to other brokers, or cancel that (KIP-455).

None for the replicas cancels. Since v1 the caller can forbid a change of the replication factor
(KIP-860).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int16, int32, since, string


class AlterPartitionReassignmentsRequest(Message, versions=(0, 1), flexible_from=0):
    timeout_ms: int32 = 60000
    allow_replication_factor_change: Annotated[boolean, since(1)] = True
    topics: list[ReassignableTopic] = []


class ReassignableTopic(Message):
    name: string = ""
    partitions: list[ReassignablePartition] = []


class ReassignablePartition(Message):
    partition_index: int32 = 0
    replicas: list[int32] | None = None


class AlterPartitionReassignmentsResponse(Message, versions=(0, 1), flexible_from=0):
    throttle_time_ms: int32 = 0
    allow_replication_factor_change: Annotated[boolean, since(1), ignorable] = True
    error_code: int16 = 0
    error_message: string | None = ""
    responses: list[ReassignableTopicResponse] = []


class ReassignableTopicResponse(Message):
    name: string = ""
    partitions: list[ReassignablePartitionResponse] = []


class ReassignablePartitionResponse(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
