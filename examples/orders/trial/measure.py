"""What buyers saw, in numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from ottla_examples.orders.trial.load import Purchase


@dataclass(frozen=True, slots=True)
class Seen:
    """By buyers."""

    orders: int
    """Of those who do not wait any more."""
    failed: int
    """Not answered, or answered that something was broken."""
    p50_ms: float
    p99_ms: float
    """Until the answer."""
    waiting: int = 0
    """Buyers who have seen nothing yet, and are not among the orders."""

    @property
    def success_rate(self) -> float:
        return 1 - self.failed / self.orders if self.orders else 1.0


def seen_by_buyers(purchases: Sequence[Purchase]) -> Seen:
    """Of these."""
    over = [purchase for purchase in purchases if purchase.took_s is not None]
    took_s = [purchase.took_s for purchase in over if purchase.took_s is not None]
    failed = sum(not purchase.is_accepted for purchase in over)
    p50_ms, p99_ms = 1000 * quantile(took_s, 0.5), 1000 * quantile(took_s, 0.99)
    return Seen(len(over), failed, p50_ms, p99_ms, waiting=len(purchases) - len(over))


def since(purchases: Sequence[Purchase], from_s: float) -> list[Purchase]:
    """The clicks from then on, without looking at all that were before."""
    found = list(takewhile(lambda purchase: purchase.at_s >= from_s, reversed(purchases)))
    return found[::-1]


def bins(purchases: Sequence[Purchase], from_s: float, width_s: float, count: int) -> list[list[Purchase]]:
    """Those of the first so many seconds, of the next, and so on."""
    found: list[list[Purchase]] = [[] for _ in range(count)]
    for purchase in purchases:
        number = math.floor((purchase.at_s - from_s) / width_s)
        if 0 <= number < count:
            found[number].append(purchase)
    return found


def quantile(values: Sequence[float], part: float) -> float:
    """The value that this part of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
