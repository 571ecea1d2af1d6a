"""CreatePartitions (key 37): give topics more partitions (KIP-195).

Since v3 a broker may refuse because of a quota on such changes (KIP-599).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import boolean, int16, int32, string


class CreatePartitionsRequest(Message, versions=(0, 3), flexible_from=2):
    topics: list[CreatePartitionsTopic] = []
    timeout_ms: int32 = 0
    validate_only: boolean = False


class CreatePartitionsTopic(Message):
    name: string = ""
    count: int32 = 0
    assignments: list[CreatePartitionsAssignment] | None = []


class CreatePartitionsAssignment(Message):
    broker_ids: list[int32] = []


class CreatePartitionsResponse(Message, versions=(0, 3), flexible_from=2):
    throttle_time_ms: int32 = 0
    results: list[CreatePartitionsTopicResult] = []


class CreatePartitionsTopicResult(Message):
    name: string = ""
    error_code: int16 = 0
    error_message: string | None = None
