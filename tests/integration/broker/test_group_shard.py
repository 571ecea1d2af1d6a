"""The shell around the group machine: what is promised is written down, and nobody is left waiting."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import pytest
from tests.support.group_shard import FOLDER, Desk, settle

from ottla.broker.flusher import Flusher
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.topics import Topic, Topics
from ottla.log.config import LogConfig
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.testing.directory import Disk


@pytest.fixture
async def flusher() -> AsyncIterator[Flusher]:
    flusher = Flusher(threads=1)
    yield flusher
    await flusher.close()


class Gate:
    """A disk whose syncs wait for the test."""

    def __init__(self, disk: Disk) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        go_on = disk.synced

        def synced() -> None:
            self.reached.set()
            assert self.open.wait(30)
            go_on()

        disk.synced = synced  # type: ignore[method-assign]


def is_refused(reply: object) -> bool:
    return isinstance(reply, KafkaError) and reply.code == ErrorCode.NOT_COORDINATOR


async def test_what_was_committed_is_there_after_kill_9(flusher: Flusher) -> None:
    disk = Disk()
    before = Desk(disk, flusher)
    for offset in range(100):
        await before.commit(offset, f"g{offset % 10}")
    after = Desk(disk.killed(), flusher)
    await after.shard.load()
    assert [await after.committed(f"g{number}") for number in range(10)] == list(range(90, 100))
    assert after.machine.groups.keys() == before.machine.groups.keys()


async def test_a_reply_waits_for_the_disk_and_so_does_what_others_may_read(flusher: Flusher) -> None:
    disk = Disk()
    gate = Gate(disk)
    desk = Desk(disk, flusher, durable=True)
    commit, fetch = desk.commit(7), asyncio.ensure_future(desk.committed())
    await asyncio.to_thread(gate.reached.wait, 30)
    await settle()
    assert not commit.done()
    assert not fetch.done()
    gate.open.set()
    assert (await commit).topics[0].partitions[0].error_code == 0
    assert await fetch == 7


async def test_a_failed_sync_sends_everybody_away_for_good(flusher: Flusher) -> None:
    disk = Disk()
    desk = Desk(disk, flusher, durable=True)
    disk.failing_syncs = True
    assert is_refused(await desk.commit(7))
    assert is_refused(await desk.commit(8))
    disk.failing_syncs = False
    assert is_refused(await desk.commit(9))


async def test_a_full_disk_refuses_and_loses_nothing(flusher: Flusher) -> None:
    disk = Disk()
    desk = Desk(disk, flusher)
    await desk.commit(7)
    disk.capacity_bytes = disk.used_bytes()
    assert is_refused(await desk.commit(8))
    assert await desk.committed() == 7
    disk.capacity_bytes = 1 << 40
    assert (await desk.commit(9)).topics[0].partitions[0].error_code == 0
    assert await desk.committed() == 9


async def test_who_waits_for_what_could_not_be_written_is_sent_away(flusher: Flusher) -> None:
    disk = Disk()
    desk = Desk(disk, flusher)
    first = await desk.join()
    second_joins = desk.join()
    await settle()
    leader = await desk.join(first.member_id)
    second = await second_joins
    parked = desk.sync(second.member_id, leader.generation_id)
    await settle()
    assert not parked.done()
    disk.capacity_bytes = disk.used_bytes()
    assert is_refused(await desk.sync(leader.member_id, leader.generation_id))
    assert is_refused(await asyncio.wait_for(parked, 10))
    disk.capacity_bytes = 1 << 40
    again = desk.join(group="g")
    assert (await asyncio.wait_for(again, 10)).error_code == 0
    desk.shard.close()


async def test_a_refused_join_is_answered_in_every_link_of_its_chain(flusher: Flusher) -> None:
    """A first join writes the group, then joins it: whichever of the two the disk refuses, the member hears."""
    for room in range(0, 600, 40):
        disk = Disk()
        desk = Desk(disk, flusher)
        disk.capacity_bytes = disk.used_bytes() + room
        joined = await asyncio.wait_for(desk.join(), 10)
        disk.capacity_bytes = 1 << 40
        assert is_refused(joined) or joined.error_code == 0
        again = await asyncio.wait_for(desk.join("" if is_refused(joined) else joined.member_id), 10)
        assert again.error_code == 0


async def test_what_is_due_on_a_full_disk_does_not_keep_the_loop(flusher: Flusher) -> None:
    """Thousands of expired offsets that cannot be deleted: tried again later, not at once and for ever."""
    disk = Disk()
    desk = Desk(disk, flusher)
    for number in range(1_200):
        await desk.commit(number, f"g{number}")
    await desk.shard.load()  # arms the look for expired offsets
    disk.capacity_bytes = disk.used_bytes()
    desk.clock.steady_ms += 8 * 24 * 3_600_000
    assert await asyncio.wait_for(desk.committed("g3"), 10) == 3
    disk.capacity_bytes = 1 << 40
    for _ in range(4):
        await desk.committed("g3")
    assert await desk.committed("g3") == -1
    assert not desk.machine.groups
    desk.shard.close()


async def test_a_cancelled_request_is_forgotten(flusher: Flusher) -> None:
    desk = Desk(Disk(), flusher)
    first = await desk.join()
    parked = desk.join()
    await settle()
    assert not parked.done()
    parked.cancel()
    await settle()
    joining = desk.join(first.member_id)
    desk.clock.steady_ms += 10_001
    await (
        desk.committed()
    )  # any request looks at what is due: the one that is gone has not said that it is there
    assert (await asyncio.wait_for(joining, 10)).error_code == 0
    desk.shard.close()


async def test_sessions_do_not_end_when_the_wall_clock_steps(flusher: Flusher) -> None:
    desk = Desk(Disk(), flusher)
    member = await desk.join()
    desk.clock.wall_ms += 3_600_000
    await desk.committed()
    assert member.member_id in desk.machine.groups["g"].members
    desk.clock.steady_ms += 10_001
    await desk.committed()
    assert not desk.machine.groups["g"].members
    desk.shard.close()


async def test_timers_run_without_requests(flusher: Flusher) -> None:
    desk = Desk(Disk(), flusher)
    member = await desk.join()
    parked = desk.join(group="other")
    await parked
    desk.clock.steady_ms += 9_990
    await desk.committed("nobody")  # arms the timer anew
    desk.clock.steady_ms += 1_000
    deadline = asyncio.get_running_loop().time() + 10
    while member.member_id in desk.machine.groups["g"].members:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    desk.shard.close()


async def test_who_waits_at_the_stop_is_sent_away_and_so_is_who_comes_later(flusher: Flusher) -> None:
    desk = Desk(Disk(), flusher)
    await desk.join()
    parked = desk.join()
    await settle()
    desk.shard.close()
    assert is_refused(await asyncio.wait_for(parked, 10))
    assert is_refused(await asyncio.wait_for(desk.join(), 10))


async def test_offsets_of_a_deleted_topic_go_with_it(flusher: Flusher) -> None:
    disk = Disk()
    desk = Desk(disk, flusher)
    await desk.commit(7)
    anew = Topics([Topic("a", b"another id......", 3)], 2)
    desk.shard.set_topics(anew)
    assert await desk.committed() == -1
    after = Desk(disk.killed(), flusher)
    await after.shard.load()
    assert await after.committed() == -1


async def test_offsets_of_a_topic_deleted_just_before_a_crash_go_too(flusher: Flusher) -> None:
    disk = Disk()
    await Desk(disk, flusher).commit(7)
    after = Desk(disk.killed(), flusher, topics=Topics([Topic("a", b"another id......", 3)], 2))
    await after.shard.load()
    assert await after.committed() == -1


async def test_a_damaged_batch_costs_what_is_in_it(
    flusher: Flusher, caplog: pytest.LogCaptureFixture
) -> None:
    """Bits that turned in a sealed segment, which no start looks at."""
    disk = Disk()
    desk = Desk(disk, flusher)
    await desk.commit(7, "before")
    position = disk.directory(FOLDER).size("00000000000000000000.log")
    await desk.commit(8, "damaged")
    await desk.commit(9, "after")
    file = disk.directory(FOLDER).file("00000000000000000000.log")
    file.write([b"\xff"], position + 90)
    with caplog.at_level(logging.ERROR):
        await desk.shard.load()
    assert [await desk.committed(group) for group in ("before", "after")] == [7, 9]
    assert "its checksum is wrong" in caplog.text


async def test_records_that_are_no_groups_are_passed_over(
    flusher: Flusher, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(Disk(), flusher)
    await desk.commit(7)
    for key, value in (
        (b"", b""),
        (None, None),
        (b"\0\x01", b"x"),
        (b"\0\x63unknown kind", b"x"),
        (b"\0\x01\xff\xff", b"\0\4"),
    ):
        builder = BatchBuilder()
        builder.append(0, key, value)
        desk.partition.append(Batch(builder.build()), 0, durable=False)
    with caplog.at_level(logging.ERROR):
        await desk.shard.load()
    assert await desk.committed() == 7
    assert caplog.text.count("is passed over") == 4


async def test_a_log_of_many_segments_and_chunks_is_read_to_its_end(flusher: Flusher) -> None:
    disk = Disk()
    config = LogConfig(segment_bytes=100_000)
    desk = Desk(disk, flusher, config=config)
    for number in range(3_000):
        await desk.commit(number, f"g{number}")
    disk.cold = True
    after = Desk(disk.killed(), flusher, config=config)
    await after.shard.load()
    assert len(after.machine.groups) == 3_000
    assert await after.committed("g2999") == 2_999
