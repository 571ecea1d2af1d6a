"""What a client is told about transactions: values, made from replies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ottla.client.metadata import TopicPartition
from ottla.wire.messages.describe_producers import ProducerState
from ottla.wire.messages.describe_transactions import TransactionState


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactional ids to list. Each that is set must hold."""

    states: tuple[str, ...] = ()
    producer_ids: tuple[int, ...] = ()
    longer_than_ms: int = -1
    """Only transactions that last longer than this (KIP-994); -1 for any."""
    pattern: str | None = None
    """In RE2's syntax, for the whole id (KIP-1152)."""


class ListedTransaction(NamedTuple):
    """One transactional id, and the broker that coordinates it."""

    transactional_id: str
    coordinator: int
    producer_id: int
    state: str


class TransactionDescription(NamedTuple):
    """What the coordinator of a transactional id knows."""

    transactional_id: str
    coordinator: int
    state: str
    producer_id: int
    producer_epoch: int
    timeout_ms: int
    start_ms: int | None
    """When the transaction began; None when there is none."""
    partitions: tuple[TopicPartition, ...]
    """Those that are part of it; while it is ending, those that are still to be told."""


class ActiveProducer(NamedTuple):
    """A producer as a partition remembers it."""

    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_timestamp_ms: int
    coordinator_epoch: int
    """Of the last marker; -1 when there was none."""
    transaction_start_offset: int | None
    """Where its open transaction begins; None when it has none here."""


class HangingTransaction(NamedTuple):
    """An open transaction that nobody will end."""

    partition: TopicPartition
    producer: ActiveProducer


def from_description(state: TransactionState, coordinator: int) -> TransactionDescription:
    """One answer of DescribeTransactions."""
    return TransactionDescription(
        transactional_id=state.transactional_id,
        coordinator=coordinator,
        state=state.transaction_state,
        producer_id=state.producer_id,
        producer_epoch=state.producer_epoch,
        timeout_ms=state.transaction_timeout_ms,
        start_ms=state.transaction_start_time_ms if state.transaction_start_time_ms >= 0 else None,
        partitions=tuple(
            TopicPartition(topic.topic, index) for topic in state.topics for index in topic.partitions
        ),
    )


def from_producers(states: Iterable[ProducerState]) -> list[ActiveProducer]:
    """One partition's part of DescribeProducers."""
    return [
        ActiveProducer(
            producer_id=state.producer_id,
            producer_epoch=state.producer_epoch,
            last_sequence=state.last_sequence,
            last_timestamp_ms=state.last_timestamp,
            coordinator_epoch=state.coordinator_epoch,
            transaction_start_offset=(
                state.current_txn_start_offset if state.current_txn_start_offset >= 0 else None
            ),
        )
        for state in states
    ]
