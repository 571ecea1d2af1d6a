"""Runs a transaction coordinator as a broker would: a log of bytes, a clock that is told, partitions for markers."""

from collections import deque
from collections.abc import Callable
from typing import Any

from ottla.core.decision import Decision, carry_out
from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions import views
from ottla.transactions.config import TransactionConfig
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.transactions.decision import EndOfTransaction, Reply, TransactionDecision
from ottla.transactions.records import TransactionRecord, decode, encode
from ottla.transactions.refusals import refusal
from ottla.wire.messages import add_partitions_to_txn as add
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from ottla.wire.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from ottla.wire.schema import Message

OFFSETS_PARTITION = 0


class CrashError(Exception):
    """The broker dies here."""


class TransactionShell:
    """One partition's coordinator, its log and its disk.

    What is appended is committed at once, unless `commits` is False; replies and markers wait for that. A crash loses
    what is not committed. Markers are written at once, but in the topics of `held`.
    """

    def __init__(self, config: TransactionConfig = TransactionConfig()) -> None:  # noqa: B008  # frozen
        self.config = config
        self.transaction_version = 2
        self.log: list[list[tuple[bytes, bytes | None]]] = []
        self.committed = 0
        self.commits = True
        self.fails = False
        self.dies_before_apply = False
        self.now_ms = 1_000_000
        self.tickets = 0
        self.producer_ids = 0
        self.replies: dict[int, Reply] = {}
        self.held: set[str] = set()
        self.writes_markers = True
        self.restarts = 0
        self.markers: list[EndOfTransaction] = []
        """Each with the one partition that it was written to."""
        self.start()

    def start(self) -> None:
        """A coordinator that knows the log and nothing else."""
        self.waiting: deque[tuple[int, list[tuple[int, Reply]], list[EndOfTransaction]]] = deque()
        self.ends: list[EndOfTransaction] = []
        self.coordinator = TransactionCoordinator(self.config, self.transaction_version)
        self.coordinator.set_coordinator_epoch(self.restarts)
        for record in self.written():
            self.coordinator.apply(record)
        self.run(self.coordinator.loaded(self.now_ms))

    def written(self) -> list[TransactionRecord]:
        """What the log says, decoded."""
        decoded = [decode(key, value) for batch in self.log for key, value in batch]
        return [record for record in decoded if record is not None]

    def restart(self, lost: int = 0) -> None:
        """A crash; of the batches that nobody committed, the newest `lost` were not on disk."""
        del self.log[max(self.committed, len(self.log) - lost) :]
        self.committed = len(self.log)
        self.restarts += 1
        self.start()

    # Requests

    def send(self, request: Message, version: int) -> int:
        """Hand the request over. Returns its ticket; `replies` has the answer once it is committed."""
        self.tickets += 1
        self.run(self.decide(request, version, self.tickets), self.tickets)
        return self.tickets

    def ask(self, request: Message, version: int) -> Any:
        """The response, as a client would see it."""
        if isinstance(request, add.AddPartitionsToTxnRequest):
            return self.add_partitions(request, version)
        if isinstance(request, DescribeTransactionsRequest):
            states = [self.coordinator.describe(each) for each in request.transactional_ids]
            return DescribeTransactionsResponse(transaction_states=states)
        if isinstance(request, ListTransactionsRequest):
            lines = self.coordinator.listing(request, lambda _: True, self.now_ms)
            return ListTransactionsResponse(
                unknown_state_filters=views.unknown_states(request), transaction_states=lines
            )
        return self.response(request, version, self.replies[self.send(request, version)])

    def response(self, request: Message, version: int, reply: Reply) -> Any:
        return refusal(request, reply, version) if isinstance(reply, KafkaError) else reply

    def add_partitions(self, request: add.AddPartitionsToTxnRequest, version: int) -> Any:
        """Both shapes: one transaction of a client, or many of a broker."""
        transactions = request.transactions
        if version < 4:
            one = add.AddPartitionsToTxnTransaction(
                transactional_id=request.v3_and_below_transactional_id,
                producer_id=request.v3_and_below_producer_id,
                producer_epoch=request.v3_and_below_producer_epoch,
                topics=request.v3_and_below_topics,
            )
            transactions = [one]
        replies = [self.replies[self.send(each, version)] for each in transactions]
        results = [
            self.response(each, version, reply) for each, reply in zip(transactions, replies, strict=True)
        ]
        if version < 4:
            return add.AddPartitionsToTxnResponse(results_by_topic_v3_and_below=results[0].topic_results)
        return add.AddPartitionsToTxnResponse(results_by_transaction=results)

    def decide(self, request: Message, version: int, ticket: int) -> TransactionDecision:
        machine = self.coordinator
        if isinstance(request, InitProducerIdRequest):
            return machine.init_producer_id(request, self.new_producer_id, ticket, self.now_ms)
        if isinstance(request, add.AddPartitionsToTxnTransaction):
            return machine.add_partitions(request, version, ticket, self.now_ms)
        if isinstance(request, AddOffsetsToTxnRequest):
            return machine.add_offsets(request, OFFSETS_PARTITION, ticket, self.now_ms)
        assert isinstance(request, EndTxnRequest)
        return machine.end_txn(request, version, self.new_producer_id, ticket, self.now_ms)

    def new_producer_id(self) -> int:
        self.producer_ids += 1
        return self.producer_ids

    # What a decision leads to

    def run(self, decision: TransactionDecision, ticket: int | None = None) -> bool:
        """Append, apply; replies and ends wait until what is appended so far is committed. False if the log refuses."""
        outcome = TransactionDecision()
        self.undecided: list[TransactionRecord] = []
        done = True

        def gather(step: Decision[TransactionRecord, Reply]) -> None:
            assert isinstance(step, TransactionDecision)
            outcome.ends += step.ends

        try:
            carry_out(decision, self.append, self.coordinator.apply, outcome.replies, gather)
        except KafkaError as error:
            refused = {each for each, _ in outcome.replies} | ({ticket} if ticket is not None else set())
            outcome.replies = [(each, error) for each in refused]
            for record in self.undecided:
                self.coordinator.forget_undecided(record.key.transactional_id, self.now_ms)
            done = False
        self.waiting.append((len(self.log), outcome.replies, outcome.ends))
        if self.commits:
            self.commit()
        return done

    def append(self, records: list[TransactionRecord]) -> None:
        self.undecided = records
        if self.fails:
            raise KafkaError(ErrorCode.NOT_COORDINATOR)
        self.log.append([encode(record) for record in records])
        if self.dies_before_apply:
            raise CrashError

    def commit(self) -> None:
        """Everything appended is safe: replies leave, and markers go where they can."""
        self.committed = len(self.log)
        while self.waiting and self.waiting[0][0] <= self.committed:
            _, replies, ends = self.waiting.popleft()
            self.replies.update(replies)
            self.ends += ends
        if self.writes_markers:
            self.write_markers(lambda partition: partition[0] not in self.held)

    def write_markers(self, is_open: Callable[[tuple[str, int]], bool]) -> None:
        """Write the markers that are due in partitions that take them, and tell the coordinator."""
        due, self.ends = self.ends, []
        for end in due:
            done = frozenset(filter(is_open, end.partitions))
            left = end.partitions - done
            self.ends += [end._replace(partitions=left)] if left else []
            for partition in sorted(done):
                self.mark(end._replace(partitions=frozenset({partition})))

    def mark(self, marker: EndOfTransaction) -> None:
        """One marker, written and reported."""
        self.markers.append(marker)
        decision = self.coordinator.markers_written(
            marker.transactional_id, marker.producer_id, marker.producer_epoch, marker.partitions, self.now_ms
        )
        self.run(decision)

    # Time

    def advance(self, ms: int) -> None:
        """Let time pass, deadline by deadline."""
        until_ms = self.now_ms + ms
        while (wake_at_ms := self.coordinator.wake_at_ms) is not None and wake_at_ms <= until_ms:
            self.now_ms = max(self.now_ms, wake_at_ms)
            if not self.run_due():
                break
        self.now_ms = until_ms

    def run_due(self) -> bool:
        """False when the log refuses."""
        while (decision := self.coordinator.tick(self.now_ms)) is not None:
            if not self.run(decision):
                return False
        return True
