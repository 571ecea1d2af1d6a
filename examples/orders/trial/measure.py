"""What buyers saw, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from ottla_examples.orders.trial.load import Purchase


@dataclass(frozen=True, slots=True)
class Seen:
    """By buyers."""

    orders: int
    failed: int
    """Not answered, or answered that something was broken."""
    p50_ms: float
    p99_ms: float
    """Until the answer."""

    @property
    def success_rate(self) -> float:
        return 1 - self.failed / self.orders if self.orders else 1.0


def seen_by_buyers(purchases: Sequence[Purchase]) -> Seen:
    """Of these."""
    took_s = [purchase.took_s for purchase in purchases]
    failed = sum(not purchase.is_accepted for purchase in purchases)
    return Seen(len(purchases), failed, 1000 * quantile(took_s, 0.5), 1000 * quantile(took_s, 0.99))


def quantile(values: Sequence[float], part: float) -> float:
    """The value that this part of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
