"""A product's pieces: those that can be bought, and those put aside for orders that are under way.

Invariant: `available` and every reservation are 0 or more; their sum changes only when pieces arrive or are shipped.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Stock:
    """One product's pieces."""

    product_id: int
    available: int
    reserved: dict[str, int] = field(default_factory=dict)
    """Order → pieces put aside for it."""

    def reserve(self, order_id: str, quantity: int) -> bool:
        """Put pieces aside; once for each order, however often it is asked. False: there are not enough."""
        if order_id in self.reserved:
            return True
        if quantity <= 0 or quantity > self.available:
            return False
        self.available -= quantity
        self.reserved[order_id] = quantity
        return True

    def release(self, order_id: str) -> int:
        """The order failed: its pieces can be bought again. How many there were."""
        quantity = self.reserved.pop(order_id, 0)
        self.available += quantity
        return quantity

    def ship(self, order_id: str) -> int:
        """The order's pieces left the house. How many there were."""
        return self.reserved.pop(order_id, 0)

    def restock(self, quantity: int) -> None:
        """Pieces arrived."""
        assert quantity >= 0
        self.available += quantity
