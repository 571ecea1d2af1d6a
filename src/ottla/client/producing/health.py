"""How a producer is doing, at one moment."""

from dataclasses import dataclass

from ottla.client.producing.counters import ProducerCounters
from ottla.client.producing.idempotence import ProducerIdentity


@dataclass(frozen=True, slots=True)
class ProducerHealth:
    """What to look at first when nothing moves."""

    buffered_bytes: int
    """Waiting for delivery or being delivered; at `buffer_memory` sending waits."""
    partitions_waiting: int
    """Partitions with records that are not delivered yet."""
    requests_in_flight: int
    oldest_seconds: float
    """The age of the oldest record that is not delivered yet; 0 when there is none."""
    problem: str
    """Why the last attempt that failed did so; empty when everything is delivered."""
    identity: ProducerIdentity | None
    """The producer id and epoch; None until the first batch needs one."""
    transaction: str
    """The state of the transaction; empty without a `transactional_id`."""
    counters: ProducerCounters
