"""First transactional batches: what the coordinator is asked, and what may happen while it thinks."""

import asyncio
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pytest
from tests.support.logs import NOW_MS, batch
from tests.support.transactions import produced
from tests.unit.broker.test_partition import HeldFlusher, new_partition

from ottla.broker.admission import Named
from ottla.broker.appending import Appending
from ottla.broker.call import Call
from ottla.broker.handlers.produce import produce
from ottla.broker.partition import Partition
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode
from ottla.core.limits import UNVERIFIED_PRODUCERS
from ottla.records.batch import Batch
from ottla.testing.directory import Disk
from ottla.wire.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

HERE = ("127.0.0.1", 1)


class Question(NamedTuple):
    transactional_id: str
    producer_id: int
    producer_epoch: int
    partitions: frozenset[Named]
    version: int


class Gate:
    """Answers as it is told, when it is told."""

    def __init__(self, answer: ErrorCode = ErrorCode.NONE) -> None:
        self.answer = answer
        self.asked: list[Question] = []
        self.opened = asyncio.Event()
        self.opened.set()

    async def admit(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        partitions: Collection[Named],
        produce_version: int,
    ) -> Mapping[Named, ErrorCode]:
        named = frozenset(partitions)
        self.asked.append(Question(transactional_id, producer_id, producer_epoch, named, produce_version))
        answer = self.answer
        await self.opened.wait()
        return dict.fromkeys(named, answer)


class Traffic:
    def produced(self, *_: object) -> None: ...


class TwoPartitions:
    """t-0 and t-1, which are led here, and an internal topic's."""

    def __init__(self) -> None:
        self.made = {("t", index): new_partition(Disk(), HeldFlusher()) for index in (0, 1)}
        self.made["t", 1].index = 1
        internal = self.made["__consumer_offsets", 0] = new_partition(Disk(), HeldFlusher())
        internal.topic = "__consumer_offsets"

    def opened(self, name: str, index: int) -> Partition | None:
        return self.made.get((name, index))

    def find(self, name: str, index: int) -> Partition | ErrorCode:
        return self.made.get((name, index), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


class Broker:
    def __init__(self, gate: Gate | None = None) -> None:
        self.gate = gate or Gate()
        self.partitions = TwoPartitions()
        self.appending = Appending(SystemClock(), Traffic(), sync_acks_all=False, gate=self.gate)  # type: ignore[arg-type]

    def log_end_offset(self, index: int = 0) -> int:
        return self.partitions.made["t", index].log.log_end_offset

    async def produce(
        self,
        *rows: tuple[int, Batch],
        version: int = 12,
        transactional_id: str | None = "x",
        topic: str = "t",
    ) -> list[ErrorCode]:
        data = [PartitionProduceData(index=index, records=bytes(each.buffer)) for index, each in rows]
        request = ProduceRequest(
            transactional_id=transactional_id,
            acks=-1,
            timeout_ms=1000,
            topic_data=[TopicProduceData(name=topic, partition_data=data)],
        )
        call = Call(0, version, 1, "c", HERE, HERE, "PLAINTEXT")
        response = await produce(self.partitions, self.appending, request, call)  # type: ignore[arg-type]
        assert isinstance(response, ProduceResponse)
        return [ErrorCode(each.error_code) for each in response.responses[0].partition_responses]


def now() -> int:
    return SystemClock().now_ms()


def first(producer_id: int = 7, epoch: int = 0, sequence: int = 0) -> Batch:
    return produced(producer_id, epoch, sequence, is_transactional=True, timestamp=now())


def end(broker: Broker, producer_id: int = 7, epoch: int = 0) -> None:
    broker.partitions.made["t", 0].append_marker(
        producer_id, epoch, 0, committed=False, transaction_version=1, now_ms=NOW_MS, durable=False
    )


async def test_only_the_first_batch_in_each_partition_is_asked_about_and_all_at_once() -> None:
    broker = Broker()
    assert await broker.produce((0, first())) == [ErrorCode.NONE]
    assert await broker.produce((0, first(sequence=1)), (1, first())) == [ErrorCode.NONE] * 2
    assert await broker.produce((0, first(sequence=2)), (1, first(sequence=1))) == [ErrorCode.NONE] * 2
    assert broker.gate.asked == [
        Question("x", 7, 0, frozenset({("t", 0)}), 12),
        Question("x", 7, 0, frozenset({("t", 1)}), 12),
    ]


async def test_nobody_is_asked_about_a_producer_whose_epoch_is_over_here() -> None:
    broker = Broker(Gate(ErrorCode.CONCURRENT_TRANSACTIONS))
    end(broker, epoch=1)
    assert await broker.produce((0, first())) == [ErrorCode.INVALID_PRODUCER_EPOCH]
    answers = await broker.produce((0, first()), (1, first()))
    assert answers == [ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.CONCURRENT_TRANSACTIONS]
    assert broker.gate.asked == [Question("x", 7, 0, frozenset({("t", 1)}), 12)]


async def test_after_a_marker_and_at_a_new_epoch_it_is_asked_again() -> None:
    broker = Broker()
    await broker.produce((0, first()))
    end(broker)
    assert await broker.produce((0, first(sequence=1))) == [ErrorCode.NONE]
    assert await broker.produce((0, first(epoch=1))) == [ErrorCode.NONE]
    assert [each.producer_epoch for each in broker.gate.asked] == [0, 0, 1]


async def test_what_needs_no_question_gets_none() -> None:
    broker = Broker()
    plain = batch(b"1", timestamp=now())
    idempotent = produced(8, 0, 0, timestamp=now())
    assert await broker.produce((0, plain), (1, idempotent)) == [ErrorCode.NONE] * 2
    assert (
        await broker.produce((0, plain), (1, produced(8, 0, 1, timestamp=now())), transactional_id=None)
        == [ErrorCode.NONE] * 2
    )
    assert await broker.produce((5, first())) == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert await broker.produce((0, first()), topic="__consumer_offsets") == [
        ErrorCode.INVALID_TOPIC_EXCEPTION
    ]
    assert broker.gate.asked == []


async def test_a_transactional_batch_without_a_transactional_id_is_refused() -> None:
    broker = Broker()
    refused = [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]
    assert await broker.produce((0, first()), transactional_id=None) == refused
    assert (broker.gate.asked, broker.log_end_offset()) == ([], 0)


async def test_without_a_gate_no_transaction_is_served() -> None:
    broker = Broker()
    broker.appending = Appending(SystemClock(), Traffic(), sync_acks_all=False)  # type: ignore[arg-type]
    assert await broker.produce((0, first())) == [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]


async def test_one_request_is_of_one_producer() -> None:
    broker = Broker()
    wrong = [ErrorCode.INVALID_PRODUCER_ID_MAPPING] * 2
    assert await broker.produce((0, first(7)), (1, first(8))) == wrong
    assert await broker.produce((0, first(7)), (1, first(7, epoch=1))) == wrong
    assert (broker.gate.asked, broker.log_end_offset(), broker.log_end_offset(1)) == ([], 0, 0)


@pytest.mark.parametrize(
    ("answer", "version", "told"),
    [
        (ErrorCode.TRANSACTION_ABORTABLE, 11, ErrorCode.TRANSACTION_ABORTABLE),
        (ErrorCode.TRANSACTION_ABORTABLE, 10, ErrorCode.INVALID_TXN_STATE),
        (ErrorCode.INVALID_TXN_STATE, 12, ErrorCode.INVALID_TXN_STATE),
        (ErrorCode.PRODUCER_FENCED, 12, ErrorCode.INVALID_PRODUCER_EPOCH),
        (ErrorCode.CONCURRENT_TRANSACTIONS, 12, ErrorCode.CONCURRENT_TRANSACTIONS),
        (ErrorCode.CONCURRENT_TRANSACTIONS, 11, ErrorCode.NOT_ENOUGH_REPLICAS),
        (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 12, ErrorCode.NOT_ENOUGH_REPLICAS),
        (ErrorCode.NOT_COORDINATOR, 9, ErrorCode.NOT_ENOUGH_REPLICAS),
        (ErrorCode.INVALID_PRODUCER_ID_MAPPING, 12, ErrorCode.INVALID_PRODUCER_ID_MAPPING),
    ],
)
async def test_what_the_coordinator_says_is_put_so_that_the_client_understands(
    answer: ErrorCode, version: int, told: ErrorCode
) -> None:
    broker = Broker(Gate(answer))
    plain = batch(b"1", timestamp=now())
    assert await broker.produce((0, first()), (1, plain), version=version) == [told, ErrorCode.NONE]
    assert broker.log_end_offset() == 0


async def test_a_transaction_that_ends_while_it_is_asked_about_takes_nothing_more() -> None:
    broker = Broker()
    broker.gate.opened.clear()
    asking = asyncio.ensure_future(broker.produce((0, first())))
    await asyncio.sleep(0)
    end(broker)
    broker.gate.opened.set()
    assert await asking == [ErrorCode.INVALID_TXN_STATE]
    assert broker.log_end_offset() == 1, "the marker"
    assert broker.partitions.made["t", 0].log.last_stable_offset == 1, "nothing hangs"


@pytest.mark.parametrize(
    ("epoch", "told"), [(1, ErrorCode.NONE), (2, ErrorCode.INVALID_TXN_STATE)], ids=["before", "its own"]
)
async def test_the_marker_of_the_transaction_before_comes_while_the_next_is_asked_about(
    epoch: int, told: ErrorCode
) -> None:
    """Version 2: the end of epoch 0 is marked with epoch 1, which is the next transaction's."""
    broker = Broker()
    await broker.produce((0, first()))
    broker.gate.opened.clear()
    asking = asyncio.ensure_future(broker.produce((0, first(epoch=1))))
    await asyncio.sleep(0)
    broker.partitions.made["t", 0].append_marker(
        7, epoch, 0, committed=True, transaction_version=2, now_ms=NOW_MS, durable=False
    )
    broker.gate.opened.set()
    assert await asking == [told]


async def test_a_batch_does_not_overtake_one_that_waits() -> None:
    """Also not when the earlier one was refused, and comes again."""
    broker = Broker(Gate(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
    assert await broker.produce((0, first()), version=11) == [ErrorCode.NOT_ENOUGH_REPLICAS]
    broker.gate.answer = ErrorCode.NONE
    assert await broker.produce((0, first(sequence=1)), version=11) == [
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    ]
    assert await broker.produce((0, first()), version=11) == [ErrorCode.NONE]
    assert await broker.produce((0, first(sequence=1)), version=11) == [ErrorCode.NONE]


async def test_batches_in_flight_are_appended_in_order() -> None:
    broker = Broker()
    broker.gate.opened.clear()
    asking = [asyncio.ensure_future(broker.produce((0, first(sequence=number)))) for number in range(5)]
    await asyncio.sleep(0)
    broker.gate.opened.set()
    assert await asyncio.gather(*asking) == [[ErrorCode.NONE]] * 5


async def test_what_needs_no_question_does_not_overtake_a_request_that_waits_for_another_partitions() -> None:
    broker = Broker()
    assert await broker.produce((0, first())) == [ErrorCode.NONE]
    broker.gate.opened.clear()
    waiting = asyncio.ensure_future(broker.produce((0, first(sequence=1)), (1, first())))
    await asyncio.sleep(0)
    behind = [asyncio.ensure_future(broker.produce((0, first(sequence=number)))) for number in (2, 3)]
    other = asyncio.ensure_future(broker.produce((1, first(producer_id=8)), transactional_id="y"))
    await asyncio.sleep(0)
    given_up = asyncio.ensure_future(broker.produce((0, first(sequence=4))))
    await asyncio.sleep(0)
    given_up.cancel()
    broker.gate.opened.set()
    assert await waiting == [ErrorCode.NONE] * 2
    assert await asyncio.gather(*behind, other) == [[ErrorCode.NONE]] * 3
    assert await broker.produce((0, first(sequence=4))) == [ErrorCode.NONE], "the line goes on without it"


@pytest.mark.parametrize(
    ("version", "told"), [(11, ErrorCode.NONE), (12, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)]
)
async def test_an_unknown_producer_of_the_newer_protocol_starts_at_zero(
    version: int, told: ErrorCode
) -> None:
    assert await Broker().produce((0, first(sequence=3)), version=version) == [told]


async def test_a_batch_that_comes_again_is_there_already() -> None:
    broker = Broker()
    sent = first()
    assert await broker.produce((0, sent)) == [ErrorCode.NONE]
    assert await broker.produce((0, sent)) == [ErrorCode.NONE]
    assert broker.log_end_offset() == 1


async def test_plain_batches_of_a_producer_in_a_transaction_are_refused() -> None:
    broker = Broker()
    await broker.produce((0, first()))
    plain = produced(7, 0, 1, timestamp=now())
    assert await broker.produce((0, plain), transactional_id=None) == [ErrorCode.INVALID_TXN_STATE]
    assert await broker.produce((0, first(epoch=-1 + 1, sequence=5))) == [
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    ]


async def test_questions_without_an_end_are_forgotten_at_last() -> None:
    unverified = Broker().partitions.made["t", 0].unverified
    oldest = unverified.ask(0, 0, 0)
    for producer_id in range(1, UNVERIFIED_PRODUCERS):
        unverified.ask(producer_id, 0, 0)
    assert unverified.is_pending(0, oldest)
    unverified.ask(UNVERIFIED_PRODUCERS, 0, 0)
    assert not unverified.is_pending(0, oldest)
