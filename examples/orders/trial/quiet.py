"""Waits until nothing moves any more, and puts dead letters back on the way."""

import asyncio
from typing import Final, NamedTuple

import httpx2

from ottla import Admin, KafkaError
from ottla_examples.orders.domain.order import FINAL
from ottla_examples.orders.services.dead_letters import replay
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.invariants import Finding
from ottla_examples.orders.trial.lag import lag

LOOK_SECONDS: Final = 0.25
RULE: Final = "everything came to rest"


class Rest(NamedTuple):
    """How it became quiet."""

    replayed: int
    """Dead letters that were put back: with them somebody had to help."""
    finding: Finding


async def settle(fleet: Fleet, within_s: float) -> Rest:
    """Until every order has come to its end and everybody has dealt with everything, or the time is up."""
    replayed = 0
    try:
        async with asyncio.timeout(within_s):
            while True:
                await _until_told(fleet)
                put_back = await _put_back(fleet)
                replayed += put_back
                if not put_back and await _all_ended(fleet):
                    await _until_told(fleet)
                    return Rest(replayed, Finding(RULE, ()))
    except TimeoutError:
        return Rest(replayed, Finding(RULE, (f"it did not within {within_s:g} s",)))


async def _put_back(fleet: Fleet) -> int:
    try:
        return await replay(fleet.bootstrap_servers) if fleet.architecture.has_events else 0
    except KafkaError:
        return 0  # the broker is being started again


async def _all_ended(fleet: Fleet) -> bool:
    """Whether they have, perhaps after a moment."""
    await asyncio.sleep(LOOK_SECONDS)
    try:
        return all(state in FINAL for state in await fleet.totals())
    except httpx2.HTTPError:
        return False


async def _until_told(fleet: Fleet) -> None:
    """No outbox holds anything, and nobody is behind."""
    while True:
        if await _is_told(fleet):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _is_told(fleet: Fleet) -> bool:
    try:
        for service in fleet.architecture.services:
            if (await fleet.health(service))["outbox"]:
                return False
        if not fleet.architecture.has_events:
            return True
        async with Admin(fleet.bootstrap_servers) as admin:
            return not any((await lag(admin, fleet.architecture.readers)).values())
    except (httpx2.HTTPError, KafkaError):
        return False
