"""AlterReplicaLogDirs (key 34): move replicas from one log directory of a broker to another (KIP-113)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, string


class AlterReplicaLogDirsRequest(Message, versions=(1, 2), flexible_from=2):
    dirs: list[AlterReplicaLogDir] = []


class AlterReplicaLogDir(Message):
    path: string = ""
    topics: list[AlterReplicaLogDirTopic] = []


class AlterReplicaLogDirTopic(Message):
    name: string = ""
    partitions: list[int32] = []


class AlterReplicaLogDirsResponse(Message, versions=(1, 2), flexible_from=2):
    throttle_time_ms: int32 = 0
    results: list[AlterReplicaLogDirTopicResult] = []


class AlterReplicaLogDirTopicResult(Message):
    topic_name: string = ""
    partitions: list[AlterReplicaLogDirPartitionResult] = []


class AlterReplicaLogDirPartitionResult(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
