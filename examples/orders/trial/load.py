"""Buyers: as many as the season brings, more in bursts, the same ones in every run with the same seed."""

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx2

from ottla.core.clock import SystemClock
from ottla_examples.orders.domain.catalogue import CUSTOMERS, PRODUCTS

SEASON_SECONDS: Final = 60.0
"""A year takes a minute here."""
BURST_SECONDS: Final = 3.0
BURSTS_A_MINUTE: Final = 3
BURST_FACTOR: Final = 3.0
PATIENCE_SECONDS: Final = 10.0
"""After so long a buyer has gone elsewhere."""
WATCHING_AT_ONCE: Final = 50
"""So many buyers watch what becomes of their order."""
MOVE_EVERY_ORDERS: Final = 10
EAGER_CUSTOMER: Final = 13
"""Orders without end, until somebody finds that odd."""


@dataclass(slots=True)
class Purchase:
    """One buyer's click, and what came of it."""

    at_s: float
    """Since the load began."""
    took_s: float | None = None
    """Until the answer, or until the buyer had enough; None: still waiting."""
    order_id: str = ""
    """Empty: it was not accepted."""

    @property
    def ended_s(self) -> float:
        """When the buyer had an answer, or enough; infinitely late as long as it waits."""
        return math.inf if self.took_s is None else self.at_s + self.took_s

    @property
    def is_accepted(self) -> bool:
        return bool(self.order_id)


class Load:
    """Orders at about `rate` a second."""

    def __init__(self, url_of: Callable[[str], str], rate: float, seed: int) -> None:
        self.purchases: list[Purchase] = []
        """In the order of their clicks."""
        self.sent_away = 0
        self._url_of = url_of
        self._rate = rate
        self._chance = random.Random(seed)
        self._clock = SystemClock()
        self._watching = asyncio.Semaphore(WATCHING_AT_ONCE)
        self._bursts: list[float] = []
        self._began = self._clock.monotonic()

    def elapsed_s(self) -> float:
        """Since the load began."""
        return self._clock.monotonic() - self._began

    def rate_at(self, at_s: float) -> float:
        """Orders a second at that moment."""
        season = 1 + 0.5 * math.sin(2 * math.pi * at_s / SEASON_SECONDS)
        in_burst = any(begin <= at_s < begin + BURST_SECONDS for begin in self._bursts)
        return self._rate * season * (BURST_FACTOR if in_burst else 1)

    async def run(self, seconds: float = math.inf) -> None:
        """For so long. Buyers do not wait for each other: a slow shop has more of them at once."""
        self._began = self._clock.monotonic()
        limits = httpx2.Limits(max_connections=None)
        async with (
            httpx2.AsyncClient(timeout=PATIENCE_SECONDS, limits=limits, trust_env=False) as self._http,
            asyncio.TaskGroup() as buyers,
        ):
            at_s, next_minute_s = 0.0, 0.0
            while at_s < seconds:
                if at_s >= next_minute_s:
                    self._bursts = [at_s + self._chance.uniform(0, 60) for _ in range(BURSTS_A_MINUTE)]
                    next_minute_s += 60
                await asyncio.sleep(max(0.0, at_s - self.elapsed_s()))
                buyers.create_task(self._buy(at_s, self._basket()))
                at_s += self._chance.expovariate(self.rate_at(at_s))

    def _basket(self) -> dict[str, int]:
        chance = self._chance
        customer = EAGER_CUSTOMER if chance.random() < 0.08 else chance.choice(CUSTOMERS)
        return {
            "customer_id": customer,
            "product_id": chance.choice(list(PRODUCTS)),
            "quantity": chance.randint(1, 3),
        }

    async def _buy(self, at_s: float, basket: dict[str, int]) -> None:
        purchase = Purchase(at_s)
        self.purchases.append(purchase)
        began = self._clock.monotonic()
        try:
            response = await self._http.post(f"{self._url_of('orders')}/orders", json=basket)
            if response.is_success:
                purchase.order_id = response.json()["order_id"]
        except httpx2.HTTPError:
            pass
        purchase.took_s = self._clock.monotonic() - began
        self.sent_away += not purchase.is_accepted
        if len(self.purchases) % MOVE_EVERY_ORDERS == 0:
            await self._move_house(basket["customer_id"])
        if purchase.is_accepted and not self._watching.locked():
            await self._watch(purchase.order_id)

    async def _watch(self, order_id: str) -> None:
        """As the buyer's page does it: asked once, answered when there is something new."""
        async with self._watching:
            try:
                await self._http.get(f"{self._url_of('orders')}/orders/{order_id}?wait=5")
            except httpx2.HTTPError:
                return  # the page is closed

    async def _move_house(self, customer_id: int) -> None:
        try:
            await self._http.post(f"{self._url_of('customers')}/customers/{customer_id}/moves")
        except httpx2.HTTPError:
            return  # then they stay
