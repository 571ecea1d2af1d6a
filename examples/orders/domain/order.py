"""An order's life, as a table.

Rules:

1. An order is PLACED until somebody says no (REJECTED), all have said yes and it is paid (CONFIRMED), or nobody
   decides in time (CANCELLED).
2. What is CONFIRMED is shipped, however long that takes: it can no longer be cancelled.
3. SHIPPED, REJECTED and CANCELLED are final. News that come later change nothing; who took money or stock for an
   order that failed gives it back.
"""

from enum import StrEnum
from typing import Final

from ottla_examples.orders.domain.events import (
    Event,
    FraudSuspected,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    PaymentRefused,
    PaymentTaken,
    StockRefused,
)


class State(StrEnum):
    """Where an order is in its life."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


FINAL: Final = frozenset({State.SHIPPED, State.REJECTED, State.CANCELLED})

NEXT: Final[dict[tuple[State, type[Event]], State]] = {
    (State.PLACED, OrderConfirmed): State.CONFIRMED,
    (State.PLACED, OrderRejected): State.REJECTED,
    (State.PLACED, OrderCancelled): State.CANCELLED,
    (State.CONFIRMED, OrderShipped): State.SHIPPED,
}
"""What an order becomes by what happens to it; what is not here changes nothing."""

TIMEOUT_MS: Final = 30_000
"""How long an order may stay PLACED."""


def after(state: State, event: Event) -> State:
    """The state that follows."""
    return NEXT.get((state, type(event)), state)


def verdict(order: OrderCreated, news: Event) -> OrderConfirmed | OrderRejected | None:
    """What the orders service makes of news about a PLACED order; None: nothing yet."""
    match news:
        case PaymentTaken():
            return OrderConfirmed(
                order_id=order.order_id,
                customer_id=order.customer_id,
                product_id=order.product_id,
                quantity=order.quantity,
            )
        case StockRefused():
            return rejected(order, "it is sold out")
        case FraudSuspected(reason=reason) | PaymentRefused(reason=reason):
            return rejected(order, reason)
        case _:
            return None


def rejected(order: OrderCreated, reason: str) -> OrderRejected:
    """The no, with its reason."""
    return OrderRejected(order_id=order.order_id, customer_id=order.customer_id, reason=reason)
