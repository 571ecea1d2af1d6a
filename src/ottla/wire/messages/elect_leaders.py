"""ElectLeaders (key 43): make the preferred replica the leader (KIP-183).

Since v1 also an unclean election, for partitions that have nobody in sync (KIP-460). None means all
partitions.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import int8, int16, int32, since, string


class ElectLeadersRequest(Message, versions=(0, 2), flexible_from=2):
    election_type: Annotated[int8, since(1)] = 0
    topic_partitions: list[TopicPartitions] | None = []
    timeout_ms: int32 = 60000


class TopicPartitions(Message):
    topic: string = ""
    partitions: list[int32] = []


class ElectLeadersResponse(Message, versions=(0, 2), flexible_from=2):
    throttle_time_ms: int32 = 0
    error_code: Annotated[int16, since(1)] = 0
    replica_election_results: list[ReplicaElectionResult] = []


class ReplicaElectionResult(Message):
    topic: string = ""
    partition_result: list[PartitionResult] = []


class PartitionResult(Message):
    partition_id: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
