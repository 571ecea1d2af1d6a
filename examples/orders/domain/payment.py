"""What a payment waits for, and whether the buyer's bank pays."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GENEROUS_CENTS: Final = 100_000
STINGY_CENTS: Final = 15_000


class Money(StrEnum):
    """What became of an order's money."""

    DUE = "due"
    TAKEN = "taken"
    REFUSED = "refused"
    REFUNDED = "refunded"


def limit_cents(customer_id: int) -> int:
    """The most that a customer's bank pays at once. One bank in ten is stingy."""
    return STINGY_CENTS if customer_id % 10 == 0 else GENEROUS_CENTS


def refusal(customer_id: int, amount_cents: int) -> str | None:
    """Why the bank does not pay; None: it does."""
    return "the bank does not pay so much" if amount_cents > limit_cents(customer_id) else None


@dataclass(frozen=True, slots=True)
class Dues:
    """What must be known of an order before money is taken for it; it becomes known in any order."""

    amount_cents: int | None = None
    reserved: bool = False
    trusted: bool = False
    failed: bool = False
    """The order was rejected or cancelled: nothing is taken, and what was taken goes back."""
    money: Money = Money.DUE

    @property
    def can_be_taken(self) -> bool:
        known = self.amount_cents is not None and self.reserved and self.trusted
        return known and not self.failed and self.money is Money.DUE

    @property
    def must_go_back(self) -> bool:
        return self.failed and self.money is Money.TAKEN
