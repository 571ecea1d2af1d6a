"""What goes wrong while buyers buy, one thing at a time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from ottla_examples.orders.trial.fleet import BROKER, Fleet

SLOW_MS: Final = 3000
KILL_EVERY_SECONDS: Final = 6.0
DOWN_SECONDS: Final = 1.0
"""How long a killed service stays away before whoever looks after it starts it again."""
KILLED: Final = ("orders", "inventory", "payments", "fraud", "shipping", "email", "customers")


@dataclass(frozen=True, slots=True)
class Window:
    """When something was wrong, in seconds since the load began."""

    fault: str
    from_s: float
    to_s: float


async def shipping_down(fleet: Fleet, seconds: float, _chance: random.Random) -> None:
    """Shipping is away."""
    await fleet.kill("shipping")
    await asyncio.sleep(seconds)
    await fleet.start("shipping")


async def customers_slow(fleet: Fleet, seconds: float, _chance: random.Random) -> None:
    """Customers answers, but later than anybody waits."""
    await _slow_down(fleet, SLOW_MS)
    await asyncio.sleep(seconds)
    await _slow_down(fleet, 0)


async def kill(fleet: Fleet, seconds: float, chance: random.Random) -> None:
    """kill -9 of one service after the other, and of the broker where there is one."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    if fleet.architecture.has_events:
        await fleet.kill(BROKER)
        await fleet.start(BROKER)
    while True:
        service = chance.choice(KILLED)
        await fleet.kill(service)
        await asyncio.sleep(DOWN_SECONDS)
        await fleet.start(service)
        if loop.time() + KILL_EVERY_SECONDS > end:
            return
        await asyncio.sleep(KILL_EVERY_SECONDS - DOWN_SECONDS)


async def _slow_down(fleet: Fleet, milliseconds: int) -> None:
    with suppress(httpx2.HTTPError):  # somebody killed it: then it is slow enough
        await fleet.post("customers", f"/slowness/{milliseconds}")


Fault = Callable[[Fleet, float, random.Random], Awaitable[None]]
FAULTS: Final[dict[str, Fault]] = {
    "shipping-down": shipping_down,
    "customers-slow": customers_slow,
    "kill": kill,
}


def plan(faults: Sequence[str], seconds: float) -> list[Window]:
    """Each fault gets its part of the time, with some before it and some after it."""
    part_s = seconds / max(1, len(faults))
    return [
        Window(fault, (number + 0.15) * part_s, (number + 0.85) * part_s)
        for number, fault in enumerate(faults)
    ]


class Trouble:
    """Of one trial: what was planned, and what somebody who watches asks for."""

    def __init__(self, fleet: Fleet, elapsed_s: Callable[[], float], seed: int) -> None:
        self.windows: list[Window] = []
        """All that went wrong, and what is wrong now."""
        self._fleet = fleet
        self._elapsed_s = elapsed_s
        self._chance = random.Random(seed)
        self.now: Window | None = None
        """What is wrong at this moment."""
        self.is_over = False
        """Nothing goes wrong any more."""
        self._one_at_a_time = asyncio.Lock()

    async def carry_out(self, planned: Sequence[Window]) -> None:
        """As planned. Raises ServiceFailedError, BrokerFailedError."""
        for window in planned:
            await asyncio.sleep(max(0.0, window.from_s - self._elapsed_s()))
            await self.inflict(window.fault, window.to_s - window.from_s)

    async def inflict(self, fault: str, seconds: float) -> None:
        """Returns when it is mended. Raises ServiceFailedError, BrokerFailedError."""
        async with self._one_at_a_time:
            now_s = self._elapsed_s()
            self.now = Window(fault, now_s, now_s + seconds)
            self.windows.append(self.now)
            try:
                await FAULTS[fault](self._fleet, seconds, self._chance)
            finally:
                self.now = None

    async def end(self) -> None:
        """Returns when what is wrong is mended."""
        self.is_over = True
        async with self._one_at_a_time:
            pass
