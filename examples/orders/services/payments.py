"""Payments: takes the money when there is something to pay for, and gives it back when the order fails."""

from dataclasses import replace
from typing import ClassVar, TypedDict, Unpack

from ottla_examples.orders.database import Change
from ottla_examples.orders.domain.events import (
    Event,
    FraudPassed,
    OrderCancelled,
    OrderCreated,
    OrderRejected,
    PaymentRefunded,
    PaymentRefused,
    PaymentTaken,
    StockReserved,
)
from ottla_examples.orders.domain.payment import Dues, Money, refusal
from ottla_examples.orders.service import Service, answers, reacts
from ottla_examples.orders.topics import PAYMENTS


class Known(TypedDict, total=False):
    """What can become known of an order's money, besides how much it is."""

    reserved: bool
    trusted: bool
    failed: bool


class Payments(Service):
    """Its truth: what is known of each order's money."""

    name = "payments"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS dues (
        order_id TEXT PRIMARY KEY, customer_id INTEGER, amount_cents INTEGER,
        reserved INTEGER NOT NULL, trusted INTEGER NOT NULL, failed INTEGER NOT NULL, money TEXT NOT NULL
    );
    """

    @answers("/payments")
    async def pay(self, order: OrderCreated) -> Event:
        """Who asks for the money has seen to everything else."""
        dues = self._learn(order.order_id, order, reserved=True, trusted=True)
        if dues.money is Money.TAKEN:
            return PaymentTaken(order_id=order.order_id, amount_cents=order.total_cents)
        return PaymentRefused(order_id=order.order_id, reason=_why_not(order.customer_id, dues))

    @reacts(OrderCreated)
    async def owe(self, order: OrderCreated) -> None:
        """Now it is known how much."""
        self._learn(order.order_id, order)

    @reacts(StockReserved)
    async def reserved(self, news: StockReserved) -> None:
        """Now it is known that there is something to pay for."""
        self._learn(news.order_id, reserved=True)

    @reacts(FraudPassed)
    async def trusted(self, news: FraudPassed) -> None:
        """Now it is known that the buyer is one."""
        self._learn(news.order_id, trusted=True)

    @answers("/refunds")
    @reacts(OrderRejected, OrderCancelled)
    async def give_back(self, order: OrderRejected | OrderCancelled) -> Event:
        """The order failed: nothing is taken any more, and what was taken goes back."""
        self._learn(order.order_id, failed=True)
        return order

    def _learn(self, order_id: str, order: OrderCreated | None = None, **known: Unpack[Known]) -> Dues:
        """Something more is known of an order's money; act on it if that was the last thing missing."""
        with self.database.change() as change:
            customer_id, dues = self._dues(order_id)
            dues = replace(dues, **known)
            if order is not None:
                customer_id, dues = order.customer_id, replace(dues, amount_cents=order.total_cents)
            dues = self._settle(change, order_id, customer_id, dues)
            row = (order_id, customer_id, dues.amount_cents, *_flags(dues), dues.money)
            change.run("INSERT OR REPLACE INTO dues VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
            return dues

    def _settle(self, change: Change, order_id: str, customer_id: int, dues: Dues) -> Dues:
        """Take the money or give it back, where it is time to."""
        amount = dues.amount_cents or 0
        event: Event
        if dues.can_be_taken:
            reason = refusal(customer_id, amount)
            if reason is None:
                money, event = Money.TAKEN, PaymentTaken(order_id=order_id, amount_cents=amount)
            else:
                money, event = Money.REFUSED, PaymentRefused(order_id=order_id, reason=reason)
        elif dues.must_go_back:
            money, event = Money.REFUNDED, PaymentRefunded(order_id=order_id, amount_cents=amount)
        else:
            return dues
        change.tell(PAYMENTS, order_id, event)
        return replace(dues, money=money)

    def _dues(self, order_id: str) -> tuple[int, Dues]:
        row = self.database.one("SELECT * FROM dues WHERE order_id = ?", order_id)
        if row is None:
            return 0, Dues()
        flags = (bool(row["reserved"]), bool(row["trusted"]), bool(row["failed"]))
        return row["customer_id"], Dues(row["amount_cents"], *flags, money=Money(row["money"]))


def _flags(dues: Dues) -> tuple[bool, bool, bool]:
    return dues.reserved, dues.trusted, dues.failed


def _why_not(customer_id: int, dues: Dues) -> str:
    return refusal(customer_id, dues.amount_cents or 0) or "the order was given up"
