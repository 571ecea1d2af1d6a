"""What writers and readers have in common: a task, a history, and an end that must come."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Protocol, TypeVar

from ottla.core.errors import KafkaError
from ottla.testing.history import Recorder

PARTITIONS = 4
CLOSE_SECONDS = 40.0
"""More than a consumer's goodbye may take with nobody there to hear it."""

PATIENCE: dict[str, Any] = {
    "request_timeout_ms": 1_500,
    "retry_backoff_ms": 20,
    "retry_backoff_max_ms": 200,
    "reconnect_backoff_ms": 20,
    "reconnect_backoff_max_ms": 200,
}
"""Options of every client: quick to try again, so that much happens in a short time."""


class Startable(Protocol):
    async def start(self) -> None: ...


ClientT = TypeVar("ClientT", bound=Startable)


class Actor(ABC):
    """One client of the story."""

    def __init__(self, name: str, random: Random) -> None:
        self.name = name
        self.random = Random(random.random())
        self.recorder = Recorder(name)
        self.task: asyncio.Task[None] | None = None

    @abstractmethod
    async def run(self) -> None:
        """Until cancelled, or told to end."""

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.run())
        self.task.set_name(self.name)

    async def ended(self) -> None:
        """Wait for the end of its task. Fails when that does not come, or with what ended it."""
        assert self.task is not None
        done, _ = await asyncio.wait([self.task], timeout=CLOSE_SECONDS)
        assert done, f"{self.name} hangs: {_stack(self.task)}"
        if not self.task.cancelled():
            self.task.result()

    async def cancelled(self) -> None:
        """Cancel its task, wherever that is, and wait for the end."""
        assert self.task is not None
        self.task.cancel()
        await self.ended()


async def started(make: Callable[[], ClientT]) -> ClientT:
    """A client that has found its broker; one that has not is closed, and another is made."""
    while True:
        client = make()
        try:
            await client.start()
        except KafkaError:
            await asyncio.sleep(0.1)
        else:
            return client


async def in_time(closing: Awaitable[None], who: str) -> None:
    try:
        await asyncio.wait_for(closing, CLOSE_SECONDS)
    except TimeoutError:
        raise AssertionError(f"closing {who} hangs") from None


def _stack(task: "asyncio.Task[None]") -> str:
    lines = []
    at: Any = task.get_coro()
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "ag_frame", None)
        if frame is not None:
            lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        at = getattr(at, "cr_await", None) or getattr(at, "ag_await", None)
    return " > ".join(lines) or repr(task)
