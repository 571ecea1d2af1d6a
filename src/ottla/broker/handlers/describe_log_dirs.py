"""DescribeLogDirs (key 35), versions 1 to 4: the log directories, and the sizes of the partitions in them.

No list of topics means all partitions. Partitions that are not here are passed over. Bytes on the disk as a
whole and those still free since 4 (KIP-827).

Deviations: none; the lag is 0 and no replica is a future one, for directories do not copy from each other.
"""

from collections.abc import Iterable, Sequence
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


class PartitionNames(Protocol):
    """What the partitions' owner must offer."""

    def names(self) -> Iterable[tuple[str, int]]:
        """Every partition that is here, by topic and index."""
        ...


class LogDirSource(Protocol):
    """What the directories' owner must offer."""

    async def images(self, partitions: Iterable[tuple[str, int]]) -> Sequence[LogDirImage]:
        """All log directories, each with those of the partitions that are in it. Looking may take a disk access."""
        ...


async def describe_log_dirs(
    partitions: PartitionNames, source: LogDirSource, request: DescribeLogDirsRequest, call: Call
) -> DescribeLogDirsResponse:
    """One result for each directory."""
    names = partitions.names()
    if request.topics is not None:
        wanted = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
        names = wanted.intersection(names)
    return DescribeLogDirsResponse(results=[_result(one) for one in await source.images(names)])


def _result(directory: LogDirImage) -> DescribeLogDirsResult:
    topics: dict[str, DescribeLogDirsTopic] = {}
    for name, index, size in sorted(directory.sizes):
        topic = topics.setdefault(name, DescribeLogDirsTopic(name=name))
        topic.partitions.append(DescribeLogDirsPartition(partition_index=index, partition_size=size))
    return DescribeLogDirsResult(
        error_code=directory.error,
        log_dir=directory.path,
        topics=list(topics.values()),
        total_bytes=directory.total_bytes,
        usable_bytes=directory.usable_bytes,
    )
