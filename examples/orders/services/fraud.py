"""Fraud: looks at what one customer orders within one hour."""

from typing import ClassVar

from ottla_examples.orders.domain.events import Event, FraudPassed, FraudSuspected, OrderCreated
from ottla_examples.orders.domain.fraud import Hour, hour_of, suspicion
from ottla_examples.orders.service import Service, answers, reacts
from ottla_examples.orders.topics import FRAUD


class Fraud(Service):
    """Its truth: who ordered how much when."""

    name = "fraud"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS hours (
        customer_id INTEGER, hour INTEGER, orders INTEGER NOT NULL, cents INTEGER NOT NULL,
        PRIMARY KEY (customer_id, hour)
    );
    CREATE TABLE IF NOT EXISTS verdicts (order_id TEXT PRIMARY KEY, reason TEXT);
    """

    @answers("/checks")
    @reacts(OrderCreated)
    async def check(self, order: OrderCreated) -> Event:
        """Whether somebody should look at the order first."""
        known = self.database.one("SELECT reason FROM verdicts WHERE order_id = ?", order.order_id)
        if known is not None:
            return _verdict(order.order_id, known["reason"])
        number = hour_of(order.created_at_ms)
        hour = self._hour(order.customer_id, number)
        reason = suspicion(hour, order.total_cents)
        hour = hour.with_order(order.total_cents)
        with self.database.change() as change:
            row = (order.customer_id, number, hour.orders, hour.cents)
            change.run("INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?)", *row)
            change.run("INSERT INTO verdicts VALUES (?, ?)", order.order_id, reason)
            return change.tell(FRAUD, order.order_id, _verdict(order.order_id, reason))

    def _hour(self, customer_id: int, number: int) -> Hour:
        query = "SELECT orders, cents FROM hours WHERE customer_id = ? AND hour = ?"
        row = self.database.one(query, customer_id, number)
        return Hour() if row is None else Hour(row["orders"], row["cents"])


def _verdict(order_id: str, reason: str | None) -> FraudPassed | FraudSuspected:
    if reason is None:
        return FraudPassed(order_id=order_id)
    return FraudSuspected(order_id=order_id, reason=reason)
