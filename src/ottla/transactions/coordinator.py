"""The transaction coordinator of one partition of `__transaction_state`: all its transactional ids.

`ottla.core.decision` says how its decisions are to be carried out, `ottla.transactions.states` holds the rules. A
decision's `ends` are markers that the shell has written into partitions once the decision's records are committed; it
reports them with `markers_written`, and tries until it can. A reply that is a `KafkaError` becomes a response by
`ottla.transactions.refusals`.
"""

from collections.abc import Callable
from functools import partial

from ottla.core.decision import Ticket
from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions import end, transitions, views
from ottla.transactions.decision import Partition, TransactionDecision, decided
from ottla.transactions.init import Beginning, begin
from ottla.transactions.records import NO_PRODUCER_EPOCH, NO_PRODUCER_ID
from ottla.transactions.refusals import added
from ottla.transactions.states import State
from ottla.transactions.transaction import FENCE_EPOCH, Transaction
from ottla.transactions.transactional_ids import TransactionalIds, record_of
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


class TransactionCoordinator(TransactionalIds):
    """The transactional ids of one partition, and what clients ask of them."""

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
            out = self.fence(transaction, now_ms)
            out.reply(ticket, KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS))
            return out
        value = beginning.value
        out = TransactionDecision(records=[record_of(transactional_id, value)])
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
        return TransactionDecision(records=[record_of(request.transactional_id, value)])

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
            out = self.end(request.transactional_id, value, now_ms)
            out.reply(ticket, _ended(transitions.producer_after(value), bumps=bumps))
            return out

        return decided(ticket, decide)

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
