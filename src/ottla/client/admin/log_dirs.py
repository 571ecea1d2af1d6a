"""Log directories: what each broker stores, and where."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ottla.client.admin.calls import Calls, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_BROKER, by_broker, settle
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import describe_log_dirs as describing


class ReplicaSize(NamedTuple):
    """One replica in a log directory."""

    size_bytes: int
    offset_lag: int
    """How far it is behind, in offsets."""
    is_future: bool
    """Being moved here from another directory of the same broker."""


class LogDir(NamedTuple):
    """One log directory. `error` is set when its disk failed."""

    path: str
    error: KafkaError | None
    replicas: dict[TopicPartition, ReplicaSize]
    total_bytes: int
    """Of the volume; -1 when the broker does not say."""
    usable_bytes: int


class LogDirCalls(Calls):
    """Of the Admin."""

    async def describe_log_dirs(self, brokers: Iterable[int] | None = None) -> Results[int, list[LogDir]]:
        """Of these brokers, by node id, or of all."""
        await self._cluster.refresh(())
        wanted = sorted(self._cluster.metadata.brokers) if brokers is None else brokers

        async def ask(broker: int, _: list[int]) -> Mapping[int, list[LogDir] | KafkaError]:
            request = describing.DescribeLogDirsRequest(topics=None)
            response = await self._cluster.ask(broker, request, describing.DescribeLogDirsResponse)
            if response.error_code != ErrorCode.NONE:
                return {broker: refused(f"broker {broker}", response.error_code)}
            return {broker: [_log_dir(result) for result in response.results]}

        async def attempt(left: list[int]) -> Mapping[int, list[LogDir] | KafkaError]:
            return await by_broker(left, self._known_broker, ask)

        return await settle(self._cluster, wanted, attempt, OF_BROKER)


def _log_dir(result: describing.DescribeLogDirsResult) -> LogDir:
    replicas = {
        TopicPartition(topic.name, partition.partition_index): ReplicaSize(
            partition.partition_size, partition.offset_lag, partition.is_future_key
        )
        for topic in result.topics
        for partition in topic.partitions
    }
    error = None if result.error_code == ErrorCode.NONE else refused(result.log_dir, result.error_code)
    return LogDir(result.log_dir, error, replicas, result.total_bytes, result.usable_bytes)
