"""Suspicion: too many orders, or too much money, of one customer within one hour."""

from dataclasses import dataclass
from typing import Final

HOUR_MS: Final = 3_600_000
MOST_ORDERS_AN_HOUR: Final = 100
MOST_CENTS_AN_HOUR: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Hour:
    """What one customer ordered within one hour, before the order in question."""

    orders: int = 0
    cents: int = 0

    def with_order(self, cents: int) -> "Hour":
        return Hour(self.orders + 1, self.cents + cents)


def hour_of(time_ms: int) -> int:
    """The hour that a moment belongs to."""
    return time_ms // HOUR_MS


def suspicion(hour: Hour, cents: int) -> str | None:
    """Why somebody should look at one more order of that many cents; None: no reason."""
    following = hour.with_order(cents)
    if following.orders > MOST_ORDERS_AN_HOUR:
        return f"more than {MOST_ORDERS_AN_HOUR} orders in an hour"
    if following.cents > MOST_CENTS_AN_HOUR:
        return f"more than {MOST_CENTS_AN_HOUR // 100} euros in an hour"
    return None
