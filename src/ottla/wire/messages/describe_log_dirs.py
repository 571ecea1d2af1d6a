"""DescribeLogDirs (key 35): a broker's log directories and the size of every partition in them (KIP-113).

An error for the whole reply since v3, the volume's total and usable bytes since v4 (KIP-827).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int16, int32, int64, since, string


class DescribeLogDirsRequest(Message, versions=(1, 4), flexible_from=2):
    topics: list[DescribableLogDirTopic] | None = []


class DescribableLogDirTopic(Message):
    topic: string = ""
    partitions: list[int32] = []


class DescribeLogDirsResponse(Message, versions=(1, 4), flexible_from=2):
    throttle_time_ms: int32 = 0
    error_code: Annotated[int16, since(3), ignorable] = 0
    results: list[DescribeLogDirsResult] = []


class DescribeLogDirsResult(Message):
    error_code: int16 = 0
    log_dir: string = ""
    topics: list[DescribeLogDirsTopic] = []
    total_bytes: Annotated[int64, since(4), ignorable] = -1
    usable_bytes: Annotated[int64, since(4), ignorable] = -1


class DescribeLogDirsTopic(Message):
    name: string = ""
    partitions: list[DescribeLogDirsPartition] = []


class DescribeLogDirsPartition(Message):
    partition_index: int32 = 0
    partition_size: int64 = 0
    offset_lag: int64 = 0
    is_future_key: boolean = False
