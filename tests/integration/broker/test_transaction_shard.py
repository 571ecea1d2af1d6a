"""The shell around the transaction machine: an end that is decided happens, whoever dies, once it is written down."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.group_shard import settle
from tests.support.transaction_shard import TransactionDesk

from ottla.broker.flusher import Flusher
from ottla.core.errors import ErrorCode, KafkaError
from ottla.testing.directory import Disk


@pytest.fixture
async def flusher() -> AsyncIterator[Flusher]:
    flusher = Flusher(threads=1)
    yield flusher
    await flusher.close()


async def begun(desk: TransactionDesk, count: int = 1) -> None:
    """So many attempts to write markers have begun."""
    deadline = asyncio.get_running_loop().time() + 30
    while len(desk.markers.ends) < count:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


async def until(desk: TransactionDesk, state: str, name: str = "t") -> None:
    deadline = asyncio.get_running_loop().time() + 30
    while desk.state(name) != state:
        assert asyncio.get_running_loop().time() < deadline, desk.state(name)
        await asyncio.sleep(0.005)


async def test_an_end_is_answered_before_its_markers_are_written(flusher: Flusher) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0, 2)
    reply = await desk.end(producer, committed=True)
    assert (reply.error_code, reply.producer_epoch) == (0, producer.producer_epoch + 1)
    await begun(desk)
    [(end, partitions)] = desk.markers.ends
    assert partitions == {("a", 0), ("a", 2)}
    assert (end.committed, end.coordinator_epoch, end.transaction_version) == (True, 7, 2)
    assert desk.state() == "PrepareCommit"
    desk.markers.may_go.set()
    await until(desk, "CompleteCommit")
    await desk.close()


async def test_nothing_is_carried_out_that_is_not_on_the_disk(flusher: Flusher) -> None:
    disk = Disk()
    desk = TransactionDesk(disk, flusher, durable=True)
    producer = await desk.ongoing(0)
    disk.failing_syncs = True
    refused = await desk.end(producer, committed=True)
    assert isinstance(refused, KafkaError)
    await settle()
    assert desk.markers.ends == []
    await desk.close()


async def test_a_full_disk_leaves_the_transaction_as_it_was(flusher: Flusher) -> None:
    disk = Disk()
    desk = TransactionDesk(disk, flusher)
    producer = await desk.ongoing(0)
    disk.capacity_bytes = disk.used_bytes()
    refused = await desk.end(producer, committed=True)
    assert isinstance(refused, KafkaError)
    assert refused.code is ErrorCode.NOT_COORDINATOR
    assert (desk.state(), desk.markers.ends) == ("Ongoing", [])
    disk.capacity_bytes = 1 << 40
    assert (await desk.end(producer, committed=True)).error_code == 0
    desk.markers.may_go.set()
    await until(desk, "CompleteCommit")
    await desk.close()


@pytest.mark.parametrize("committed", [True, False], ids=["commit", "abort"])
async def test_a_coordinator_that_dies_before_the_markers_finishes_after_its_restart(
    flusher: Flusher, committed: bool
) -> None:
    disk = Disk()
    before = TransactionDesk(disk, flusher)
    producer = await before.ongoing(0, 1)
    assert (await before.end(producer, committed=committed)).error_code == 0
    await before.close()
    after = TransactionDesk(disk.killed(), flusher)
    await after.shard.load()
    await begun(after)
    [(end, partitions)] = after.markers.ends
    assert (end.producer_id, end.committed) == (producer.producer_id, committed)
    assert partitions == {("a", 0), ("a", 1)}
    after.markers.may_go.set()
    await until(after, "CompleteCommit" if committed else "CompleteAbort")
    await after.close()


async def test_a_coordinator_that_dies_among_the_markers_writes_all_of_them_again(flusher: Flusher) -> None:
    disk = Disk()
    before = TransactionDesk(disk, flusher)
    producer = await before.ongoing(0, 1)
    before.markers.answers = [{("a", 1): ErrorCode.KAFKA_STORAGE_ERROR}]
    before.markers.may_go.set()
    assert (await before.end(producer, committed=True)).error_code == 0
    await begun(before)
    before.markers.may_go.clear()
    await before.close()
    after = TransactionDesk(disk.killed(), flusher)
    await after.shard.load()
    after.markers.may_go.set()
    await until(after, "CompleteCommit")
    assert after.markers.ends[0][1] == {("a", 0), ("a", 1)}
    await after.close()


async def test_a_coordinator_that_dies_after_the_end_has_nothing_left_to_do(flusher: Flusher) -> None:
    disk = Disk()
    before = TransactionDesk(disk, flusher)
    before.markers.may_go.set()
    await before.end(await before.ongoing(0), committed=True)
    await until(before, "CompleteCommit")
    await before.close()
    after = TransactionDesk(disk.killed(), flusher)
    await after.shard.load()
    await settle()
    assert (after.state(), after.markers.ends) == ("CompleteCommit", [])
    assert (await after.init()).producer_epoch == 2
    await after.close()


async def test_a_partition_that_cannot_be_written_is_tried_again(flusher: Flusher) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0, 1)
    desk.markers.answers = [{("a", 1): ErrorCode.KAFKA_STORAGE_ERROR}, {("a", 1): ErrorCode.NOT_COORDINATOR}]
    desk.markers.may_go.set()
    assert (await desk.end(producer, committed=False)).error_code == 0
    await until(desk, "CompleteAbort")
    assert [partitions for _, partitions in desk.markers.ends] == [
        {("a", 0), ("a", 1)},
        {("a", 1)},
        {("a", 1)},
    ]
    await desk.close()


@pytest.mark.parametrize(
    "outcome", [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.INVALID_PRODUCER_EPOCH], ids=str
)
async def test_a_partition_that_needs_no_marker_any_more_holds_nothing_up(
    flusher: Flusher, outcome: ErrorCode
) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0, 1)
    desk.markers.answers = [{("a", 1): outcome}]
    desk.markers.may_go.set()
    assert (await desk.end(producer, committed=True)).error_code == 0
    await until(desk, "CompleteCommit")
    await desk.close()


async def test_a_coordinator_that_was_replaced_leaves_the_end_to_the_other(flusher: Flusher) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0)
    desk.markers.answers = [{("a", 0): ErrorCode.TRANSACTION_COORDINATOR_FENCED}]
    desk.markers.may_go.set()
    assert (await desk.end(producer, committed=True)).error_code == 0
    await begun(desk)
    await settle()
    assert (desk.state(), len(desk.markers.ends)) == ("PrepareCommit", 1)
    await desk.close()


async def test_a_transaction_that_lasts_too_long_is_aborted_without_being_asked(flusher: Flusher) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0)
    desk.markers.may_go.set()
    desk.clock.steady_ms += 60_001
    late = await desk.add(producer, 1)
    code = late.topic_results[0].results_by_partition[0].partition_error_code
    assert code == 0, "the request came first"
    await until(desk, "CompleteAbort")
    [(end, _)] = desk.markers.ends
    assert (end.committed, end.producer_epoch) == (False, producer.producer_epoch + 1)
    await desk.close()


async def test_who_waits_at_the_stop_is_sent_away(flusher: Flusher) -> None:
    desk = TransactionDesk(Disk(), flusher)
    producer = await desk.ongoing(0)
    await desk.end(producer, committed=True)
    await settle()
    await desk.close()
    refused = await desk.init("another")
    assert isinstance(refused, KafkaError)
    assert refused.code is ErrorCode.NOT_COORDINATOR
    assert desk.state() == "PrepareCommit"
