"""What is fetched, located and handed out for each answer: a leader that answers from a script."""

import asyncio
import contextlib
import random

import pytest
from tests.support.scripted_leader import PARTITION, Answer, Reader, ScriptedLeader, batch, some

from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.reading import Reading
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.fetch import FetchResponse


async def test_from_the_middle_of_a_batch_and_on() -> None:
    leader = ScriptedLeader(some(batch(0, 5), batch(5, 3)), some(batch(8, 2)))
    async with Reader(leader) as reader:
        reader.assign(3)
        assert await reader.offsets(7) == [3, 4, 5, 6, 7, 8, 9]
    assert leader.asked[:2] == [3, 8]


async def test_a_cut_batch_at_the_end_is_fetched_again() -> None:
    leader = ScriptedLeader(some(batch(0, 5), batch(5, 5)[:-1]), some(batch(5, 5)))
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(10) == list(range(10))


@pytest.mark.parametrize(
    "failure",
    [
        KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone"),
        FetchResponse(error_code=ErrorCode.FETCH_SESSION_ID_NOT_FOUND),
        FetchResponse(error_code=ErrorCode.INVALID_FETCH_SESSION_EPOCH),
        some(code=ErrorCode.NOT_LEADER_OR_FOLLOWER),
        some(code=ErrorCode.UNKNOWN_TOPIC_ID),
        some(code=ErrorCode.FENCED_LEADER_EPOCH),
        some(batch(0, 1)[:16] + b"\x01" + batch(0, 1)[17:]),
    ],
)
async def test_what_may_pass_is_asked_again(failure: Answer) -> None:
    leader = ScriptedLeader(failure, some(batch(0, 1)))
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(1) == [0]
    assert len(leader.fetches) >= 2


async def test_what_will_not_pass_is_an_error_once_all_before_it_is_read() -> None:
    leader = ScriptedLeader(some(batch(0, 2)), some(code=ErrorCode.TOPIC_AUTHORIZATION_FAILED))
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(2) == [0, 1]
        with pytest.raises(KafkaError, match="TOPIC_AUTHORIZATION_FAILED"):
            await reader.offsets(1)


NOTHING_AHEAD = ConsumerSettings(max_partition_fetch_bytes=1, retry_backoff_ms=1, retry_backoff_max_ms=2)
"""Fetches only once everything is taken: no answer of a script is for a position that has been given up since."""


async def test_a_damaged_batch_is_an_error_each_time_and_skips_nothing() -> None:
    damaged = bytearray(batch(0, 1))
    damaged[-2] ^= 1
    answer = some(bytes(damaged), batch(1, 1))
    leader = ScriptedLeader(answer, answer, some(batch(0, 2)), settings=NOTHING_AHEAD)
    async with Reader(leader) as reader:
        reader.assign(0)
        for _ in range(2):
            with pytest.raises(KafkaError, match="its checksum is wrong"):
                await reader.offsets(1)
        assert await reader.offsets(2) == [0, 1]


async def test_no_more_is_fetched_while_enough_waits_to_be_taken() -> None:
    settings = ConsumerSettings(max_partition_fetch_bytes=50)
    leader = ScriptedLeader(some(batch(0, 3), batch(3, 3)), some(batch(6, 1)), settings=settings)
    async with Reader(leader) as reader:
        reader.assign(0)
        await reader.offsets(1)
        await asyncio.sleep(0.01)
        assert leader.asked == [0], "the second batch waits"
        assert await reader.offsets(6) == [1, 2, 3, 4, 5, 6]


async def test_what_was_fetched_for_another_position_is_dropped() -> None:
    leader = ScriptedLeader(some(batch(0, 5), batch(5, 5)), some(batch(40, 2)), settings=NOTHING_AHEAD)
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(2) == [0, 1]
        reader.reading.stop([reader.positions.of(PARTITION)])
        reader.positions.seek(PARTITION, 40)
        reader.fetcher.queue.resumed()
        assert await reader.offsets(2) == [40, 41]


@pytest.mark.parametrize(("policy", "start"), [("earliest", 0), ("latest", 50)])
async def test_an_offset_that_is_gone_is_reset_after_what_was_fetched(policy: str, start: int) -> None:
    settings = ConsumerSettings(auto_offset_reset=policy, retry_backoff_ms=1)
    leader = ScriptedLeader(
        some(batch(60, 3)), some(code=ErrorCode.OFFSET_OUT_OF_RANGE), some(batch(start, 1)), settings=settings
    )
    async with Reader(leader) as reader:
        reader.assign(60)
        assert await reader.offsets(4) == [60, 61, 62, start]


async def test_without_a_policy_an_offset_that_is_gone_is_an_error_until_it_is_sought() -> None:
    settings = ConsumerSettings(auto_offset_reset="none", retry_backoff_ms=1)
    leader = ScriptedLeader(some(code=ErrorCode.OFFSET_OUT_OF_RANGE), some(batch(5, 1)), settings=settings)
    async with Reader(leader) as reader:
        reader.assign(99)
        with pytest.raises(KafkaError, match="t-0 has no offset 99, and auto_offset_reset is none; seek"):
            await reader.offsets(1)
        reader.positions.seek(PARTITION, 5)
        reader.fetcher.queue.resumed()
        assert await reader.offsets(1) == [5]


@pytest.mark.parametrize(
    ("stored", "policy", "start"),
    [
        (OffsetAndMetadata(7), "earliest", 7),
        (None, "earliest", 0),
        (None, "latest", 50),
        (None, "by_duration:P1D", 50),
    ],
)
async def test_where_a_group_begins(stored: OffsetAndMetadata | None, policy: str, start: int) -> None:
    async def committed(partitions: object) -> dict[object, OffsetAndMetadata | None]:
        return {PARTITION: stored}

    settings = ConsumerSettings(auto_offset_reset=policy, retry_backoff_ms=1)
    leader = ScriptedLeader(some(batch(start, 1)), settings=settings)
    async with Reader(leader, committed) as reader:  # type: ignore[arg-type]
        reader.assign()
        reader.locator.wake()
        assert await reader.offsets(1) == [start]


async def test_records_that_were_replaced_under_a_new_leader_are_noticed() -> None:
    """KIP-320: 10 had been read under epoch 0, whose log ends at 6 for the leader of epoch 1."""
    failed = some(code=ErrorCode.FENCED_LEADER_EPOCH)
    leader = ScriptedLeader(some(batch(8, 2)), failed, some(batch(6, 2, epoch=1)))
    leader.epoch_end = (0, 6)
    leader.elects = (2, 1)
    async with Reader(leader) as reader:
        reader.assign(8)
        assert await reader.offsets(2) == [8, 9]
        assert await reader.offsets(2) == [6, 7]


async def test_a_new_leader_that_has_everything_changes_nothing() -> None:
    failed = some(code=ErrorCode.FENCED_LEADER_EPOCH)
    leader = ScriptedLeader(some(batch(0, 2)), failed, some(batch(2, 1, epoch=1)))
    leader.elects = (2, 1)
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(3) == [0, 1, 2]
        assert reader.positions.of(PARTITION).checked_epoch == 1


async def test_a_replica_nearby_is_read_from_until_it_fails() -> None:
    """KIP-392."""
    leader = ScriptedLeader(
        some(preferred_read_replica=2),
        some(batch(0, 1)),
        some(code=ErrorCode.OFFSET_OUT_OF_RANGE),
        some(batch(1, 1)),
    )
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(2) == [0, 1]
    assert [broker for broker, _ in leader.fetches[:4]] == [1, 2, 2, 1]


async def test_a_session_says_only_what_is_new() -> None:
    leader = ScriptedLeader(some(batch(0, 1)), some(), some(batch(1, 1)))
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(2) == [0, 1]
    said = [(fetch.session_id, fetch.session_epoch, len(fetch.topics)) for _, fetch in leader.fetches[:3]]
    assert said == [(0, 0, 1), (7, 1, 1), (7, 2, 0)]


async def test_a_cancelled_wait_loses_nothing() -> None:
    leader = ScriptedLeader(some(batch(0, 2)))
    async with Reader(leader) as reader:
        reader.assign(0)
        assert await reader.offsets(2) == [0, 1]
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.005):
                    await reader.reading.one()
        leader.script.append(some(batch(2, 2)))
        reader.positions.seek(PARTITION, 2)
        reader.fetcher._brokers.clear()
        reader.fetcher.queue.resumed()
        assert await reader.offsets(2) == [2, 3]


async def test_looking_without_waiting_also_after_a_pause() -> None:
    leader = ScriptedLeader(some(batch(0, 2), batch(2, 2)))
    async with Reader(leader) as reader:
        reader.assign(0)
        found: list[int] = []
        for _ in range(50):
            await asyncio.sleep(0.006)
            for records in (await reader.reading.many((), 0, 3)).values():
                found += [record.offset for record in records]
        assert found == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_cancelled_loses_and_repeats_nothing(seed: int) -> None:
    """Three ways to read, each cut off at random moments."""
    chance = random.Random(seed)
    firsts = range(0, 600, 3)
    settings = ConsumerSettings(max_partition_fetch_bytes=300)
    leader = ScriptedLeader(*(some(batch(first, 3)) for first in firsts), settings=settings)
    found: list[int] = []

    async def commits(_offsets: object) -> None:
        """Not called here."""

    async def read_some(reading: Reading) -> None:
        way = chance.randrange(3)
        if way == 0:
            found.append((await reading.one()).offset)
        elif way == 1:
            for records in (await reading.many((), 1.0, chance.randint(1, 7))).values():
                found.extend(record.offset for record in records)
        else:
            found.extend((await reading.batch(chance.randint(1, 7), 0.001, commits)).offsets)

    async with Reader(leader) as reader:
        reader.assign(0)
        async with asyncio.timeout(30):
            while len(found) < 600:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(chance.choice([0, 0.0001, 0.001, 0.01])):
                        await read_some(reader.reading)
    assert found == list(range(600))
