"""Producers and partitions for the model of transactions: they know as little as real ones, and remember more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions.decision import EndOfTransaction
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnResult,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from ottla.wire.messages.end_txn import EndTxnRequest, EndTxnResponse
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ottla.wire.schema import Message
from tests.support.transaction_shell import TransactionShell

Place = tuple[str, int]
TIMEOUT_MS = 1_000
AGAIN = {ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NOT_COORDINATOR}


class Written(NamedTuple):
    """A record of a transaction. `tag` names the transaction, as only the test knows it."""

    producer_id: int
    producer_epoch: int
    tag: str


@dataclass
class Partition:
    """What the leader of a partition checks (KIP-98, KIP-890, KIP-1228), and its log."""

    log: list[Written | EndOfTransaction] = field(default_factory=list)
    epochs: dict[int, int] = field(default_factory=dict)
    coordinator_epochs: dict[int, int] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    admitted: dict[int, object] = field(default_factory=dict)
    """By producer id: the first batch that may come in, until a marker does."""

    def write(self, written: Written, admission: object) -> bool:
        producer_id = written.producer_id
        if written.producer_epoch < self.epochs.get(producer_id, -1):
            return False
        if producer_id not in self.open and self.admitted.get(producer_id) is not admission:
            return False
        self.epochs[producer_id] = written.producer_epoch
        self.open.add(producer_id)
        self.log.append(written)
        return True

    def mark(self, end: EndOfTransaction) -> bool:
        producer_id, epoch = end.producer_id, self.epochs.get(end.producer_id, -1)
        if end.coordinator_epoch < self.coordinator_epochs.get(producer_id, -1):
            return False
        is_new = end.producer_epoch > epoch or (end.producer_epoch == epoch and producer_id not in self.open)
        if not is_new and (end.transaction_version >= 2 or end.producer_epoch < epoch):
            return False
        self.epochs[producer_id] = end.producer_epoch
        self.coordinator_epochs[producer_id] = end.coordinator_epoch
        self.open.discard(producer_id)
        self.admitted.pop(producer_id, None)
        self.log.append(end)
        return True

    def fates(self) -> Iterator[tuple[Written, bool | None]]:
        """Each record, and whether it is committed; None while that is open."""
        fate: dict[int, bool] = {}
        for entry in reversed(self.log):
            if isinstance(entry, Written):
                yield entry, fate.get(entry.producer_id)
            else:
                fate[entry.producer_id] = entry.committed


class Waiting(NamedTuple):
    """A request under way."""

    request: Message
    version: int
    ticket: int
    restarts: int


class Producer:
    """One producer. It repeats a request until it has an answer, and begins anew after one that it cannot accept."""

    def __init__(self, shell: TransactionShell, name: str, transactional_id: str, *, bumps: bool) -> None:
        self.shell, self.name, self.transactional_id, self.bumps = shell, name, transactional_id, bumps
        self.partitions: dict[Place, Partition] = {}
        self.waiting: Waiting | None = None
        self.incarnation = self.transaction = 0
        self.producer_id = self.epoch = -1
        self.added: set[Place] = set()
        self.is_ending = False
        self.to_write: tuple[Place, object] | None = None
        self.wanted: dict[str, bool] = {}
        """Transaction → how its producer asked to end it."""
        self.acknowledged: dict[str, bool] = {}
        self.given: list[tuple[int, int]] = []
        """Producer ids and epochs, in the order of their coming."""

    @property
    def tag(self) -> str:
        return f"{self.name}/{self.incarnation}/{self.transaction}"

    # Requests

    def send(self, request: Message, version: int) -> None:
        ticket = self.shell.tickets + 1
        self.waiting = Waiting(request, version, ticket, self.shell.restarts)
        self.shell.send(request, version)

    def init(self, *, goes_on: bool) -> None:
        """Begin, or go on with what it has (KIP-360)."""
        goes_on = goes_on and self.producer_id >= 0
        if not goes_on:
            self.forget()
        producer = (self.producer_id, self.epoch) if goes_on else (-1, -1)
        request = InitProducerIdRequest(
            transactional_id=self.transactional_id,
            transaction_timeout_ms=TIMEOUT_MS,
            producer_id=producer[0],
            producer_epoch=producer[1],
        )
        self.send(request, 4)

    def add(self, place: Place, *, verify: bool) -> None:
        """Into the transaction; or only ask whether it is in, which the partition's leader does for an old client."""
        self.to_write = None
        if verify or self.bumps:
            admission = object()
            self.partitions[place].admitted.setdefault(self.producer_id, admission)
            self.to_write = (place, self.partitions[place].admitted[self.producer_id])
        topics = [AddPartitionsToTxnTopic(name=place[0], partitions=[place[1]])]
        request = AddPartitionsToTxnTransaction(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            verify_only=verify,
            topics=topics,
        )
        self.send(request, 5 if verify or self.bumps else 3)

    def end(self, *, committed: bool) -> None:
        self.is_ending = True
        self.wanted[self.tag] = committed
        request = EndTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            committed=committed,
        )
        self.send(request, 5 if self.bumps else 4)

    # Answers

    def hear(self) -> None:
        """Take the answer if it is there; ask again if it was lost."""
        waiting = self.waiting
        if waiting is None:
            return
        reply = self.shell.replies.get(waiting.ticket)
        is_lost = reply is None and waiting.restarts != self.shell.restarts
        if is_lost or (isinstance(reply, KafkaError) and reply.code in AGAIN):
            self.send(waiting.request, waiting.version)
        elif reply is not None:
            self.waiting = None
            self.take(waiting.request, reply)

    def take(self, request: Message, reply: Any) -> None:
        if isinstance(reply, KafkaError):
            self.forget()
        elif isinstance(reply, InitProducerIdResponse):
            self.begin(reply.producer_id, reply.producer_epoch)
        elif isinstance(reply, EndTxnResponse):
            self.acknowledged[self.tag] = self.wanted[self.tag]
            producer = (reply.producer_id, reply.producer_epoch)
            self.begin(*(producer if self.bumps else (self.producer_id, self.epoch)))
        else:
            assert isinstance(request, AddPartitionsToTxnTransaction)
            self.take_partition(request, reply)

    def take_partition(self, request: AddPartitionsToTxnTransaction, reply: AddPartitionsToTxnResult) -> None:
        code = reply.topic_results[0].results_by_partition[0].partition_error_code
        place = (request.topics[0].name, request.topics[0].partitions[0])
        if code != ErrorCode.NONE:
            return
        self.added.add(place)
        if self.to_write is not None:
            written = Written(self.producer_id, self.epoch, self.tag)
            self.partitions[place].write(written, self.to_write[1])

    def begin(self, producer_id: int, epoch: int) -> None:
        if (producer_id, epoch) != (self.producer_id, self.epoch):
            self.given.append((producer_id, epoch))
        self.producer_id, self.epoch = producer_id, epoch
        self.transaction += 1
        self.added = set()
        self.is_ending = False

    def forget(self) -> None:
        """It has to begin anew."""
        self.incarnation += 1
        self.producer_id = self.epoch = -1
        self.added = set()
        self.is_ending = False
