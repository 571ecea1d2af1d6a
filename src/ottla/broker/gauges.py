"""What the broker holds, read when somebody looks: logs, partitions, sessions. Names as jmx_exporter gives Kafka's."""

from collections.abc import Callable, Iterator

from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.sessions import FetchSessions
from ottla.core.metrics import Registry, Sample

_LOG = "kafka_log_log"
_REPLICAS = "kafka_server_replicamanager"
_SESSIONS = "kafka_server_fetchsessioncache"

Read = Callable[[Partition], float]


def register_gauges(registry: Registry, partitions: Partitions, sessions: FetchSessions) -> None:
    """Export what stands now; one callback for all partitions, so that ten thousand cost nothing until asked for."""

    def of_each(read: Read) -> Iterator[Sample]:
        for partition in partitions:
            yield {"topic": partition.topic, "partition": str(partition.index)}, read(partition)

    registry.computed(f"{_LOG}_size", "Bytes of batches in a log", lambda: of_each(_size))
    registry.computed(
        f"{_LOG}_logstartoffset",
        "First offset of a log",
        lambda: of_each(lambda each: each.log.log_start_offset),
    )
    registry.computed(
        f"{_LOG}_logendoffset",
        "Offset after the last record of a log",
        lambda: of_each(lambda each: each.log.log_end_offset),
    )
    registry.gauge(
        f"{_REPLICAS}_partitioncount", "Partitions here", lambda: sum(1 for _ in partitions.names())
    )
    registry.gauge(
        f"{_REPLICAS}_leadercount", "Partitions led here", lambda: sum(1 for _ in partitions.names())
    )
    registry.gauge(
        f"{_REPLICAS}_offlinereplicacount",
        "Partitions whose disk failed",
        lambda: sum(partition.log.offline for partition in partitions),
    )
    registry.gauge(f"{_SESSIONS}_numincrementalfetchsessions", "Fetch sessions", lambda: len(sessions))
    registry.gauge(
        f"{_SESSIONS}_numincrementalfetchpartitionscached",
        "Partitions in fetch sessions",
        sessions.partition_count,
    )
    registry.counted(
        f"{_SESSIONS}_incrementalfetchsessionevictions_total", "Sessions evicted", lambda: sessions.evictions
    )


def _size(partition: Partition) -> float:
    """A log that is deleted while somebody looks has no size."""
    try:
        return partition.log.size_bytes
    except FileNotFoundError:
        return 0
