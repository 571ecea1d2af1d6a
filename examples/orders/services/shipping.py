"""Shipping: sends what was confirmed to where the customer lives."""

from typing import ClassVar

from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import (
    CustomerChanged,
    Event,
    OrderConfirmed,
    OrderShipped,
    decode,
    encode,
)
from ottla_examples.orders.service import Service, Surroundings, answers, reacts
from ottla_examples.orders.services import customer_directory
from ottla_examples.orders.topics import SHIPMENTS


class Shipping(Service):
    """Its truth: what left the house, and where to."""

    name = "shipping"
    schema: ClassVar[str] = (
        customer_directory.SCHEMA
        + """
    CREATE TABLE IF NOT EXISTS shipments (order_id TEXT PRIMARY KEY, shipped BLOB NOT NULL);
    """
    )

    def __init__(self, database: Database, calls: Calls, surroundings: Surroundings) -> None:
        super().__init__(database, calls, surroundings)
        self._customers = customer_directory.directory_of(calls, database)

    @answers("/shipments")
    @reacts(OrderConfirmed)
    async def ship(self, order: OrderConfirmed) -> Event:
        """Once for each order. Raises what keeps the address from being known; then it is tried again."""
        known = self.database.one("SELECT shipped FROM shipments WHERE order_id = ?", order.order_id)
        if known is not None:
            return decode(known["shipped"])
        customer = await self._customers.find(order.customer_id)
        shipped = OrderShipped(
            order_id=order.order_id,
            customer_id=order.customer_id,
            product_id=order.product_id,
            quantity=order.quantity,
            address=customer.address,
        )
        with self.database.change() as change:
            if change.run("INSERT OR IGNORE INTO shipments VALUES (?, ?)", order.order_id, encode(shipped)):
                change.tell(SHIPMENTS, order.order_id, shipped)
        return shipped

    @reacts(CustomerChanged)
    async def customer_changed(self, customer: CustomerChanged) -> None:
        """Written down in the replica; where customers are asked instead, nobody tells of them."""
        customer_directory.Replica(self.database).keep(customer)
