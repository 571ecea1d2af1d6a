"""How a consumer is doing, at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import KafkaError


@dataclass(frozen=True, slots=True)
class ConsumerHealth:
    """What to look at first when nothing comes."""

    member_id: str
    """Empty while it is no member of a group."""
    assignment_epoch: int
    """The generation of the group, or with KIP-848 the member epoch; -1 for none."""
    assignment: frozenset[TopicPartition]
    last_heartbeat_seconds: float | None
    """How long ago the coordinator last answered; None while it is no member."""
    last_fetch_seconds: float | None
    """How long ago a broker last answered a fetch; None before the first."""
    lag: Mapping[TopicPartition, int]
    """Records behind the position, of partitions that have been fetched."""
    problem: KafkaError | None
    """What last went wrong between it and its group, until something goes right."""

    @property
    def total_lag(self) -> int:
        return sum(self.lag.values())
