"""Replica assignments that a person gives."""

from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode, KafkaError


def check_assignment(image: ClusterImage, replicas: tuple[int, ...], expected: int) -> None:
    """Raises KafkaError(INVALID_REPLICA_ASSIGNMENT) unless these brokers can hold a partition's replicas.

    `expected` is how many replicas the topic's other partitions have.
    """
    if not replicas:
        problem = "it has no replicas"
    elif len(set(replicas)) != len(replicas):
        problem = "it names a broker twice"
    elif unknown := [broker for broker in replicas if broker not in image.brokers]:
        problem = f"there is no broker {unknown[0]}"
    elif len(replicas) != expected:
        problem = f"it has {len(replicas)} replicas and others of the topic have {expected}"
    else:
        return
    raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"assignment {list(replicas)}: {problem}")
