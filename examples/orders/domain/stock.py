"""A product's pieces: those that can be bought, and those put aside for orders that are under way.

Rules:

1. Pieces are put aside for an order at most once, and leave it once: back to the shelf (RELEASED) or to the buyer
   (SHIPPED). Whatever is told again changes nothing.
2. Who gives up before asking gets nothing any more, so that a request that was overtaken puts nothing aside for ever.

Invariant: `available` is 0 or more; `available` and what is put aside change in sum only when pieces arrive or are
shipped.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Kept(StrEnum):
    """What became of an order's pieces."""

    RESERVED = "reserved"
    REFUSED = "refused"
    RELEASED = "released"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Reservation:
    """One order's pieces."""

    kept: Kept
    quantity: int


@dataclass(slots=True)
class Stock:
    """One product's pieces."""

    product_id: int
    available: int
    orders: dict[str, Reservation] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """How many are put aside."""
        return sum(each.quantity for each in self.orders.values() if each.kept is Kept.RESERVED)

    def reserve(self, order_id: str, quantity: int) -> bool:
        """Put pieces aside, if there are enough. Whether they are (or were, if this was asked before)."""
        if order_id not in self.orders:
            enough = 0 < quantity <= self.available
            self.available -= quantity if enough else 0
            self.orders[order_id] = Reservation(Kept.RESERVED if enough else Kept.REFUSED, quantity)
        return self.orders[order_id].kept in (Kept.RESERVED, Kept.SHIPPED)

    def release(self, order_id: str) -> bool:
        """The order failed: its pieces can be bought again. Whether that put any back."""
        order = self.orders.get(order_id)
        if order is None:
            self.orders[order_id] = Reservation(Kept.RELEASED, 0)
        elif order.kept is Kept.RESERVED:
            self.available += order.quantity
            self.orders[order_id] = Reservation(Kept.RELEASED, order.quantity)
        return order is not None and order.kept is Kept.RESERVED

    def ship(self, order_id: str) -> None:
        """The order's pieces left the house."""
        order = self.orders.get(order_id)
        if order is not None and order.kept is Kept.RESERVED:
            self.orders[order_id] = Reservation(Kept.SHIPPED, order.quantity)

    def restock(self, quantity: int) -> None:
        """Pieces arrived."""
        assert quantity >= 0
        self.available += quantity
