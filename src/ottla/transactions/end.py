"""EndTxn: what it means in each state, for each epoch it may come with.

With transaction version 1 a producer keeps its epoch, so a request that comes again looks like the first one: it is
accepted if the last transaction ended the same way. With version 2 the epoch has moved on, and a request with the epoch
before it is the last one, come again.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions import transitions
from ottla.transactions.records import NO_PRODUCER_ID, TransactionLogValue
from ottla.transactions.states import State
from ottla.transactions.transaction import FENCE_EPOCH, LAST_EPOCH, Transaction
from ottla.wire.messages.end_txn import EndTxnRequest

ENDS_BUMP_SINCE = 5
"""The version of EndTxn that speaks transaction version 2."""


class Epoch(Enum):
    """The epoch of a request, compared with the transaction's."""

    CURRENT = auto()
    BEFORE = auto()
    OTHER = auto()


class Verdict(Enum):
    """What to do about an EndTxn. The value is the code it is refused with."""

    END = auto()
    """Commit or abort it."""
    DONE = ErrorCode.NONE
    """It has been done already."""
    WRONG_STATE = ErrorCode.INVALID_TXN_STATE
    FENCED = ErrorCode.PRODUCER_FENCED


_END, _DONE, _WRONG = Verdict.END, Verdict.DONE, Verdict.WRONG_STATE

# To commit, to abort.
V1: Final[dict[tuple[State, Epoch], tuple[Verdict, Verdict]]] = {
    (State.EMPTY, Epoch.CURRENT): (_WRONG, _WRONG),
    (State.ONGOING, Epoch.CURRENT): (_END, _END),
    (State.COMPLETE_COMMIT, Epoch.CURRENT): (_DONE, _WRONG),
    (State.COMPLETE_ABORT, Epoch.CURRENT): (_WRONG, _DONE),
}
V2: Final[dict[tuple[State, Epoch], tuple[Verdict, Verdict]]] = {
    (State.EMPTY, Epoch.CURRENT): (_WRONG, _END),
    (State.ONGOING, Epoch.CURRENT): (_END, _END),
    (State.COMPLETE_COMMIT, Epoch.CURRENT): (_WRONG, _END),
    (State.COMPLETE_COMMIT, Epoch.BEFORE): (_DONE, _WRONG),
    (State.COMPLETE_ABORT, Epoch.CURRENT): (_WRONG, _END),
    (State.COMPLETE_ABORT, Epoch.BEFORE): (_WRONG, _DONE),
}
"""Any other pair of state and epoch is fenced; while a transaction is ending, see `coordinator`."""


def verdict(transaction: Transaction, epoch: Epoch, *, committed: bool, bumps: bool) -> Verdict:
    """What to do about an EndTxn of a transaction that is not ending already."""
    to_commit, to_abort = (V2 if bumps else V1).get(
        (transaction.state, epoch), (Verdict.FENCED, Verdict.FENCED)
    )
    return to_commit if committed else to_abort


def epoch_of(stored: TransactionLogValue, producer_epoch: int, *, overflowed: bool) -> Epoch:
    """How a request's epoch relates to the transaction's.

    Where the last end has not raised the epoch, the epoch before is another producer's. Kafka tells that one ours.
    """
    if producer_epoch == stored.producer_epoch < FENCE_EPOCH:
        return Epoch.CURRENT
    was_bumped = stored.client_transaction_version >= transitions.BUMPS_EPOCH_SINCE
    if overflowed or (was_bumped and producer_epoch + 1 == stored.producer_epoch):
        return Epoch.BEFORE
    return Epoch.OTHER


def is_overflow(stored: TransactionLogValue, producer_id: int, producer_epoch: int) -> bool:
    """Whether the request speaks of the producer id before this one, at the epoch that used it up."""
    return (
        stored.previous_producer_id == producer_id
        and producer_epoch == LAST_EPOCH
        and stored.producer_epoch == 0
    )


def judge(transaction: Transaction, request: EndTxnRequest, *, bumps: bool) -> Verdict:
    """What to do about the request. Raises KafkaError.

    While an end is under way, version 2 does not fence: the producer may know the next epoch already.
    """
    stored = transaction.stored
    if bumps and transaction.is_ending:
        raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
    overflowed = bumps and is_overflow(stored, request.producer_id, request.producer_epoch)
    if request.producer_id != stored.producer_id and not overflowed:
        raise KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    epoch = epoch_of(stored, request.producer_epoch, overflowed=overflowed)
    if transaction.is_ending and epoch is Epoch.CURRENT:
        raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
    result = verdict(transaction, epoch, committed=request.committed, bumps=bumps)
    # Kafka tells a producer whose last epoch is fenced the one above it, and can then never end its next transaction.
    told_fence = result is Verdict.DONE and stored.producer_epoch == FENCE_EPOCH
    return Verdict.FENCED if told_fence else result


def end(
    transaction: Transaction,
    new_producer_id: Callable[[], int],
    *,
    committed: bool,
    bumps: bool,
    now_ms: int,
) -> TransactionLogValue:
    """The record that decides it."""
    used_up = bumps and transaction.stored.producer_epoch == LAST_EPOCH
    return transitions.ended(
        transaction.stored,
        committed=committed,
        transaction_version=transitions.BUMPS_EPOCH_SINCE if bumps else 0,
        next_producer_id=new_producer_id() if used_up else NO_PRODUCER_ID,
        now_ms=now_ms,
    )
