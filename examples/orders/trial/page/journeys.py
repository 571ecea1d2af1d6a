"""A few orders on their way, step by step, as the services' own books have them."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from ottla.core.clock import SystemClock
from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import OrderCreated, decode
from ottla_examples.orders.domain.order import State
from ottla_examples.orders.domain.payment import Money
from ottla_examples.orders.domain.stock import Kept

FOLLOWED: Final = 8
STUCK_MS: Final = 20_000
STUCK_FOLLOWED: Final = 4
"""So many of those that are under way for so long; the other places are for orders that move."""
SHOWN_AFTER_END_MS: Final = 4000

YES, NO, BACK = "yes", "no", "back"
"""What a step came to: done, refused, or done and undone. What is still to come is not among the steps."""


class Journey(Struct):
    """One order."""

    order_id: str
    basket: str
    state: State
    reason: str
    age_ms: int
    """Until now, or until its end."""
    ended_ms_ago: int | None
    steps: dict[str, str]
    """Service → what it came to there."""


class Journeys:
    """Of a few orders, each from its click to its end; then others take their places."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._clock = SystemClock()
        self._followed: list[str] = []

    def look(self) -> list[Journey]:
        """How far they are, whoever is longest under way first."""
        self._follow_one_more()
        steps = self._steps()
        now_ms = self._clock.now_ms()
        orders = self._about("orders", "SELECT * FROM orders")
        journeys = [_journey(order, steps[order["order_id"]], now_ms) for order in orders]
        journeys.sort(key=lambda journey: journey.age_ms, reverse=True)
        self._followed = _worth_following(journeys)
        return journeys

    def _follow_one_more(self) -> None:
        """The newest, if there is a place for it."""
        for row in self._rows("orders", "SELECT order_id FROM orders ORDER BY rowid DESC LIMIT 1"):
            if len(self._followed) < FOLLOWED and row["order_id"] not in self._followed:
                self._followed.append(row["order_id"])

    def _steps(self) -> dict[str, dict[str, str]]:
        """Order → service → what it came to there."""
        steps: dict[str, dict[str, str]] = {order_id: {} for order_id in self._followed}
        for service, query, outcome_of in _STEPS:
            for row in self._about(service, query):
                outcome = outcome_of(row["found"])
                if outcome is not None:
                    steps[row["order_id"]][service] = outcome
        return steps

    def _about(self, service: str, query: str) -> list[sqlite3.Row]:
        """What a service knows of the orders that are followed."""
        marks = ", ".join("?" * len(self._followed))
        return self._rows(service, f"{query} WHERE order_id IN ({marks})", *self._followed)

    def _rows(self, service: str, query: str, *values: str) -> list[sqlite3.Row]:
        """None of a service that has written nothing down yet."""
        file = f"file:{self._directory / service}.sqlite?mode=ro"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(file, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()
        return []


_STOCK: Final = {Kept.RESERVED: YES, Kept.SHIPPED: YES, Kept.REFUSED: NO, Kept.RELEASED: BACK}
_MONEY: Final = {Money.TAKEN: YES, Money.REFUSED: NO, Money.REFUNDED: BACK}
_STEPS: Final[list[tuple[str, str, Callable[[Any], str | None]]]] = [
    ("fraud", "SELECT order_id, reason AS found FROM verdicts", lambda reason: NO if reason else YES),
    ("inventory", "SELECT order_id, kept AS found FROM reservations", _STOCK.get),
    ("payments", "SELECT order_id, money AS found FROM dues", _MONEY.get),
    ("shipping", "SELECT order_id, '' AS found FROM shipments", lambda _: YES),
    ("email", "SELECT order_id, '' AS found FROM mails", lambda _: YES),
]


def _journey(order: sqlite3.Row, steps: dict[str, str], now_ms: int) -> Journey:
    created = decode(order["created"])
    assert isinstance(created, OrderCreated)
    ended_at_ms = order["ended_at_ms"]
    return Journey(
        order_id=created.order_id,
        basket=f"{created.quantity} × {PRODUCTS[created.product_id].name}",
        state=State(order["state"]),
        reason=order["reason"],
        age_ms=(ended_at_ms or now_ms) - created.created_at_ms,
        ended_ms_ago=None if ended_at_ms is None else now_ms - ended_at_ms,
        steps=steps,
    )


def _worth_following(journeys: Sequence[Journey]) -> list[str]:
    """Those that have ended make room after a while, and so do some of many that are stuck."""
    moving = [each for each in journeys if each.ended_ms_ago is not None or each.age_ms < STUCK_MS]
    stuck = [each for each in journeys if each not in moving]
    followed = stuck[:STUCK_FOLLOWED] + moving
    return [each.order_id for each in followed if (each.ended_ms_ago or 0) < SHOWN_AFTER_END_MS]
