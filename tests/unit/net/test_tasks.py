"""Tasks have an owner; a coroutine that was stepped once goes on in a task as if nothing had happened."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import pytest

from ottla.net.tasks import Tasks, cancel_after_start, rest_of, start_kept


async def test_close_cancels_and_waits() -> None:
    tasks = Tasks("owner")
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    for name in "ab":
        tasks.start(work(name), name)
    await asyncio.sleep(0)
    assert len(tasks) == 2
    await tasks.close()
    assert sorted(ended) == ["a", "b"]
    assert len(tasks) == 0


async def test_an_unexpected_end_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("owner")

    async def fails() -> None:
        raise KeyError("gone")

    async def fine() -> int:
        return 1

    assert await tasks.start(fine(), "fine") == 1
    task = tasks.start(fails(), "sweep")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "owner: sweep ended: KeyError: 'gone'")
    ]
    await tasks.close()


async def test_nothing_starts_after_close() -> None:
    tasks = Tasks("owner")
    await tasks.close()
    with pytest.raises(RuntimeError, match="owner is closed; late was not started"):
        tasks.start(asyncio.sleep(1), "late")


async def test_a_task_may_close_its_own_owner() -> None:
    tasks = Tasks("owner")
    await tasks.start(tasks.close(), "closing")
    assert len(tasks) == 0


def step(work: Coroutine[Any, Any, Any]) -> object:
    return work.send(None)


async def test_the_rest_of_a_coroutine_gives_its_result() -> None:
    future = asyncio.get_running_loop().create_future()

    async def work() -> list[object]:
        seen = [asyncio.current_task(), await future]
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
        return [*seen, asyncio.current_task()]

    stepped = work()
    task = None

    def outside_any_task() -> None:
        nonlocal task
        task = start_kept(drive(stepped, step(stepped)))
        future.set_result("value")

    asyncio.get_running_loop().call_soon(outside_any_task)
    await asyncio.sleep(0)
    assert task is not None
    assert await task == [None, "value", task]


async def drive(work: Coroutine[Any, Any, Any], yielded: object) -> Any:
    return await rest_of(work, yielded)


async def test_an_exception_comes_through() -> None:
    future = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await future

    stepped = work()
    task = start_kept(drive(stepped, step(stepped)))
    future.set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        await task


@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_a_cancellation_reaches_the_coroutine_at_any_time(turns: int) -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # cleaning up may wait too
            seen.append("cancelled")
            raise

    stepped = work()
    task = start_kept(drive(stepped, step(stepped)))
    for _ in range(turns):
        await asyncio.sleep(0)
    cancel_after_start(task)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


async def test_a_coroutine_may_survive_its_cancellation() -> None:
    async def work() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "rescued"
        return "never"

    stepped = work()
    task = start_kept(drive(stepped, step(stepped)))
    cancel_after_start(task)
    assert await task == "rescued"


async def test_a_bare_yield_goes_on_too() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "done"

    stepped = work()
    assert await start_kept(drive(stepped, step(stepped))) == "done"
