"""Who looks after processes: one that ends without being told to is started again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ottla.testing.process import BrokerFailedError
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.service_process import ServiceFailedError

LOOK_SECONDS: Final = 0.2
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Death:
    """Of a service or the broker."""

    name: str
    status: int
    """The exit status; minus the signal's number for one that was killed."""
    last_words: str

    @property
    def is_its_own_fault(self) -> bool:
        """Not if somebody else killed it, which everybody must survive."""
        return self.status != -signal.SIGKILL


@asynccontextmanager
async def looked_after(fleet: Fleet) -> AsyncIterator[list[Death]]:
    """As long as the block lasts, whatever ends is started again; the list of deaths grows by it."""
    deaths: list[Death] = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_look_after(fleet, name, deaths)) for name in fleet.processes]
        yield deaths
        for task in tasks:
            task.cancel()


async def _look_after(fleet: Fleet, name: str, deaths: list[Death]) -> None:
    """What ends again and again is started later and later."""
    pause_s = FIRST_PAUSE_SECONDS
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        status = fleet.ended_with(name)
        if status is None:
            continue
        deaths.append(Death(name, status, fleet.last_words(name)))
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_SECONDS)
        if fleet.ended_with(name) is not None:  # nobody else was faster
            with suppress(ServiceFailedError, BrokerFailedError):
                await fleet.start(name)
