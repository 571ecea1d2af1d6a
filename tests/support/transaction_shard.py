"""A shard of the transaction coordinator over a disk in memory, with a clock that is told and markers that wait."""

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any

from ottla.broker.flusher import Flusher
from ottla.broker.partition import Partition
from ottla.broker.transaction_markers import EndOfTransaction, Markers, TopicPartition
from ottla.broker.transaction_shard import Decide, TransactionShard
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.core.errors import ErrorCode
from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.net.tasks import Tasks
from ottla.testing.directory import Disk
from ottla.transactions.config import TransactionConfig
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.wire.messages.add_partitions_to_txn import AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from tests.support.group_shard import START_MS, ToldClock

FOLDER = "/data/__transaction_state-0"
IMAGE = TopicImage("__transaction_state", bytes(range(16)), (PartitionImage(1, 7, 0, (1,), (1,)),))


class HeldMarkers(Markers):
    """Markers that are written when the test says so. `answers`: what comes of each attempt, NONE when it is empty."""

    def __init__(self) -> None:
        self.ends: list[tuple[EndOfTransaction, set[TopicPartition]]] = []
        self.may_go = asyncio.Event()
        self.answers: list[dict[TopicPartition, ErrorCode]] = []

    async def write(
        self, end: EndOfTransaction, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, ErrorCode]:
        self.ends.append((end, set(partitions)))
        await self.may_go.wait()
        outcomes = self.answers.pop(0) if self.answers else {}
        return {each: outcomes.get(each, ErrorCode.NONE) for each in partitions}


class TransactionDesk:
    """One shard, and how to ask it."""

    def __init__(self, disk: Disk, flusher: Flusher, *, durable: bool = False) -> None:
        self.clock = ToldClock()
        self.tasks = Tasks("test")
        self.markers = HeldMarkers()
        directory = disk.directory(FOLDER)
        if directory.made():
            log = Log.open(directory, LogConfig(), now_ms=START_MS, recovery_point=0)
        else:
            log = Log.create(directory, LogConfig(), IMAGE.id, START_MS)
        self.partition = Partition(IMAGE, 0, log, flusher)
        self.machine = TransactionCoordinator(TransactionConfig())
        self.shard = TransactionShard(
            self.partition, self.machine, self.clock, self.markers, self.tasks, durable=durable
        )
        self._producer_ids = itertools.count(4_000)

    def ask(self, decide: Decide) -> "asyncio.Task[Any]":
        return asyncio.ensure_future(self.shard.ask(decide))

    def init(self, name: str = "t", timeout_ms: int = 60_000) -> "asyncio.Task[Any]":
        request = InitProducerIdRequest(transactional_id=name, transaction_timeout_ms=timeout_ms)
        return self.ask(
            lambda machine, ticket, now_ms: machine.init_producer_id(
                request, lambda: next(self._producer_ids), ticket, now_ms
            )
        )

    def add(self, producer: Any, *partitions: int, name: str = "t") -> "asyncio.Task[Any]":
        request = AddPartitionsToTxnTransaction(
            transactional_id=name,
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            topics=[AddPartitionsToTxnTopic(name="a", partitions=[*partitions])],
        )
        return self.ask(lambda machine, ticket, now_ms: machine.add_partitions(request, 3, ticket, now_ms))

    def end(
        self, producer: Any, *, committed: bool, name: str = "t", version: int = 5
    ) -> "asyncio.Task[Any]":
        request = EndTxnRequest(
            transactional_id=name,
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            committed=committed,
        )
        return self.ask(
            lambda machine, ticket, now_ms: machine.end_txn(
                request, version, lambda: next(self._producer_ids), ticket, now_ms
            )
        )

    async def ongoing(self, *partitions: int, name: str = "t") -> Any:
        """A transaction with these partitions of topic a; its producer."""
        producer = await self.init(name)
        assert producer.error_code == 0
        await self.add(producer, *partitions, name=name)
        return producer

    def state(self, name: str = "t") -> str:
        return self.machine.describe(name).transaction_state

    async def close(self) -> None:
        self.shard.close()
        await self.tasks.close()
