"""The thread with an event loop that blocking clients wait for."""

import asyncio
import contextlib
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator

import pytest

from ottla.client.sync.client import SyncClient, _shared
from ottla.client.sync.loop import LoopThread

SECONDS = 10.0


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread("test")
    yield thread
    thread.stop()


async def answer(value: int) -> int:
    await asyncio.sleep(0)
    return value


def test_many_threads_get_their_own_answers(loop: LoopThread) -> None:
    answers: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda number=number: answers.update({number: loop.run(answer(number))}))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert answers == {number: number for number in range(20)}


def test_exceptions_are_raised_where_it_was_asked(loop: LoopThread) -> None:
    async def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        loop.run(fail())
    assert loop.run(answer(1)) == 1


def test_an_interrupt_cancels_what_is_waited_for(loop: LoopThread) -> None:
    began, cancelled = threading.Event(), threading.Event()

    async def hang() -> None:
        began.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    def interrupt() -> None:
        assert began.wait(SECONDS)
        cancelled.wait(0.3)  # so that the main thread waits for the answer
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            loop.run(hang())
    finally:
        signal.signal(signal.SIGINT, before)
    assert cancelled.wait(SECONDS)
    assert loop.run(answer(1)) == 1


def test_its_own_callbacks_are_told_that_they_would_wait_for_ever(loop: LoopThread) -> None:
    async def callback() -> None:
        loop.run(answer(1))

    with pytest.raises(RuntimeError, match="called by its own callback and would wait for ever"):
        loop.run(callback())


def test_after_stop_it_says_so_and_what_ran_is_cancelled() -> None:
    loop = LoopThread("test")
    hanging = loop.begin(asyncio.sleep(3600))
    loop.run(answer(1))
    loop.stop()
    assert hanging.cancelled()
    with pytest.raises(RuntimeError, match="this client is closed"):
        loop.run(answer(1))
    loop.stop()


def test_generators_that_were_left_open_are_closed_by_stop() -> None:
    closed = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    async def first(stream: AsyncIterator[int]) -> int:
        return await anext(stream)

    loop = LoopThread("test")
    stream = numbers()
    assert loop.run(first(stream)) == 1
    loop.stop()
    assert closed == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_child_of_a_fork_is_told_what_to_do(loop: LoopThread) -> None:
    reading, writing = os.pipe()
    gc.freeze()
    child = os.fork()
    if child == 0:
        try:
            loop.run(answer(1))
        except RuntimeError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as said:
        assert b"made before a fork" in said.read()
    os.waitpid(child, 0)
    gc.unfreeze()
    assert loop.run(answer(1)) == 1


class Asynchronous:
    """A client that does nothing but start."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    async def start(self) -> None:
        if self.fails:
            raise ConnectionError("nobody there")


class Client(SyncClient[Asynchronous]):
    def __init__(self, *, fails: bool = False) -> None:
        self._client = Asynchronous(fails=fails)

    async def _begin(self) -> None:
        await self._client.start()

    def ask(self, question: Coroutine[object, object, int]) -> int:
        return self._ask(question)

    def close(self) -> None:
        self._leave()


def loop_threads() -> int:
    return sum(thread.name == "ottla" for thread in threading.enumerate())


def test_clients_share_a_thread_that_is_there_only_while_they_are() -> None:
    assert loop_threads() == 0
    one, other = Client(), Client()
    one.start()
    other.start()
    one.start()
    assert loop_threads() == 1
    one.close()
    one.close()
    assert other.ask(answer(1)) == 1
    other.close()
    assert loop_threads() == 0
    with contextlib.closing(one):
        one.start()
        assert one.ask(answer(2)) == 2
    assert loop_threads() == 0


def test_one_that_cannot_start_leaves_nothing_behind() -> None:
    with pytest.raises(ConnectionError, match="nobody there"):
        Client(fails=True).start()
    assert loop_threads() == 0
    assert _shared._loop is None


def test_one_that_is_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="not started, or closed: use it in a with block"):
        Client().ask(answer(1))
