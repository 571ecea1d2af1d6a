"""The transaction coordinator of one partition of `__transaction_state`: all its transactional ids.

`ottla.core.decision` says how its decisions are to be carried out, `ottla.transactions.states` holds the rules. A
decision's `ends` are markers that the shell has written into partitions once the decision's records are committed; it
reports them with `markers_written`, and tries until it can. A reply that is a `KafkaError` becomes a response by
`ottla.transactions.refusals`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from ottla.core.decision import Ticket
from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions import end, transitions, views
from ottla.transactions.config import EXPIRIES_PER_DECISION, NO_TIMEOUT_MS, TransactionConfig
from ottla.transactions.deadline import Deadline, TransactionDeadlines, Wait
from ottla.transactions.decision import EndOfTransaction, Partition, TransactionDecision, decided
from ottla.transactions.init import Beginning, begin
from ottla.transactions.records import (
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    TransactionLogKey,
    TransactionLogValue,
    TransactionRecord,
)
from ottla.transactions.refusals import added
from ottla.transactions.states import MAY_EXPIRE, State
from ottla.transactions.transaction import FENCE_EPOCH, Transaction
from ottla.wire.messages import add_partitions_to_txn as add
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from ottla.wire.messages.describe_transactions import TransactionState
from ottla.wire.messages.end_txn import EndTxnRequest, EndTxnResponse
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ottla.wire.messages.list_transactions import ListTransactionsRequest
from ottla.wire.messages.list_transactions import TransactionState as ListedTransaction

OFFSETS_TOPIC = "__consumer_offsets"

ADDS_IMPLICITLY_SINCE = 4
"""The version of AddPartitionsToTxn from which brokers ask, for clients of transaction version 2."""


class TransactionCoordinator:
    """The transactional ids of one partition. `transaction_version` is the cluster's finalized feature level."""

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
            out.write(_record(transactional_id, transitions.completed(stored, now_ms)))
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
            return self._fence(transaction, now_ms)
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
            records=[_record(each, None) for each in islice(expired, EXPIRIES_PER_DECISION)]
        )
        if len(out.records) < EXPIRIES_PER_DECISION:
            self._arm_expiry(now_ms)
        else:
            self.deadlines.arm(Deadline(Wait.EXPIRE), now_ms)
        return out

    def _arm_expiry(self, now_ms: int) -> None:
        interval_ms = self.config.transaction_remove_expired_transaction_cleanup_interval_ms
        self.deadlines.arm(Deadline(Wait.EXPIRE), now_ms + interval_ms)

    # InitProducerId

    def init_producer_id(
        self,
        request: InitProducerIdRequest,
        new_producer_id: Callable[[], int],
        ticket: Ticket,
        now_ms: int,
    ) -> TransactionDecision:
        """InitProducerId of a transactional id. `new_producer_id` may be asked once, and may raise KafkaError."""
        return decided(ticket, partial(self._init, request, new_producer_id, ticket, now_ms))

    def _init(
        self, request: InitProducerIdRequest, new_producer_id: Callable[[], int], ticket: Ticket, now_ms: int
    ) -> TransactionDecision:
        transactional_id = request.transactional_id
        if not transactional_id or (request.producer_id == NO_PRODUCER_ID) != (
            request.producer_epoch == NO_PRODUCER_EPOCH
        ):
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        if not 0 < request.transaction_timeout_ms <= self.config.transaction_max_timeout_ms:
            raise KafkaError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
        transaction = self.transactions.get(transactional_id)
        beginning = begin(transaction, request, new_producer_id, now_ms)
        if beginning is None:
            assert transaction is not None
            out = self._fence(transaction, now_ms)
            out.reply(ticket, KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS))
            return out
        value = beginning.value
        out = TransactionDecision(records=[_record(transactional_id, value)])
        out.reply(
            ticket, InitProducerIdResponse(producer_id=value.producer_id, producer_epoch=value.producer_epoch)
        )
        out.then = partial(self._remember, transactional_id, beginning)
        return out

    def _remember(self, transactional_id: str, beginning: Beginning) -> TransactionDecision:
        """What no record says, see `Transaction.last_producer_epoch`."""
        self.transactions[transactional_id].last_producer_epoch = beginning.last_producer_epoch
        return TransactionDecision()

    # Partitions

    def add_partitions(
        self, request: add.AddPartitionsToTxnTransaction, version: int, ticket: Ticket, now_ms: int
    ) -> TransactionDecision:
        """AddPartitionsToTxn of one transaction, as in a client's v0 to v3. The reply is an AddPartitionsToTxnResult.

        With `verify_only` nothing is added: partitions that are not in the transaction have TRANSACTION_ABORTABLE.
        """
        if request.verify_only:
            return decided(ticket, partial(self._verify, request, ticket))

        def decide() -> TransactionDecision:
            partitions = {(topic.name, index) for topic in request.topics for index in topic.partitions}
            transaction_version = 2 if version >= ADDS_IMPLICITLY_SINCE else 0
            out = self._add(request, partitions, transaction_version, now_ms)
            out.reply(ticket, added(request, ErrorCode.NONE))
            return out

        return decided(ticket, decide)

    def add_offsets(
        self, request: AddOffsetsToTxnRequest, offsets_partition: int, ticket: Ticket, now_ms: int
    ) -> TransactionDecision:
        """AddOffsetsToTxn. `offsets_partition` is the partition of `__consumer_offsets` with the request's group."""

        def decide() -> TransactionDecision:
            out = self._add(request, {(OFFSETS_TOPIC, offsets_partition)}, 0, now_ms)
            out.reply(ticket, AddOffsetsToTxnResponse())
            return out

        return decided(ticket, decide)

    def _add(
        self,
        request: add.AddPartitionsToTxnTransaction | AddOffsetsToTxnRequest,
        partitions: set[Partition],
        transaction_version: int,
        now_ms: int,
    ) -> TransactionDecision:
        """While the last transaction ends, nobody is fenced: the producer may know the next epoch already."""
        transaction = self._named(request.transactional_id)
        if transaction.is_ending:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        _check_producer(transaction, request.producer_id, request.producer_epoch)
        if transaction.state is State.ONGOING and partitions <= transaction.partitions:
            return TransactionDecision()
        value = transitions.joined(transaction.stored, partitions, transaction_version, now_ms)
        return TransactionDecision(records=[_record(request.transactional_id, value)])

    def _verify(self, request: add.AddPartitionsToTxnTransaction, ticket: Ticket) -> TransactionDecision:
        transaction = self._named(request.transactional_id)
        _check_producer(transaction, request.producer_id, request.producer_epoch)
        if transaction.is_ending:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        result = added(request, ErrorCode.TRANSACTION_ABORTABLE)
        for topic in result.topic_results:
            for partition in topic.results_by_partition:
                if (topic.name, partition.partition_index) in transaction.partitions:
                    partition.partition_error_code = ErrorCode.NONE
        return TransactionDecision(replies=[(ticket, result)])

    # The end

    def end_txn(
        self,
        request: EndTxnRequest,
        version: int,
        new_producer_id: Callable[[], int],
        ticket: Ticket,
        now_ms: int,
    ) -> TransactionDecision:
        """EndTxn. `new_producer_id` may be asked once, when this end uses up the epochs; it may raise KafkaError."""
        bumps = version >= end.ENDS_BUMP_SINCE

        def decide() -> TransactionDecision:
            transaction = self._named(request.transactional_id)
            verdict = end.judge(transaction, request, bumps=bumps)
            if verdict is not end.Verdict.END and verdict is not end.Verdict.DONE:
                raise KafkaError(verdict.value)
            if verdict is end.Verdict.DONE:
                producer = transaction.stored.producer_id, transaction.stored.producer_epoch
                return TransactionDecision(replies=[(ticket, _ended(producer, bumps=bumps))])
            value = end.end(
                transaction, new_producer_id, committed=request.committed, bumps=bumps, now_ms=now_ms
            )
            out = self._end(request.transactional_id, value, now_ms)
            out.reply(ticket, _ended(transitions.producer_after(value), bumps=bumps))
            return out

        return decided(ticket, decide)

    def _fence(self, transaction: Transaction, now_ms: int) -> TransactionDecision:
        """Abort a transaction against its producer's wish."""
        value = transitions.fenced(transaction.stored, self.transaction_version, now_ms)
        return self._end(transaction.transactional_id, value, now_ms)

    def _end(self, transactional_id: str, value: TransactionLogValue, now_ms: int) -> TransactionDecision:
        """Write PREPARE_* down; the markers, or COMPLETE_* if there is none to write, come after it."""
        out = TransactionDecision(records=[_record(transactional_id, value)])
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

    # Views

    def describe(self, transactional_id: str) -> TransactionState:
        """One answer of DescribeTransactions."""
        return views.described(self.transactions.get(transactional_id), transactional_id)

    def listing(
        self, filters: ListTransactionsRequest, has_wanted_id: Callable[[str], bool], now_ms: int
    ) -> list[ListedTransaction]:
        """The lines of ListTransactions. `has_wanted_id` is the pattern as a predicate, if there is one."""
        return list(views.listed(self.transactions.values(), filters, has_wanted_id, now_ms))

    # What requests share

    def _named(self, transactional_id: str) -> Transaction:
        if not transactional_id:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        transaction = self.transactions.get(transactional_id)
        if transaction is None:
            raise KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        return transaction


def _check_producer(transaction: Transaction, producer_id: int, producer_epoch: int) -> None:
    stored = transaction.stored
    if producer_id != stored.producer_id:
        raise KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    if not producer_epoch == stored.producer_epoch < FENCE_EPOCH:
        raise KafkaError(ErrorCode.PRODUCER_FENCED)


def _ended(producer: tuple[int, int], *, bumps: bool) -> EndTxnResponse:
    """Only with transaction version 2 the producer learns who it is from now on."""
    if not bumps:
        return EndTxnResponse()
    return EndTxnResponse(producer_id=producer[0], producer_epoch=producer[1])


def _record(transactional_id: str, value: TransactionLogValue | None) -> TransactionRecord:
    return TransactionRecord(TransactionLogKey(transactional_id=transactional_id), value)


def _last_epoch(before: Transaction | None, value: TransactionLogValue) -> int:
    """The epoch that the producer held before, as far as records tell; see `_remember` for the rest."""
    if before is None or value.transaction_status == State.EMPTY.number:
        return NO_PRODUCER_EPOCH
    if value.producer_epoch == before.stored.producer_epoch or value.producer_id != before.stored.producer_id:
        return before.last_producer_epoch
    bumps = value.client_transaction_version >= transitions.BUMPS_EPOCH_SINCE
    return before.stored.producer_epoch if bumps else NO_PRODUCER_EPOCH
