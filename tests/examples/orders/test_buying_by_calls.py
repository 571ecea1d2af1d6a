"""Buying by calling everybody: what is done when somebody says no, or nothing."""

from collections.abc import Callable

from ottla_examples.orders.calls import Calls, UnavailableError
from ottla_examples.orders.domain.events import (
    Event,
    FraudPassed,
    OrderConfirmed,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    PaymentTaken,
    StockRefused,
    StockReserved,
)
from ottla_examples.orders.services.buying_by_calls import BuyingByCalls
from ottla_examples.orders.traffic import Traffic

ORDER = OrderCreated(
    order_id="o", customer_id=1, product_id=2, quantity=3, price_cents=400, created_at_ms=5, schema=2
)
SHIPPED = OrderShipped(order_id="o", customer_id=1, product_id=2, quantity=3, address="1 Mill Street")
UNDOING = ["/releases", "/refunds", "/mails"]


class Peers(Calls):
    """Everybody answers yes, but for those that are told otherwise."""

    def __init__(self, **answers: Callable[[], Event]) -> None:
        super().__init__({}, Traffic())
        self.asked: list[str] = []
        self._answers = {
            "fraud": lambda: FraudPassed(order_id="o"),
            "inventory": lambda: StockReserved(order_id="o", product_id=2, quantity=3),
            "payments": lambda: PaymentTaken(order_id="o", amount_cents=1200),
            "shipping": lambda: SHIPPED,
            "email": lambda: SHIPPED,
        } | answers

    async def post(self, service: str, path: str, event: Event, timeout_s: float = 1) -> Event:
        self.asked.append(path)
        return self._answers[service]()


def nobody() -> Event:
    raise UnavailableError("somebody", "timeout")


async def test_when_all_say_yes_it_is_shipped_and_told() -> None:
    peers = Peers()
    outcome = await BuyingByCalls(peers).buy(ORDER)
    assert [type(event) for event in outcome.events] == [OrderConfirmed, OrderShipped]
    assert not outcome.is_broken
    assert peers.asked == ["/checks", "/reservations", "/payments", "/shipments", "/departures", "/mails"]


async def test_a_no_is_an_answer_and_undoes_what_was_done() -> None:
    peers = Peers(inventory=lambda: StockRefused(order_id="o", product_id=2))
    outcome = await BuyingByCalls(peers).buy(ORDER)
    assert outcome.events == (OrderRejected(order_id="o", customer_id=1, reason="it is sold out"),)
    assert not outcome.is_broken
    assert peers.asked == ["/checks", "/reservations", *UNDOING]


async def test_no_answer_breaks_the_purchase_and_undoes_what_was_done() -> None:
    peers = Peers(shipping=nobody)
    outcome = await BuyingByCalls(peers).buy(ORDER)
    [rejected] = outcome.events
    assert isinstance(rejected, OrderRejected)
    assert outcome.is_broken
    assert peers.asked[-3:] == UNDOING


async def test_who_does_not_answer_afterwards_never_knows() -> None:
    peers = Peers(email=nobody)
    outcome = await BuyingByCalls(peers).buy(ORDER)
    assert [type(event) for event in outcome.events] == [OrderConfirmed, OrderShipped]
    assert peers.asked.count("/mails") == 1
