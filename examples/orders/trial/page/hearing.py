"""What the running processes say of themselves, when they are asked. Who does not answer is left as it was."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import httpx2
from msgspec import Struct, field

from ottla import Admin, KafkaError
from ottla_examples.orders.services.dead_letters import GROUP
from ottla_examples.orders.topics import DEAD_LETTERS
from ottla_examples.orders.traffic import Traffic
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.lag import lag

PATIENCE_SECONDS: Final = 1.0
AnswerT = TypeVar("AnswerT")


class Heard(Struct):
    """The last that was heard."""

    totals: dict[str, int] = field(default_factory=dict)
    """Orders by state."""
    lag: dict[str, int] = field(default_factory=dict)
    """Service → events that it has not dealt with."""
    dead_letters: int = 0
    """That nobody has put back."""
    traffic: dict[str, Traffic] = field(default_factory=dict)
    products: list[dict[str, Any]] = field(default_factory=list)
    """In the shop window."""


async def ask(fleet: Fleet, before: Heard) -> Heard:
    """Everybody at once."""
    behind = {**before.lag, GROUP: before.dead_letters}
    totals, traffic, products, behind = await asyncio.gather(
        _answer(fleet.totals(), before.totals),
        _answer(fleet.traffic(), before.traffic),
        _answer(fleet.products(), before.products),
        _answer(_behind(fleet), behind),
    )
    dead_letters = behind.pop(GROUP, 0)
    return Heard(totals, behind, dead_letters, traffic, products)


async def _behind(fleet: Fleet) -> dict[str, int]:
    """Also who puts dead letters back."""
    if not fleet.architecture.has_events:
        return {}
    async with Admin(fleet.bootstrap_servers) as admin:
        return await lag(admin, {**fleet.architecture.readers, GROUP: (DEAD_LETTERS.name,)})


async def _answer(question: Awaitable[AnswerT], before: AnswerT) -> AnswerT:
    try:
        return await asyncio.wait_for(question, PATIENCE_SECONDS)
    except (httpx2.HTTPError, KafkaError, TimeoutError):
        return before
