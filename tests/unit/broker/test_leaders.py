"""Leadership as a listener's clients see it."""

from ottla.broker.leaders import Leadership
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import BrokerImage, Endpoint, PartitionImage
from ottla.core.errors import ErrorCode

INSIDE, OUTSIDE = Endpoint("INSIDE", "PLAINTEXT", "a", 1), Endpoint("OUTSIDE", "PLAINTEXT", "b", 2)
IMAGE = ClusterImage(
    brokers={
        1: BrokerImage(1, None, (INSIDE, OUTSIDE)),
        2: BrokerImage(2, None, (INSIDE,)),
        3: BrokerImage(3, None, (INSIDE, OUTSIDE), fenced=True),
    }
)


def seen(leader: int, *replicas: int) -> tuple[int, ErrorCode, list[int]]:
    return Leadership(IMAGE, "OUTSIDE").of(PartitionImage(leader, 0, 0, replicas, replicas))


def test_a_leader_that_can_be_reached() -> None:
    assert seen(1, 1, 2) == (1, ErrorCode.NONE, [])
    assert seen(1, 1, 3, 4) == (1, ErrorCode.NONE, [3, 4])


def test_a_leader_without_the_clients_listener() -> None:
    assert seen(2, 2, 1) == (-1, ErrorCode.LISTENER_NOT_FOUND, [])


def test_a_leader_that_is_fenced_unknown_or_none() -> None:
    for leader in (3, 4, -1):
        assert seen(leader, 1, 2, 3) == (-1, ErrorCode.LEADER_NOT_AVAILABLE, [3])
