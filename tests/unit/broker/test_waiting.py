"""Parked requests end with a value: what they waited for, an error, or a timeout."""

import asyncio

from ottla.broker.waiting import Commits, LongPoll, Watched, within
from ottla.core.errors import ErrorCode


class Source:
    """A partition as a long poll sees it."""

    def __init__(self) -> None:
        self.polls: list[LongPoll] = []

    def watch(self, poll: LongPoll) -> None:
        self.polls.append(poll)

    def unwatch(self, poll: LongPoll) -> None:
        self.polls.remove(poll)


async def test_commits_answer_in_the_order_of_the_log() -> None:
    commits = Commits()
    first, second = commits.wait_for(10), commits.wait_for(20)
    commits.advance(9)
    assert not first.done()
    commits.advance(10)
    assert first.result() is ErrorCode.NONE
    assert not second.done()
    commits.fail(ErrorCode.KAFKA_STORAGE_ERROR)
    assert second.result() is ErrorCode.KAFKA_STORAGE_ERROR


async def test_a_deadline_that_comes_first_wins_and_a_late_commit_is_harmless() -> None:
    commits = Commits()
    future = commits.wait_for(5)
    assert await within(future, 0.001) is ErrorCode.REQUEST_TIMED_OUT
    commits.advance(5)
    assert future.result() is ErrorCode.REQUEST_TIMED_OUT


async def test_a_long_poll_counts_bytes_over_all_its_partitions() -> None:
    sources = [Source(), Source()]
    watched: list[Watched] = [*sources]
    poll = LongPoll(100)
    waiting = asyncio.ensure_future(poll.wait(watched, 60))
    await asyncio.sleep(0)
    sources[0].polls[0].readable(60)
    await asyncio.sleep(0)
    assert not waiting.done()
    sources[1].polls[0].readable(40)
    await waiting
    assert sources[0].polls == sources[1].polls == []


async def test_a_long_poll_ends_at_its_deadline_or_when_woken() -> None:
    source = Source()
    await LongPoll(1).wait([source], 0.001)
    poll = LongPoll(1_000_000)
    waiting = asyncio.ensure_future(poll.wait([source], 60))
    await asyncio.sleep(0)
    poll.wake()
    await waiting
    assert source.polls == []


async def test_a_cancelled_long_poll_leaves_nothing_behind() -> None:
    source = Source()
    waiting = asyncio.ensure_future(LongPoll(1).wait([source], 60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert source.polls == []
