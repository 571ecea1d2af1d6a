"""Which brokers hold the replicas of new partitions.

Round robin, as Apache Kafka does it: leaders take turns, and the followers of each turn of leaders are
shifted by one more, so that the load of a broker that fails falls on all others. With racks, brokers take
turns rack by rack, and a partition's replicas are in as many racks as there are.
"""

from collections.abc import Collection, Sequence
from itertools import chain, zip_longest

from ottla.cluster.metadata import BrokerImage
from ottla.core.errors import ErrorCode, KafkaError


def place(
    brokers: Collection[BrokerImage], partitions: int, replication_factor: int, start: int
) -> list[tuple[int, ...]]:
    """Replicas for each of the partitions, the leader first; `start` says whose turn it is.

    Raises KafkaError(INVALID_REPLICATION_FACTOR) when there are fewer brokers than replicas.
    """
    usable = [broker for broker in brokers if not broker.fenced]
    if replication_factor > len(usable):
        message = f"{replication_factor} replicas need as many brokers, and there are {len(usable)}"
        raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, message)
    turns = _rack_by_rack(usable)
    return [_replicas(turns, start + index, replication_factor) for index in range(partitions)]


def _rack_by_rack(brokers: Collection[BrokerImage]) -> list[BrokerImage]:
    racks: dict[str, list[BrokerImage]] = {}
    for broker in sorted(brokers, key=lambda one: one.id):
        racks.setdefault(broker.rack or "", []).append(broker)
    rounds = zip_longest(*(racks[rack] for rack in sorted(racks)))
    return [broker for broker in chain.from_iterable(rounds) if broker is not None]


def _replicas(turns: Sequence[BrokerImage], turn: int, count: int) -> tuple[int, ...]:
    size = len(turns)
    leader, shift = turn % size, turn // size
    followers = [turns[(leader + 1 + (shift + step) % (size - 1)) % size] for step in range(size - 1)]
    in_order = [turns[leader], *followers]
    chosen: list[BrokerImage] = []
    racks: set[str | None] = set()
    for broker in in_order:  # first one of each rack, then whoever is next
        if broker.rack not in racks or broker.rack is None:
            racks.add(broker.rack)
            chosen.append(broker)
    rest = [broker for broker in in_order if broker not in chosen]
    return tuple(broker.id for broker in (chosen + rest)[:count])
