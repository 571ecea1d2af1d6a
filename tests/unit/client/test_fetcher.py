"""What the fetcher does with each answer: a leader that answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ottla.client.address import Address
from ottla.client.fetcher import MAX_FETCH_VERSION, Fetcher
from ottla.client.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.settings import ConsumerSettings
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.builder import BatchBuilder
from ottla.wire.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)

PARTITION = TopicPartition("t", 0)
SETTINGS = ConsumerSettings(auto_offset_reset="none", retry_backoff_ms=1, retry_backoff_max_ms=2)


class ScriptedLeader:
    """Leads the one partition; answers from the script, and then never again."""

    def __init__(self, *script: PartitionData | FetchResponse | KafkaError) -> None:
        self.script = list(script)
        self.asked: list[int] = []
        self.refreshed: list[str] = []
        self.clock = SystemClock()
        self.settings = SETTINGS
        leader = PartitionMetadata(1, 0, (1,), (1,), ErrorCode.NONE)
        topic = TopicMetadata("t", bytes(16), is_internal=False, error=ErrorCode.NONE, partitions={0: leader})
        self.metadata = Metadata(brokers={1: Address("h", 1)}, topics={"t": topic})

    async def ask(
        self, broker: int, request: FetchRequest, _response: type[Any], max_version: int
    ) -> FetchResponse:
        assert (broker, max_version) == (1, MAX_FETCH_VERSION)
        [topic] = request.topics
        [partition] = topic.partitions
        self.asked.append(partition.fetch_offset)
        if not self.script:
            await asyncio.Event().wait()
        answer = self.script.pop(0)
        if isinstance(answer, KafkaError):
            raise answer
        if isinstance(answer, FetchResponse):
            return answer
        return FetchResponse(responses=[FetchableTopicResponse(topic="t", partitions=[answer])])

    async def refresh(self, topics: Collection[str]) -> None:
        self.refreshed += topics


def batch(base_offset: int, count: int) -> bytes:
    builder = BatchBuilder()
    for number in range(count):
        builder.append(0, None, b"%d" % (base_offset + number))
    return builder.build(base_offset)


def some(*parts: bytes, code: ErrorCode = ErrorCode.NONE) -> PartitionData:
    return PartitionData(error_code=code, records=b"".join(parts), high_watermark=100)


@asynccontextmanager
async def fetching(
    leader: ScriptedLeader, offset: int = 0, settings: ConsumerSettings = SETTINGS
) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(leader, settings)  # type: ignore[arg-type]
    fetcher.assign(PARTITION, offset)
    running = asyncio.ensure_future(fetcher.run())
    yield fetcher
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_positions_move_on_by_whole_batches() -> None:
    leader = ScriptedLeader(some(batch(0, 5), batch(5, 3)), some(batch(8, 2)))
    async with fetching(leader, offset=3) as fetcher:
        first, second = await fetcher.take(), await fetcher.take()
    assert (first.offset, first.next_offset, len(first.batches)) == (3, 8, 2)
    assert (second.offset, second.next_offset) == (8, 10)
    assert leader.asked[:2] == [3, 8]


async def test_a_cut_batch_at_the_end_is_fetched_again() -> None:
    leader = ScriptedLeader(some(batch(0, 5), batch(5, 5)[:-1]), some(batch(5, 5)))
    async with fetching(leader) as fetcher:
        assert (await fetcher.take()).next_offset == 5
        assert (await fetcher.take()).next_offset == 10


async def test_nothing_new_is_nothing_to_take() -> None:
    async with fetching(ScriptedLeader(some(), some(), some(batch(0, 1)))) as fetcher:
        assert (await fetcher.take()).next_offset == 1


@pytest.mark.parametrize(
    "failure",
    [
        KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone"),
        FetchResponse(error_code=ErrorCode.FETCH_SESSION_ID_NOT_FOUND),
        some(code=ErrorCode.NOT_LEADER_OR_FOLLOWER),
        some(code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ],
)
async def test_what_may_pass_is_asked_again_with_fresh_metadata(
    failure: PartitionData | FetchResponse | KafkaError,
) -> None:
    leader = ScriptedLeader(failure, some(batch(0, 1)))
    async with fetching(leader) as fetcher:
        assert (await fetcher.take()).next_offset == 1
    assert leader.asked[:2] == [0, 0]
    assert "t" in leader.refreshed


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (some(code=ErrorCode.TOPIC_AUTHORIZATION_FAILED), ErrorCode.TOPIC_AUTHORIZATION_FAILED),
        (some(code=ErrorCode.OFFSET_OUT_OF_RANGE), ErrorCode.OFFSET_OUT_OF_RANGE),
        (some(batch(0, 1)[:16] + b"\x01" + batch(0, 1)[17:]), ErrorCode.CORRUPT_MESSAGE),
    ],
)
async def test_what_will_not_pass_is_raised(answer: PartitionData, code: ErrorCode) -> None:
    async with fetching(ScriptedLeader(answer)) as fetcher:
        with pytest.raises(KafkaError, match="t-0") as caught:
            await fetcher.take()
    assert caught.value.code == code


async def test_a_partition_that_fails_for_too_long_is_given_up() -> None:
    leader = ScriptedLeader(*[some(code=ErrorCode.NOT_LEADER_OR_FOLLOWER)] * 1000)
    settings = ConsumerSettings(
        auto_offset_reset="none", retry_backoff_ms=1, retry_backoff_max_ms=1, default_api_timeout_ms=20
    )
    async with fetching(leader, settings=settings) as fetcher:
        with pytest.raises(KafkaError) as caught:
            await fetcher.take()
    assert caught.value.code == ErrorCode.NOT_LEADER_OR_FOLLOWER


async def test_a_partition_that_stays_without_a_leader_is_given_up() -> None:
    leader = ScriptedLeader()
    leader.metadata = Metadata()
    settings = ConsumerSettings(
        auto_offset_reset="none", retry_backoff_ms=1, retry_backoff_max_ms=1, default_api_timeout_ms=20
    )
    async with fetching(leader, settings=settings) as fetcher:
        with pytest.raises(KafkaError, match="t-0 has no leader"):
            await fetcher.take()


async def test_it_does_not_fetch_ahead_without_bound() -> None:
    settings = ConsumerSettings(max_partition_fetch_bytes=100)
    leader = ScriptedLeader(*[some(batch(number, 1)) for number in range(50)])
    async with fetching(leader, settings=settings) as fetcher:
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(leader.asked) <= 3
        for expected in range(1, 51):
            assert (await fetcher.take()).next_offset == expected


async def test_what_was_fetched_of_an_unassigned_partition_is_dropped() -> None:
    leader = ScriptedLeader(some(batch(0, 1)))
    async with fetching(leader) as fetcher:
        for _ in range(10):
            await asyncio.sleep(0)
        fetcher.unassign(PARTITION)
        taking = asyncio.ensure_future(fetcher.take())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not taking.done()
        taking.cancel()


ONE_AT_A_TIME = ConsumerSettings(auto_offset_reset="none", max_partition_fetch_bytes=1)


async def the_first_answer(leader: ScriptedLeader) -> None:
    """Until it lies there to be taken; with ONE_AT_A_TIME nothing is fetched after it."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(leader.asked) == 1


async def test_a_seek_drops_what_was_fetched_for_the_old_position() -> None:
    leader = ScriptedLeader(some(batch(0, 1)), some(batch(50, 1)))
    async with fetching(leader, settings=ONE_AT_A_TIME) as fetcher:
        await the_first_answer(leader)
        fetcher.assign(PARTITION, 50)
        assert (await fetcher.take()).offset == 50


async def test_a_seek_to_the_same_place_reads_it_once() -> None:
    leader = ScriptedLeader(some(batch(0, 1)), some(batch(0, 1)), some(batch(1, 1)))
    async with fetching(leader, settings=ONE_AT_A_TIME) as fetcher:
        await the_first_answer(leader)
        fetcher.assign(PARTITION, 0)
        assert [(await fetcher.take()).offset for _ in range(2)] == [0, 1]


async def test_a_seek_drops_the_error_of_the_old_position() -> None:
    leader = ScriptedLeader(some(code=ErrorCode.OFFSET_OUT_OF_RANGE), some(batch(50, 1)))
    async with fetching(leader) as fetcher:
        await the_first_answer(leader)
        fetcher.assign(PARTITION, 50)
        assert (await fetcher.take()).offset == 50


class ResettingLeader(ScriptedLeader):
    """Leads two partitions with one record at 7 and one at 50, and says where they begin when it is let."""

    def __init__(self, error: ErrorCode = ErrorCode.NONE) -> None:
        super().__init__()
        self.error = error
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        [topic] = self.metadata.topics.values()
        topic.partitions[1] = topic.partitions[0]

    async def ask(self, _broker: int, request: Any, _response: type[Any], _max_version: int = 0) -> Any:
        if isinstance(request, ListOffsetsRequest):
            self.was_asked.set()
            await self.may_answer.wait()
            first = ListOffsetsPartitionResponse(partition_index=0, error_code=self.error, offset=7)
            return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="t", partitions=[first])])
        [topic] = request.topics
        answers = [self.answer(each.partition, each.fetch_offset) for each in topic.partitions]
        if not any(answer.records or answer.error_code for answer in answers):
            await asyncio.Event().wait()
        return FetchResponse(responses=[FetchableTopicResponse(topic="t", partitions=answers)])

    def answer(self, partition: int, offset: int) -> PartitionData:
        answer = some(batch(offset, 1)) if offset in (7, 50) else some()
        if offset == 99:
            answer = some(code=ErrorCode.OFFSET_OUT_OF_RANGE)
        answer.partition_index = partition
        return answer

    async def retrying(self, attempt: Callable[[], Awaitable[None]], _topics: Collection[str]) -> None:
        await attempt()


RESETTING = ConsumerSettings(auto_offset_reset="earliest", retry_backoff_ms=1, retry_backoff_max_ms=2)


async def test_a_lost_position_is_set_back() -> None:
    leader = ResettingLeader()
    leader.may_answer.set()
    async with fetching(leader, 99, RESETTING) as fetcher:
        assert (await fetcher.take()).offset == 7


async def test_a_seek_while_a_lost_position_is_set_back_wins() -> None:
    leader = ResettingLeader()
    async with fetching(leader, 99, RESETTING) as fetcher:
        await leader.was_asked.wait()
        fetcher.assign(PARTITION, 50)
        leader.may_answer.set()
        assert (await fetcher.take()).offset == 50


async def test_a_position_that_cannot_be_set_back_is_its_partitions_trouble_alone() -> None:
    leader = ResettingLeader(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    leader.may_answer.set()
    other = TopicPartition("t", 1)
    async with fetching(leader, 99, RESETTING) as fetcher:
        fetcher.assign(other, 50)
        with pytest.raises(KafkaError, match="t-0: TOPIC_AUTHORIZATION_FAILED"):
            await fetcher.take()
        assert (await fetcher.take()).partition == other
