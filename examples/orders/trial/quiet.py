"""Waits until nothing moves any more, and puts dead letters back on the way."""

import asyncio
from typing import Final

import httpx2

from ottla import Admin, KafkaError
from ottla_examples.orders.domain.order import FINAL
from ottla_examples.orders.services.dead_letters import replay
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.lag import lag

LOOK_SECONDS: Final = 0.25


async def settle(fleet: Fleet, within_s: float) -> int:
    """Until every order has come to its end and everybody has dealt with everything, or the time is up.

    How many dead letters were put back: with them somebody had to help.
    """
    replayed = 0
    try:
        async with asyncio.timeout(within_s):
            while True:
                await _until_told(fleet)
                put_back = await replay(fleet.bootstrap_servers) if fleet.architecture.has_events else 0
                replayed += put_back
                if not put_back and await _all_ended(fleet):
                    await _until_told(fleet)
                    return replayed
    except TimeoutError:
        return replayed


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
            return not any((await lag(admin, fleet.architecture)).values())
    except (httpx2.HTTPError, KafkaError):
        return False
