"""Partitions' leadership as the clients of one listener see it."""

from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import NO_LEADER, PartitionImage
from ottla.core.errors import ErrorCode


class Leadership:
    """Made for one request: which brokers live, and which of them have the listener."""

    __slots__ = ("_alive", "_reachable")

    def __init__(self, image: ClusterImage, listener: str) -> None:
        alive = [broker for broker in image.brokers.values() if not broker.fenced]
        self._alive = frozenset(broker.id for broker in alive)
        self._reachable = frozenset(broker.id for broker in alive if broker.endpoint(listener))

    def of(self, partition: PartitionImage) -> tuple[int, ErrorCode, list[int]]:
        """The leader (-1 when it cannot be reached), why it cannot, and the replicas that are offline."""
        if partition.leader in self._reachable and self._alive.issuperset(partition.replicas):
            return partition.leader, ErrorCode.NONE, []
        offline = [broker for broker in partition.replicas if broker not in self._alive]
        if partition.leader in self._reachable:
            return partition.leader, ErrorCode.NONE, offline
        if partition.leader in self._alive:
            return NO_LEADER, ErrorCode.LISTENER_NOT_FOUND, offline
        return NO_LEADER, ErrorCode.LEADER_NOT_AVAILABLE, offline
