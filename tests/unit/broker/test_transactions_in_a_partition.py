"""Markers in a partition, and who reads what while transactions are open: nobody past the last stable offset."""

import asyncio

import pytest
from tests.support.logs import NOW_MS, batch, values
from tests.support.transactions import produced
from tests.unit.broker.test_partition import HeldFlusher, new_partition, synced

from ottla.broker.call import Call
from ottla.broker.handlers.describe_producers import describe_producers
from ottla.broker.handlers.list_offsets import list_offsets
from ottla.broker.partition import Partition
from ottla.broker.reading import Reading
from ottla.broker.sessions import Wanted
from ottla.broker.waiting import LongPoll
from ottla.core.errors import ErrorCode, KafkaError
from ottla.testing.directory import Disk
from ottla.wire.messages.describe_producers import DescribeProducersRequest, ProducerState
from ottla.wire.messages.describe_producers import TopicRequest as ProducersTopic
from ottla.wire.messages.fetch import PartitionData
from ottla.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic

HERE = ("127.0.0.1", 1)
CALL = Call(
    api_key=2, version=7, correlation_id=1, client_id="c", peer=HERE, local=HERE, listener="PLAINTEXT"
)


class OnePartition:
    """What handlers ask for partitions."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    def find(self, topic: object, index: int) -> Partition | ErrorCode:
        return self._partition if (topic, index) == ("t", 0) else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def partition() -> Partition:
    return new_partition(Disk(), HeldFlusher())


def write(
    to: Partition, producer_id: int, sequence: int = 0, *, durable: bool = False, epoch: int = 0
) -> int:
    made = produced(producer_id, epoch, sequence, b"%d" % producer_id, is_transactional=True)
    return to.append(made, NOW_MS, durable=durable).base_offset


def end(
    of: Partition, producer_id: int, *, committed: bool = True, durable: bool = False, epoch: int = 0
) -> int:
    return of.append_marker(
        producer_id,
        epoch,
        0,
        committed=committed,
        transaction_version=1,
        now_ms=NOW_MS,
        durable=durable,
    ).last_offset


async def fetched(of: Partition, offset: int = 0, *, read_committed: bool = True) -> PartitionData:
    wanted = Wanted("t", 0, offset, 1 << 20, -1, -1, -1)
    reading = Reading([(wanted, of)], 1 << 20, read_committed=read_committed)
    await reading.read()
    return reading.results[0]


# ── markers ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_marker_is_committed_once_it_is_on_disk() -> None:
    led = partition()
    write(led, 7)
    last_offset = end(led, 7, durable=True)
    committed = led.committed(last_offset + 1)
    assert committed is not None
    assert led.log.last_stable_offset == 0
    synced(led)
    assert await committed is ErrorCode.NONE
    assert led.log.last_stable_offset == 2


def test_a_refused_marker_leaves_nothing_behind() -> None:
    led = partition()
    led.append_marker(7, 3, 5, committed=True, transaction_version=2, now_ms=NOW_MS, durable=False)
    with pytest.raises(KafkaError) as fenced:
        led.append_marker(7, 4, 4, committed=True, transaction_version=2, now_ms=NOW_MS)
    assert fenced.value.code is ErrorCode.TRANSACTION_COORDINATOR_FENCED
    with pytest.raises(KafkaError) as old:
        led.append_marker(7, 2, 5, committed=False, transaction_version=1, now_ms=NOW_MS)
    assert old.value.code is ErrorCode.INVALID_PRODUCER_EPOCH
    led.fail(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    with pytest.raises(KafkaError) as gone:
        led.append_marker(7, 4, 5, committed=True, transaction_version=2, now_ms=NOW_MS)
    assert gone.value.code is ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert led.log.log_end_offset == 1


# ── fetch ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_past_the_last_stable_offset_is_read() -> None:
    led = partition()
    led.append(batch(b"before"), NOW_MS, durable=False)
    write(led, 7)
    led.append(batch(b"after"), NOW_MS, durable=False)
    data = await fetched(led)
    assert values(data.records or b"") == [b"before"]
    assert (data.high_watermark, data.last_stable_offset, data.aborted_transactions) == (3, 1, [])
    assert (await fetched(led, 1)).records == b""
    assert (await fetched(led, 2)).records == b""
    data = await fetched(led, read_committed=False)
    assert values(data.records or b"") == [b"before", b"7", b"after"]
    assert (data.last_stable_offset, data.aborted_transactions) == (1, None)
    end(led, 7)
    data = await fetched(led)
    assert len(values(data.records or b"")) == 4, "the marker is there too"
    assert (data.last_stable_offset, data.aborted_transactions) == (4, [])


@pytest.mark.parametrize("cold", [False, True])
async def test_the_aborted_transactions_of_what_is_read_are_named_by_their_first_offset(cold: bool) -> None:
    disk = Disk()
    led = new_partition(disk, HeldFlusher())
    for producer_id in (9, 8, 7):
        write(led, producer_id)
    for producer_id in (7, 8, 9):
        end(led, producer_id, committed=producer_id == 8)
    led.append(batch(b"plain"), NOW_MS, durable=False)
    disk.cold = cold
    data = await fetched(led)
    named = [(each.producer_id, each.first_offset) for each in data.aborted_transactions or []]
    assert named == [(9, 0), (7, 2)]
    data = await fetched(led, 4)
    assert [each.producer_id for each in data.aborted_transactions or []] == [9], "7's marker lies before"
    assert (await fetched(led, 6)).aborted_transactions == []


async def test_a_reader_of_committed_transactions_parks_until_the_last_stable_offset_moves() -> None:
    led = partition()
    write(led, 7)
    committed_poll, plain_poll = LongPoll(1, read_committed=True), LongPoll(1)
    waiting = [asyncio.ensure_future(poll.wait([led], 30)) for poll in (committed_poll, plain_poll)]
    await asyncio.sleep(0)
    write(led, 7, 1)
    await waiting[1]
    assert not waiting[0].done(), "nothing it may read"
    write(led, 8)
    end(led, 8)
    await asyncio.sleep(0)
    assert not waiting[0].done(), "7's transaction is open before that"
    end(led, 7, durable=True)
    await asyncio.sleep(0)
    assert not waiting[0].done(), "the marker is not on disk"
    synced(led)
    await waiting[0]


async def test_without_transactions_such_a_reader_waits_for_bytes_as_any_other() -> None:
    led = partition()
    poll = LongPoll(100, read_committed=True)
    waiting = asyncio.ensure_future(poll.wait([led], 30))
    await asyncio.sleep(0)
    led.append(batch(b"x"), NOW_MS, durable=False)
    await asyncio.sleep(0)
    assert not waiting.done()
    led.append(batch(b"x" * 100), NOW_MS, durable=False)
    await waiting


# ── offsets and producers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("isolation", "latest", "greatest", "found"), [(0, 3, 2, 2), (1, 1, -1, -1)])
async def test_offsets_past_the_last_stable_one_are_hidden(
    isolation: int, latest: int, greatest: int, found: int
) -> None:
    led = partition()
    led.append(batch(b"1", timestamp=NOW_MS), NOW_MS, durable=False)
    write(led, 7)
    led.append(batch(b"3", timestamp=NOW_MS + 50), NOW_MS, durable=False)

    async def at(timestamp: int) -> int:
        asked = ListOffsetsTopic(
            name="t", partitions=[ListOffsetsPartition(partition_index=0, timestamp=timestamp)]
        )
        request = ListOffsetsRequest(isolation_level=isolation, topics=[asked])
        response = await list_offsets(OnePartition(led), request, CALL)  # type: ignore[arg-type]
        return response.topics[0].partitions[0].offset

    assert await at(-1) == latest
    assert await at(-3) == greatest
    assert await at(NOW_MS + 50) == found
    assert await at(NOW_MS) == 0


async def test_producers_are_described_with_the_transaction_that_hangs() -> None:
    led = partition()
    write(led, 7)
    end(led, 7, epoch=4)
    led.append(batch(b"1"), NOW_MS, durable=False)
    offset = write(led, 8)
    led.log.producers.expire(before_ms=NOW_MS + 1)
    topics = [
        ProducersTopic(name="t", partition_indexes=[0, 1]),
        ProducersTopic(name="u", partition_indexes=[0]),
    ]
    request = DescribeProducersRequest(topics=topics)
    response = await describe_producers(OnePartition(led), request, CALL)  # type: ignore[arg-type]
    ours, missing = response.topics[0].partitions
    assert (missing.error_code, response.topics[1].partitions[0].error_code) == (
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    )
    assert ours.active_producers == [
        ProducerState(
            producer_id=8,
            producer_epoch=0,
            last_sequence=0,
            last_timestamp=NOW_MS,
            coordinator_epoch=-1,
            current_txn_start_offset=offset,
        )
    ], "an open transaction does not expire"
    end(led, 8, epoch=1)
    response = await describe_producers(OnePartition(led), request, CALL)  # type: ignore[arg-type]
    [state] = response.topics[0].partitions[0].active_producers
    assert (state.producer_epoch, state.last_sequence, state.coordinator_epoch) == (1, -1, 0)
    assert state.current_txn_start_offset == -1
