"""How an order is bought when the orders service calls everybody itself, one after the other, while the buyer waits.

What was done must be undone when a later call fails, by more calls, which may fail as well: then it stays as it is.
Between two calls this process may be killed: then nobody knows how far it came.
"""

import logging
from typing import Final, NamedTuple

from ottla_examples.orders.calls import Calls, UnavailableError
from ottla_examples.orders.domain.events import (
    Event,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderRejected,
)
from ottla_examples.orders.domain.order import rejected, verdict

_log = logging.getLogger(__name__)

ASKED: Final = (("fraud", "/checks"), ("inventory", "/reservations"), ("payments", "/payments"))
"""Whose word it takes, in this order."""


class Outcome(NamedTuple):
    """What became of an order."""

    events: tuple[Event, ...]
    is_broken: bool = False
    """It failed because somebody did not answer, which is not the buyer's fault."""


class BuyingByCalls:
    """Knows everybody."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def buy(self, order: OrderCreated) -> Outcome:
        """Everything from the click to the letter."""
        try:
            decided = await self._decide(order)
            if isinstance(decided, OrderConfirmed):
                shipped = await self._calls.post("shipping", "/shipments", decided)
                await self._tell(("inventory", "/departures"), ("email", "/mails"), event=shipped)
                return Outcome((decided, shipped))
            is_broken = False
        except UnavailableError as error:
            decided, is_broken = rejected(order, str(error)), True
        await self.give_up(decided)
        return Outcome((decided,), is_broken)

    async def give_up(self, order: OrderRejected | OrderCancelled) -> None:
        """Undo what was done, as far as those who did it answer."""
        await self._tell(
            ("inventory", "/releases"), ("payments", "/refunds"), ("email", "/mails"), event=order
        )

    async def _decide(self, order: OrderCreated) -> OrderConfirmed | OrderRejected:
        """Raises UnavailableError."""
        for service, path in ASKED:
            decided = verdict(order, await self._calls.post(service, path, order))
            if decided is not None:
                return decided
        raise AssertionError("payments always says yes or no")

    async def _tell(self, *places: tuple[str, str], event: Event) -> None:
        """Who does not answer now will never know."""
        for service, path in places:
            try:
                await self._calls.post(service, path, event)
            except UnavailableError as error:
                _log.warning("%s was not told %s: %s", service, type(event).__name__, error)
