"""Whether the buyer's bank pays, and what a payment waits for."""

from dataclasses import dataclass


def refusal(amount_cents: int, limit_cents: int) -> str | None:
    """Why the bank does not pay; None: it does."""
    return "the bank does not pay so much" if amount_cents > limit_cents else None


@dataclass(frozen=True, slots=True)
class Dues:
    """What must be known of an order before money is taken for it."""

    amount_cents: int | None = None
    reserved: bool = False
    trusted: bool = False
    failed: bool = False
    """The order was rejected or cancelled: nothing is taken, and what was taken goes back."""

    @property
    def may_be_taken(self) -> bool:
        return self.amount_cents is not None and self.reserved and self.trusted and not self.failed
