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


def carry_out(
    decision: TransactionDecision,
    append: Callable[[list[TransactionRecord]], None],
    apply: Callable[[TransactionRecord], None],
    outcome: TransactionDecision,
) -> None:
    """As `ottla.core.decision.carry_out`; `outcome` gathers the chain's replies and ends.

    An exception from `append` goes through. Then `outcome.replies` holds everyone who must be told, and `outcome.ends`
    only what was written and stays true.
    """
    following: TransactionDecision | None = decision
    while following is not None:
        outcome.replies += following.replies
        if following.records:
            append(following.records)
            for record in following.records:
                apply(record)
        outcome.ends += following.ends
        following = next_of(following)


def next_of(decision: TransactionDecision) -> TransactionDecision | None:
    """What is decided once the decision's records are applied."""
    if decision.then is None:
        return None
    following = decision.then()
    assert isinstance(following, TransactionDecision)
    return following
