"""What happened. An event is a fact in the past tense; whoever cares reacts, and the one who tells does not know who.

Every event is about one order, customer or product, and that is its key: all events of an order are in one
partition, in order.

Events change over the years. Two rules keep old and new programs together: a field that is added has a default, so
that what was written before can still be read; and an event of a kind that a reader does not know is no error to it.
"""

from typing import Final

import msgspec
from msgspec import Struct


class Event(Struct, frozen=True, tag=True, kw_only=True):
    """A fact. In JSON its class's name is the field `type`. By itself: one of a kind that is not known here."""


class OrderCreated(Event, frozen=True):
    """A buyer clicked Buy."""

    order_id: str
    customer_id: int
    product_id: int
    quantity: int
    price_cents: int
    """Of one piece."""
    created_at_ms: int
    currency: str = "EUR"
    """Since version 2; before, it was always euros, and nobody wrote it down."""
    schema: int = 1
    """Which version of this event was written; version 1 did not say."""

    @property
    def total_cents(self) -> int:
        return self.quantity * self.price_cents


ORDER_CREATED_VERSION: Final = 2


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


class PriceChanged(Event, frozen=True):
    """A product costs this from now on."""

    product_id: int
    price_cents: int


class _Kind(Struct):
    type: str


_KINDS: Final = {kind.__name__: kind for kind in Event.__subclasses__()}


def encode(event: Event) -> bytes:
    """As JSON."""
    return msgspec.json.encode(event)


def decode(data: bytes) -> Event:
    """From JSON; a plain Event for a kind that is not known. Raises ValueError for what is no event."""
    kind = _KINDS.get(msgspec.json.decode(data, type=_Kind).type)
    return Event() if kind is None else msgspec.json.decode(data, type=kind)
