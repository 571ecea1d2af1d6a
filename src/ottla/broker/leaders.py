"""A partition's leadership as a client of one listener sees it."""

from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import NO_LEADER, PartitionImage
from ottla.core.errors import ErrorCode


def visible(
    image: ClusterImage, partition: PartitionImage, listener: str
) -> tuple[int, ErrorCode, list[int]]:
    """The leader (-1 when it cannot be reached), why it cannot, and the replicas that are offline."""
    offline = [broker for broker in partition.replicas if not _is_alive(image, broker)]
    leader = partition.leader
    if leader == NO_LEADER or leader in offline:
        return NO_LEADER, ErrorCode.LEADER_NOT_AVAILABLE, offline
    if image.brokers[leader].endpoint(listener) is None:
        return NO_LEADER, ErrorCode.LISTENER_NOT_FOUND, offline
    return leader, ErrorCode.NONE, offline


def _is_alive(image: ClusterImage, broker_id: int) -> bool:
    broker = image.brokers.get(broker_id)
    return broker is not None and not broker.fenced
