"""The one home of `create_task`: every task has an owner that keeps it, logs what it died of, and ends it on
close."""

import asyncio
import logging
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

_log = logging.getLogger("ottla.net")
Result = TypeVar("Result")


class Tasks:
    """An owner of background tasks. One that ends with an exception nobody asked for is one line in the
    log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
        """Run `work` in the background. Raises RuntimeError after `close` or `finish`."""
        if self._closed:
            work.close()
            raise RuntimeError(f"{self._name} is closed; {name} was not started")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work.close()
            raise RuntimeError(
                f"{self._name}: {name} was not started: no event loop runs in this thread. What is asyncio's belongs "
                "to the thread of its loop"
            ) from None
        task = loop.create_task(work, name=f"{self._name}: {name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("%s ended: %s: %s", task.get_name(), type(error).__name__, error, exc_info=error)

    async def finish(self) -> None:
        """Start nothing more, and wait until what still runs has ended by itself."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended. A task may close its own owner."""
        self._closed = True
        others = self._running - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def start_kept(work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """A task that the caller keeps and takes the result of: for the hot path, where a set of tasks costs too
    much."""
    return asyncio.get_running_loop().create_task(work)


def cancel_after_start(task: asyncio.Task[Any]) -> None:
    """Cancel a task so that what it drives sees the cancellation, also when it has not run yet.

    asyncio never enters a task that is cancelled before its first step; a coroutine that `rest_of` was to
    drive on would only be thrown away.
    """
    asyncio.get_running_loop().call_soon(task.cancel)


@coroutine
def rest_of(work: Coroutine[Any, Any, Result], yielded: object) -> Generator[Any, Any, Result]:
    """Await the rest of a coroutine that was stepped once, outside a task, with `send(None)` and yielded
    `yielded`.

    That first step must not need a current task: asyncio.timeout, wait_for, TaskGroup and current_task work
    only in the rest. A coroutine that needs them early says `await asyncio.sleep(0)` first.
    """
    try:
        yield yielded
    except BaseException as error:  # noqa: BLE001 - a cancellation belongs to the coroutine inside
        try:
            yielded = work.throw(error)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]
        return (yield from rest_of(work, yielded))
    result: Result = yield from work
    return result
