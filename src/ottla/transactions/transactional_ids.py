"""The transactional ids of one partition: their state, what is waited for, and how their transactions end."""

from collections.abc import Iterable
from functools import partial
from itertools import islice

from ottla.transactions import transitions
from ottla.transactions.config import EXPIRIES_PER_DECISION, NO_TIMEOUT_MS, TransactionConfig
from ottla.transactions.deadline import Deadline, TransactionDeadlines, Wait
from ottla.transactions.decision import EndOfTransaction, Partition, TransactionDecision
from ottla.transactions.records import (
    NO_PRODUCER_EPOCH,
    TransactionLogKey,
    TransactionLogValue,
    TransactionRecord,
)
from ottla.transactions.states import MAY_EXPIRE, State
from ottla.transactions.transaction import Transaction


class TransactionalIds:
    """What needs no client. `transaction_version` is the cluster's finalized feature level."""

    def __init__(self, config: TransactionConfig, transaction_version: int = 2) -> None:
        self.config = config
        self.transaction_version = transaction_version
        self.coordinator_epoch = 0
        self.transactions: dict[str, Transaction] = {}
        self.deadlines = TransactionDeadlines()

    def set_coordinator_epoch(self, epoch: int) -> None:
        """The leader epoch of the partition. Markers carry it, so that an older coordinator's are refused."""
        self.coordinator_epoch = epoch

    def set_transaction_version(self, level: int) -> None:
        """The finalized level of `transaction.version` from now on."""
        self.transaction_version = level

    # State

    def apply(self, record: TransactionRecord) -> None:
        """The only way state changes, live and at replay."""
        transactional_id, value = record.key.transactional_id, record.value
        before = self.transactions.get(transactional_id)
        self.deadlines.cancel(Deadline(Wait.END, transactional_id))
        self.deadlines.cancel(Deadline(Wait.COMPLETE, transactional_id))
        if value is None:
            self.transactions.pop(transactional_id, None)
            return
        transaction = Transaction(transactional_id, value, _last_epoch(before, value))
        self.transactions[transactional_id] = transaction
        self._arm_end(transaction)

    def _arm_end(self, transaction: Transaction) -> None:
        stored = transaction.stored
        if transaction.state is State.ONGOING and stored.transaction_timeout_ms != NO_TIMEOUT_MS:
            at_ms = stored.transaction_start_timestamp_ms + stored.transaction_timeout_ms
            self.deadlines.arm(Deadline(Wait.END, transaction.transactional_id), at_ms)

    def loaded(self, now_ms: int) -> TransactionDecision:
        """The log is replayed: what was ending goes on ending, with all its markers, and time begins."""
        out, complete = TransactionDecision(), TransactionDecision()
        for transaction in self.transactions.values():
            if transaction.is_ending:
                self._carry_on(transaction, now_ms, out if transaction.partitions else complete)
        self._arm_expiry(now_ms)
        out.then = lambda: complete  # apart, so that a log that refuses it loses no markers
        return out

    def _carry_on(self, transaction: Transaction, now_ms: int, out: TransactionDecision) -> None:
        """Markers for the partitions that have none; if all have one, the end is complete."""
        transactional_id, stored = transaction.transactional_id, transaction.stored
        if not transaction.partitions:
            out.write(record_of(transactional_id, transitions.completed(stored, now_ms)))
            return
        out.ends.append(
            EndOfTransaction(
                transactional_id,
                stored.producer_id,
                stored.producer_epoch,
                self.coordinator_epoch,
                transaction.committed,
                stored.client_transaction_version,
                frozenset(transaction.partitions),
            )
        )

    def forget_undecided(self, transactional_id: str, now_ms: int) -> None:
        """After an append that failed: what nobody will ask for again is tried again when it is next due."""
        transaction = self.transactions.get(transactional_id)
        if transaction is None:
            return
        self._arm_end(transaction)
        if transaction.is_ending and not transaction.partitions:
            self.deadlines.arm(Deadline(Wait.COMPLETE, transactional_id), now_ms)

    # Time

    @property
    def wake_at_ms(self) -> int | None:
        """When `tick` has something to do next; None when nothing is waited for."""
        return self.deadlines.earliest_ms()

    def tick(self, now_ms: int) -> TransactionDecision | None:
        """What one passed deadline leads to; None when none has passed. Call until it is None."""
        deadline = self.deadlines.pop_due(now_ms)
        if deadline is None:
            return None
        if deadline.wait is Wait.EXPIRE:
            return self._expire(now_ms)
        transaction = self.transactions[deadline.transactional_id]
        if deadline.wait is Wait.END:
            return self.fence(transaction, now_ms)
        out = TransactionDecision()
        self._carry_on(transaction, now_ms, out)
        return out

    def _expire(self, now_ms: int) -> TransactionDecision:
        last_ms = now_ms - self.config.transactional_id_expiration_ms
        expired = (
            transactional_id
            for transactional_id, transaction in self.transactions.items()
            if transaction.state in MAY_EXPIRE
            and transaction.stored.transaction_last_update_timestamp_ms <= last_ms
        )
        out = TransactionDecision(
            records=[record_of(each, None) for each in islice(expired, EXPIRIES_PER_DECISION)]
        )
        if len(out.records) < EXPIRIES_PER_DECISION:
            self._arm_expiry(now_ms)
        else:
            self.deadlines.arm(Deadline(Wait.EXPIRE), now_ms)
        return out

    def _arm_expiry(self, now_ms: int) -> None:
        interval_ms = self.config.transaction_remove_expired_transaction_cleanup_interval_ms
        self.deadlines.arm(Deadline(Wait.EXPIRE), now_ms + interval_ms)

    # Ends

    def fence(self, transaction: Transaction, now_ms: int) -> TransactionDecision:
        """Abort a transaction against its producer's wish."""
        value = transitions.fenced(transaction.stored, self.transaction_version, now_ms)
        return self.end(transaction.transactional_id, value, now_ms)

    def end(self, transactional_id: str, value: TransactionLogValue, now_ms: int) -> TransactionDecision:
        """Write PREPARE_* down; the markers, or COMPLETE_* if there is none to write, come after it."""
        out = TransactionDecision(records=[record_of(transactional_id, value)])
        out.then = partial(self._after_end, transactional_id, now_ms)
        return out

    def _after_end(self, transactional_id: str, now_ms: int) -> TransactionDecision:
        out = TransactionDecision()
        self._carry_on(self.transactions[transactional_id], now_ms, out)
        return out

    def markers_written(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        partitions: Iterable[Partition],
        now_ms: int,
    ) -> TransactionDecision:
        """These partitions have their markers, or are no more. A report of an end that is over changes nothing."""
        out = TransactionDecision()
        transaction = self.transactions.get(transactional_id)
        if transaction is None or not transaction.is_ending:
            return out
        if (producer_id, producer_epoch) != (
            transaction.stored.producer_id,
            transaction.stored.producer_epoch,
        ):
            return out
        transaction.partitions.difference_update(partitions)
        if not transaction.partitions:
            self._carry_on(transaction, now_ms, out)
        return out


def record_of(transactional_id: str, value: TransactionLogValue | None) -> TransactionRecord:
    """What is written down of it; a value of None forgets it."""
    return TransactionRecord(TransactionLogKey(transactional_id=transactional_id), value)


def _last_epoch(before: Transaction | None, value: TransactionLogValue) -> int:
    """The epoch that the producer held before, as far as records tell; see `TransactionCoordinator` for the rest."""
    if before is None or value.transaction_status == State.EMPTY.number:
        return NO_PRODUCER_EPOCH
    if value.producer_epoch == before.stored.producer_epoch or value.producer_id != before.stored.producer_id:
        return before.last_producer_epoch
    bumps = value.client_transaction_version >= transitions.BUMPS_EPOCH_SINCE
    return before.stored.producer_epoch if bumps else NO_PRODUCER_EPOCH
