"""DescribeLogDirs (key 35), versions 1 to 4: the log directories, and the sizes of the partitions in them.

No list of topics means all partitions. Partitions that are not here are passed over. Bytes on the disk as a
whole and those still free since 4 (KIP-827).

Deviations: none; the lag is 0 and no replica is a future one, for directories do not copy from each other.
"""

from collections.abc import Sequence
from typing import Protocol

from ottla.broker.call import Call
from ottla.broker.log_dir_image import LogDirImage
from ottla.wire.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)


class LogDirSource(Protocol):
    """What the partitions' owner must offer."""

    async def log_dirs(self) -> Sequence[LogDirImage]:
        """All log directories as of now. Looking may take a disk access, so it is awaited."""
        ...


async def describe_log_dirs(
    source: LogDirSource, request: DescribeLogDirsRequest, call: Call
) -> DescribeLogDirsResponse:
    """One result for each directory."""
    wanted = None
    if request.topics is not None:
        wanted = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
    return DescribeLogDirsResponse(results=[_result(one, wanted) for one in await source.log_dirs()])


def _result(directory: LogDirImage, wanted: set[tuple[str, int]] | None) -> DescribeLogDirsResult:
    topics: dict[str, DescribeLogDirsTopic] = {}
    for name, index, size in sorted(directory.sizes):
        if wanted is None or (name, index) in wanted:
            topic = topics.setdefault(name, DescribeLogDirsTopic(name=name))
            topic.partitions.append(DescribeLogDirsPartition(partition_index=index, partition_size=size))
    return DescribeLogDirsResult(
        error_code=directory.error,
        log_dir=directory.path,
        topics=list(topics.values()),
        total_bytes=directory.total_bytes,
        usable_bytes=directory.usable_bytes,
    )
