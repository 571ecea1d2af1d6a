"""The decisions of the transaction machine: records and replies as everywhere, and the ends to carry to partitions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ottla.core.decision import Decision, Ticket
from ottla.core.errors import KafkaError
from ottla.transactions.records import TransactionRecord
from ottla.wire.schema import Message

Reply = Message | KafkaError
"""A response, or an error that whoever holds the request turns into one (`ottla.transactions.refusals`)."""

Partition = tuple[str, int]
"""A topic's name and a partition's index."""


class EndOfTransaction(NamedTuple):
    """Markers to write: this producer's transaction ends thus in each of these partitions."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    committed: bool
    transaction_version: int
    """2: the marker's epoch is above that of the records it ends (KIP-890, KIP-1228)."""
    partitions: frozenset[Partition]


@dataclass(slots=True)
class TransactionDecision(Decision[TransactionRecord, Reply]):
    """A decision that may also end transactions."""

    ends: list[EndOfTransaction] = field(default_factory=list)
    """Carry out only AFTER `records` are committed, and then until each partition has its marker."""


def decided(ticket: Ticket, decide: Callable[[], TransactionDecision]) -> TransactionDecision:
    """The decision, or the request's refusal."""
    try:
        return decide()
    except KafkaError as error:
        return TransactionDecision(replies=[(ticket, error)])
