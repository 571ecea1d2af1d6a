"""What happened. An event is a fact in the past tense; whoever cares reacts, and the one who tells does not know who.

Every event is about one order, customer or product, and that is its key: all events of an order are in one
partition, in order. `schema` counts an event's versions; a reader takes every version that was ever written.
"""

from msgspec import Struct


class Event(Struct, frozen=True, tag=True, kw_only=True, omit_defaults=True):
    """A fact. In JSON its class's name is the field `type`."""


class OrderCreated(Event, frozen=True):
    """A buyer clicked Buy. Version 1 had no `currency`: it was always euros."""

    order_id: str
    customer_id: int
    product_id: int
    quantity: int
    price_cents: int
    """Of one piece."""
    created_at_ms: int
    currency: str = "EUR"
    schema: int = 1

    @property
    def total_cents(self) -> int:
        return self.quantity * self.price_cents


class OrderConfirmed(Event, frozen=True):
    """In stock, not suspicious, paid: it can be shipped."""

    order_id: str
    customer_id: int
    product_id: int
    quantity: int


class OrderRejected(Event, frozen=True):
    """It will not be shipped, for a reason that the buyer is told."""

    order_id: str
    customer_id: int
    reason: str


class OrderCancelled(Event, frozen=True):
    """Nobody decided in time: it will not be shipped."""

    order_id: str
    customer_id: int


class StockReserved(Event, frozen=True):
    """The pieces are put aside for this order."""

    order_id: str
    product_id: int
    quantity: int


class StockRefused(Event, frozen=True):
    """There are not enough pieces."""

    order_id: str
    product_id: int


class StockChanged(Event, frozen=True):
    """How many pieces can be bought now."""

    product_id: int
    available: int


class FraudPassed(Event, frozen=True):
    """Nothing is suspicious about it."""

    order_id: str


class FraudSuspected(Event, frozen=True):
    """Somebody should look at that first."""

    order_id: str
    reason: str


class PaymentTaken(Event, frozen=True):
    """The buyer paid."""

    order_id: str
    amount_cents: int


class PaymentRefused(Event, frozen=True):
    """The buyer could not pay."""

    order_id: str
    reason: str


class PaymentRefunded(Event, frozen=True):
    """What was paid went back, because the order failed."""

    order_id: str
    amount_cents: int


class OrderShipped(Event, frozen=True):
    """It is on its way to this address."""

    order_id: str
    customer_id: int
    product_id: int
    quantity: int
    address: str


class CustomerChanged(Event, frozen=True):
    """What is known of a customer from now on."""

    customer_id: int
    name: str
    email: str
    address: str
    limit_cents: int
    """The most that the customer's bank pays for one order."""


class PriceChanged(Event, frozen=True):
    """A product costs this from now on."""

    product_id: int
    price_cents: int


OrderEvent = OrderCreated | OrderConfirmed | OrderRejected | OrderCancelled
InventoryEvent = StockReserved | StockRefused | StockChanged
FraudEvent = FraudPassed | FraudSuspected
PaymentEvent = PaymentTaken | PaymentRefused | PaymentRefunded
