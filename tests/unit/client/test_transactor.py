"""A transaction's requests against coordinators that answer from a script: who is asked again, whom, and when not."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.producing import A, B, append, settings

from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.accumulator import Accumulator
from ottla.client.transactions.machine import State
from ottla.client.transactions.transactor import Transactor
from ottla.core.clock import SystemClock
from ottla.core.errors import (
    AbortableError,
    ErrorCode,
    FatalError,
    FencedError,
    KafkaError,
    RequestTimedOutError,
)
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnResponse
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnPartitionResult,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopicResult,
)
from ottla.wire.messages.end_txn import EndTxnResponse
from ottla.wire.messages.init_producer_id import InitProducerIdResponse
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
)

GROUP = GroupMetadata("g", 3, "m")
OFFSETS = {A: OffsetAndMetadata(5)}


class Coordinators:
    """Each API answers with the codes of its script, then with success; both coordinators move when forgotten."""

    def __init__(self, protocol: int, **script: list[ErrorCode | KafkaError]) -> None:
        self.protocol = protocol
        self.script = script
        self.asked: list[tuple[str, int]] = []
        self.committed: list[bool] = []
        self.clock = SystemClock()
        self.settings = settings()
        self.nodes = {CoordinatorType.TRANSACTION: 10, CoordinatorType.GROUP: 20}
        self.epoch = 0

    async def coordinator(self, _key: str, kind: CoordinatorType) -> int:
        return self.nodes[kind]

    def forget_coordinator(self, _key: str, kind: CoordinatorType) -> None:
        self.nodes[kind] += 1

    async def versions(self, _node: int) -> Any:
        class Versions:
            level = staticmethod(lambda _feature: self.protocol)
            highest = staticmethod(lambda _api: 5)

        return Versions

    async def ask(self, node: int, request: Any, response: type[Any], max_version: int | None = None) -> Any:
        api = response.__name__.removesuffix("Response")
        self.asked.append((api, node))
        made = request(5) if callable(request) else request
        answer = self.script[api].pop(0) if self.script.get(api) else ErrorCode.NONE
        if isinstance(answer, KafkaError):
            raise answer
        if self.protocol < 2 and api in ("EndTxn", "TxnOffsetCommit"):
            assert max_version == 4
        return ANSWERS[api](self, answer, made)

    def next_epoch(self) -> int:
        self.epoch += 1
        return self.epoch


def _end(target: Coordinators, code: ErrorCode, request: Any) -> EndTxnResponse:
    target.committed.append(request.committed)
    if code or target.protocol < 2:
        return EndTxnResponse(error_code=code)
    return EndTxnResponse(producer_id=7, producer_epoch=target.next_epoch())


def _added(
    _: Coordinators, code: ErrorCode, request: AddPartitionsToTxnRequest
) -> AddPartitionsToTxnResponse:
    results = [
        AddPartitionsToTxnTopicResult(
            name=topic.name,
            results_by_partition=[
                AddPartitionsToTxnPartitionResult(partition_index=index, partition_error_code=code)
                for index in topic.partitions
            ],
        )
        for topic in request.v3_and_below_topics
    ]
    return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=results)


def _offsets(_: Coordinators, code: ErrorCode, request: Any) -> TxnOffsetCommitResponse:
    assert (request.generation_id, request.member_id) == (3, "m")
    partitions = [TxnOffsetCommitResponsePartition(partition_index=0, error_code=code)]
    return TxnOffsetCommitResponse(topics=[TxnOffsetCommitResponseTopic(name="t", partitions=partitions)])


ANSWERS: dict[str, Callable[[Coordinators, ErrorCode, Any], Any]] = {
    "InitProducerId": lambda target, code, _: InitProducerIdResponse(
        error_code=code, producer_id=7, producer_epoch=target.next_epoch()
    ),
    "AddPartitionsToTxn": _added,
    "AddOffsetsToTxn": lambda _, code, __: AddOffsetsToTxnResponse(error_code=code),
    "TxnOffsetCommit": _offsets,
    "EndTxn": _end,
}


@asynccontextmanager
async def transacting(cluster: Coordinators, **options: Any) -> AsyncIterator[tuple[Transactor, Accumulator]]:
    told = {"retry_backoff_ms": 1, "retry_backoff_max_ms": 2, "transactional_id": "x", **options}
    accumulator = Accumulator(settings(**told))
    cluster.settings = accumulator.settings
    transactor = Transactor(cluster, accumulator, "x")  # type: ignore[arg-type]
    try:
        yield transactor, accumulator
    finally:
        await transactor.close()


PASSING = [
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone"),
]


@pytest.mark.parametrize("protocol", [1, 2])
async def test_what_may_pass_is_asked_again(protocol: int) -> None:
    cluster = Coordinators(protocol, InitProducerId=[*PASSING], EndTxn=[*PASSING], TxnOffsetCommit=[*PASSING])
    async with transacting(cluster) as (transactor, accumulator):
        await transactor.init()
        await transactor.begin()
        await transactor.send_offsets(OFFSETS, GROUP)
        await transactor.commit()
        assert transactor.machine.state is State.READY
        assert accumulator.identity == transactor.machine.identity
    assert cluster.committed[-1] is True
    assert cluster.script == {"InitProducerId": [], "EndTxn": [], "TxnOffsetCommit": []}
    assert ("AddOffsetsToTxn" in dict(cluster.asked)) == (protocol == 1)


async def test_a_coordinator_that_moved_is_looked_up() -> None:
    cluster = Coordinators(2, EndTxn=[ErrorCode.NOT_COORDINATOR], TxnOffsetCommit=[ErrorCode.NOT_COORDINATOR])
    async with transacting(cluster) as (transactor, _):
        await transactor.init()
        await transactor.begin()
        await transactor.send_offsets(OFFSETS, GROUP)
        await transactor.commit()
    assert cluster.asked[1:] == [
        ("TxnOffsetCommit", 20),
        ("TxnOffsetCommit", 21),
        ("EndTxn", 10),
        ("EndTxn", 11),
    ]


async def test_a_commit_without_an_answer_is_asked_again_and_nothing_else_may_be() -> None:
    cluster = Coordinators(2, EndTxn=[KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone")] * 1000)
    async with transacting(cluster, max_block_ms=20) as (transactor, _):
        await transactor.init()
        await transactor.begin()
        await transactor.send_offsets(OFFSETS, GROUP)
        with pytest.raises(RequestTimedOutError, match=r"EndTxn of x not answered in 20 ms: gone"):
            await transactor.commit()
        with pytest.raises(KafkaError, match="only commit_transaction may be called, again"):
            await transactor.abort()
        cluster.script.clear()
        await transactor.commit()
        assert transactor.machine.state is State.READY
    assert set(cluster.committed) == {True}


@pytest.mark.parametrize("code", [ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH])
@pytest.mark.parametrize("api", ["AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"])
async def test_who_is_fenced_can_do_nothing_any_more(api: str, code: ErrorCode) -> None:
    cluster = Coordinators(1, **{api: [code]})
    async with transacting(cluster) as (transactor, accumulator):
        await transactor.init()
        await transactor.begin()
        if api == "AddPartitionsToTxn":
            append(accumulator)
            assert not transactor.may_leave(A)
        with pytest.raises(FencedError):  # noqa: PT012 - whichever asks that question
            await transactor.send_offsets(OFFSETS, GROUP)
            await transactor.commit()
        for attempt in (transactor.begin, transactor.commit, transactor.abort):
            with pytest.raises(FencedError):
                await attempt()
        assert transactor.machine.state is State.FATAL_ERROR
        assert not accumulator.busy


async def test_a_replaced_member_aborts_and_the_producer_goes_on() -> None:
    cluster = Coordinators(2, TxnOffsetCommit=[ErrorCode.ILLEGAL_GENERATION])
    async with transacting(cluster) as (transactor, _):
        await transactor.init()
        await transactor.begin()
        with pytest.raises(AbortableError, match="read on from what is committed"):
            await transactor.send_offsets(OFFSETS, GROUP)
        with pytest.raises(AbortableError):
            await transactor.commit()
        await transactor.abort()
        await transactor.begin()
    assert cluster.committed == [False]


async def test_the_first_protocol_adds_partitions_before_their_batches_leave_and_renews_after_an_abort() -> (
    None
):
    cluster = Coordinators(1, AddPartitionsToTxn=[ErrorCode.CONCURRENT_TRANSACTIONS])
    async with transacting(cluster) as (transactor, accumulator):
        woken: list[bool] = []
        transactor.wake = lambda: woken.append(transactor.may_leave(A))
        await transactor.init()
        before = accumulator.identity
        await transactor.begin()
        assert not transactor.may_leave(A)
        assert not transactor.may_leave(B)
        assert transactor._adding is not None
        await transactor._adding
        assert woken == [True]
        assert transactor.may_leave(B)
        await transactor.abort()
        assert before is not None
        assert accumulator.identity != before
    assert [api for api, _ in cluster.asked] == [
        "InitProducerId",
        "AddPartitionsToTxn",
        "AddPartitionsToTxn",
        "EndTxn",
        "InitProducerId",
    ]


async def test_nobody_is_asked_about_an_empty_transaction() -> None:
    cluster = Coordinators(2)
    async with transacting(cluster) as (transactor, _):
        await transactor.init()
        for end in (transactor.commit, transactor.abort):
            await transactor.begin()
            await end()
    assert cluster.asked == [("InitProducerId", 10)]


async def test_an_id_that_cannot_be_had_now_may_be_had_later_one_that_may_not_be_never() -> None:
    cluster = Coordinators(2, InitProducerId=[KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone")] * 1000)
    async with transacting(cluster, max_block_ms=20) as (transactor, _):
        with pytest.raises(RequestTimedOutError):
            await transactor.init()
        cluster.script["InitProducerId"] = [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]
        with pytest.raises(FatalError, match="needs WRITE on the transactional id"):
            await transactor.init()
        with pytest.raises(FatalError):
            await transactor.begin()


async def test_an_old_epoch_at_a_partition_is_the_end_of_the_transaction_not_of_the_producer() -> None:
    """It says so also after a timeout; whether somebody has taken over is the coordinator's word."""
    async with transacting(Coordinators(2)) as (transactor, _):
        await transactor.init()
        await transactor.begin()
        told = transactor.batch_failed(KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH, "old"))
        assert isinstance(told, AbortableError)
        await transactor.abort()
        await transactor.begin()
        fenced = KafkaError(ErrorCode.PRODUCER_FENCED, "replaced")
        assert transactor.batch_failed(fenced) is fenced
        assert transactor.machine.state is State.FATAL_ERROR
