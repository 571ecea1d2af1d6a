"""What goes wrong, one thing after the other, while buyers buy."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ottla_examples.orders.trial.fleet import Fleet

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
    await fleet.post("customers", f"/slowness/{SLOW_MS}")
    await asyncio.sleep(seconds)
    await fleet.post("customers", "/slowness/0")


async def kill(fleet: Fleet, seconds: float, chance: random.Random) -> None:
    """kill -9 of one service after the other, and of the broker where there is one."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    if fleet.architecture.has_events:
        await fleet.restart_broker()
    while True:
        service = chance.choice(KILLED)
        await fleet.kill(service)
        await asyncio.sleep(DOWN_SECONDS)
        await fleet.start(service)
        if loop.time() + KILL_EVERY_SECONDS > end:
            return
        await asyncio.sleep(KILL_EVERY_SECONDS - DOWN_SECONDS)


Fault = Callable[[Fleet, float, random.Random], Awaitable[None]]
FAULTS: Final[dict[str, Fault]] = {
    "shipping-down": shipping_down,
    "customers-slow": customers_slow,
    "kill": kill,
}


def windows(faults: list[str], seconds: float) -> list[Window]:
    """Each fault gets its part of the time, with some before it and some after it."""
    part_s = seconds / max(1, len(faults))
    return [
        Window(fault, (number + 0.15) * part_s, (number + 0.85) * part_s)
        for number, fault in enumerate(faults)
    ]


async def carry_out(fleet: Fleet, planned: list[Window], elapsed_s: Callable[[], float], seed: int) -> None:
    """As planned."""
    chance = random.Random(seed)
    for window in planned:
        await asyncio.sleep(max(0.0, window.from_s - elapsed_s()))
        await FAULTS[window.fault](fleet, window.to_s - window.from_s, chance)
