"""InitProducerId: with which producer id and epoch a producer begins."""

from collections.abc import Callable
from typing import NamedTuple

from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions import transitions
from ottla.transactions.records import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TransactionLogValue
from ottla.transactions.states import State
from ottla.transactions.transaction import FENCE_EPOCH, LAST_EPOCH, Transaction
from ottla.wire.messages.init_producer_id import InitProducerIdRequest


class Beginning(NamedTuple):
    """The record to write, and the epoch that a producer may come with that has not seen the answer."""

    value: TransactionLogValue
    last_producer_epoch: int


def begin(
    transaction: Transaction | None,
    request: InitProducerIdRequest,
    new_producer_id: Callable[[], int],
    now_ms: int,
) -> Beginning | None:
    """How the producer begins, or None if a transaction is ongoing that has to be aborted first. Raises KafkaError.

    A request with a producer id and epoch (KIP-360) comes from a producer that goes on after an error. It only gets a
    new epoch if no other producer has begun since.
    """
    timeout_ms = request.transaction_timeout_ms
    if transaction is None:
        stored = transitions.unborn(new_producer_id())
        return Beginning(transitions.bumped(stored, timeout_ms, now_ms), NO_PRODUCER_EPOCH)
    if transaction.is_ending:
        raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
    goes_on = request.producer_id != NO_PRODUCER_ID
    if goes_on:
        _check(transaction, request)
    stored = transaction.stored
    if transaction.state is State.ONGOING:
        # Kafka lets a producer with an old epoch through here, and it aborts the transaction of a newer one.
        if goes_on and request.producer_epoch != stored.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        return None
    if goes_on and request.producer_epoch != stored.producer_epoch < FENCE_EPOCH:
        # The answer to a request that has come before.
        return Beginning(transitions.initialised(stored, timeout_ms, now_ms), transaction.last_producer_epoch)
    last_epoch = stored.producer_epoch if goes_on else NO_PRODUCER_EPOCH
    if stored.producer_epoch < LAST_EPOCH:
        return Beginning(transitions.bumped(stored, timeout_ms, now_ms), last_epoch)
    return Beginning(transitions.rotated(stored, new_producer_id(), timeout_ms, now_ms), last_epoch)


def _check(transaction: Transaction, request: InitProducerIdRequest) -> None:
    """The producer has the present id, or the one before it, used up; and the present epoch, or the one before it."""
    stored = transaction.stored
    is_current = request.producer_id == stored.producer_id
    was_used_up = request.producer_id == stored.previous_producer_id and request.producer_epoch >= LAST_EPOCH
    if not is_current and not was_used_up:
        raise KafkaError(ErrorCode.PRODUCER_FENCED)
    if transaction.state is not State.ONGOING and request.producer_epoch not in {
        stored.producer_epoch,
        transaction.last_producer_epoch,
    }:
        raise KafkaError(ErrorCode.PRODUCER_FENCED)
