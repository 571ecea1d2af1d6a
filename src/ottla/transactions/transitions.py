"""The record that takes a transactional id from one state to the next. Every one of them goes through `_follow`."""

from ottla.transactions.decision import Partition
from ottla.transactions.records import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TransactionLogValue
from ottla.transactions.states import BY_NUMBER, ENDED_BY, ENTERED_FROM, IS_ENDING, State
from ottla.transactions.transaction import FENCE_EPOCH, LAST_EPOCH, partitions_of, schema_of

NO_TIME_MS = -1

BUMPS_EPOCH_SINCE = 2
"""The transaction version from which every end raises the producer's epoch (KIP-890)."""


def unborn(producer_id: int) -> TransactionLogValue:
    """What a transactional id is before its first record; never written down itself."""
    return TransactionLogValue(
        producer_id=producer_id,
        producer_epoch=NO_PRODUCER_EPOCH,
        transaction_status=State.EMPTY.number,
        transaction_partitions=None,
        transaction_start_timestamp_ms=NO_TIME_MS,
    )


def initialised(stored: TransactionLogValue, timeout_ms: int, now_ms: int) -> TransactionLogValue:
    """EMPTY, with nothing of the last transaction left; the epoch is still the old one."""
    value = _follow(stored, State.EMPTY, now_ms)
    value.transaction_timeout_ms = timeout_ms
    value.transaction_partitions = None
    value.transaction_start_timestamp_ms = NO_TIME_MS
    return value


def bumped(stored: TransactionLogValue, timeout_ms: int, now_ms: int) -> TransactionLogValue:
    """EMPTY, with the next epoch."""
    assert stored.producer_epoch < LAST_EPOCH
    value = initialised(stored, timeout_ms, now_ms)
    value.producer_epoch += 1
    return value


def rotated(
    stored: TransactionLogValue, producer_id: int, timeout_ms: int, now_ms: int
) -> TransactionLogValue:
    """EMPTY, with another producer id and epoch 0."""
    value = initialised(stored, timeout_ms, now_ms)
    value.producer_id = producer_id
    value.producer_epoch = 0
    return value


def joined(
    stored: TransactionLogValue, partitions: set[Partition], transaction_version: int, now_ms: int
) -> TransactionLogValue:
    """ONGOING, with these partitions too."""
    value = _follow(stored, State.ONGOING, now_ms)
    value.transaction_partitions = schema_of(partitions_of(stored) | partitions)
    value.client_transaction_version = transaction_version
    if BY_NUMBER[stored.transaction_status] is not State.ONGOING:
        value.transaction_start_timestamp_ms = now_ms
    return value


def ended(
    stored: TransactionLogValue,
    *,
    committed: bool,
    transaction_version: int,
    next_producer_id: int,
    now_ms: int,
) -> TransactionLogValue:
    """PREPARE_*, at the producer's own wish. `next_producer_id` takes over if this end uses the epochs up."""
    state = State.PREPARE_COMMIT if committed else State.PREPARE_ABORT
    value = _follow(stored, state, now_ms)
    value.client_transaction_version = transaction_version
    value.next_producer_id = next_producer_id
    value.transaction_partitions = schema_of(partitions_of(stored))
    if transaction_version >= BUMPS_EPOCH_SINCE:
        assert stored.producer_epoch <= LAST_EPOCH
        value.producer_epoch += 1
    if BY_NUMBER[stored.transaction_status] is not State.ONGOING:
        value.transaction_start_timestamp_ms = now_ms
    return value


def fenced(stored: TransactionLogValue, transaction_version: int, now_ms: int) -> TransactionLogValue:
    """PREPARE_ABORT, against the producer's wish: its epoch is over. `transaction_version` is the cluster's."""
    assert stored.producer_epoch < FENCE_EPOCH
    assert BY_NUMBER[stored.transaction_status] in ENTERED_FROM[State.PREPARE_EPOCH_FENCE]
    value = _follow(stored, State.PREPARE_ABORT, now_ms)
    value.client_transaction_version = transaction_version if transaction_version >= BUMPS_EPOCH_SINCE else 0
    value.next_producer_id = NO_PRODUCER_ID
    value.producer_epoch += 1
    return value


def completed(stored: TransactionLogValue, now_ms: int) -> TransactionLogValue:
    """COMPLETE_*: every partition has its marker."""
    state = BY_NUMBER[stored.transaction_status]
    assert state in IS_ENDING
    value = _follow(stored, ENDED_BY[state], now_ms)
    value.producer_id, value.producer_epoch = producer_after(stored)
    value.next_producer_id = NO_PRODUCER_ID
    value.transaction_partitions = []
    return value


def producer_after(ending: TransactionLogValue) -> tuple[int, int]:
    """The producer id and epoch that hold once what is ending has ended."""
    if ending.next_producer_id != NO_PRODUCER_ID:
        return ending.next_producer_id, 0
    return ending.producer_id, ending.producer_epoch


def _follow(stored: TransactionLogValue, state: State, now_ms: int) -> TransactionLogValue:
    """A copy in the next state, for the caller to finish."""
    assert BY_NUMBER[stored.transaction_status] in ENTERED_FROM[state]
    return TransactionLogValue(
        producer_id=stored.producer_id,
        previous_producer_id=stored.producer_id,
        next_producer_id=stored.next_producer_id,
        producer_epoch=stored.producer_epoch,
        transaction_timeout_ms=stored.transaction_timeout_ms,
        transaction_status=state.number,
        transaction_partitions=stored.transaction_partitions,
        transaction_last_update_timestamp_ms=now_ms,
        transaction_start_timestamp_ms=stored.transaction_start_timestamp_ms,
        client_transaction_version=stored.client_transaction_version,
    )
