"""Work in a thread, and callers that are cancelled meanwhile."""

import asyncio
import gc
import threading

import pytest

from ottla.broker.in_thread import in_thread


class Work:
    """Goes on until it may end."""

    def __init__(self, *, fails: bool) -> None:
        self.may_end = threading.Event()
        self.fails = fails
        self.ended = False

    def __call__(self) -> str:
        self.may_end.wait(10)
        self.ended = True
        if self.fails:
            raise OSError("refused")
        return "done"


async def test_its_result_and_its_exception_come_back() -> None:
    work = Work(fails=False)
    work.may_end.set()
    assert await in_thread(work) == "done"
    work.fails = True
    with pytest.raises(OSError, match="refused"):
        await in_thread(work)


@pytest.mark.parametrize("fails", [False, True], ids=["result", "exception"])
async def test_a_cancelled_caller_waits_for_the_thread_and_nobody_complains(*, fails: bool) -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    work = Work(fails=fails)
    caller = asyncio.ensure_future(in_thread(work))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0.01)
    assert not caller.done()
    work.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.ended
    await asyncio.get_running_loop().shutdown_default_executor()  # threads remember what they did last
    del caller, work
    gc.collect()
    assert complaints == []
