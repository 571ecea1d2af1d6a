"""An order's life."""

from hypothesis import given
from hypothesis import strategies as st

from ottla_examples.orders.domain.events import (
    Event,
    FraudPassed,
    FraudSuspected,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    PaymentRefused,
    PaymentTaken,
    StockRefused,
    StockReserved,
)
from ottla_examples.orders.domain.order import FINAL, NEXT, State, after, rejected, verdict

ORDER = OrderCreated(
    order_id="o", customer_id=1, product_id=2, quantity=3, price_cents=400, created_at_ms=5, schema=2
)
CONFIRMED = OrderConfirmed(order_id="o", customer_id=1, product_id=2, quantity=3)
SHIPPED = OrderShipped(order_id="o", customer_id=1, product_id=2, quantity=3, address="1 Mill Street")
CANCELLED = OrderCancelled(order_id="o", customer_id=1)
REJECTED = rejected(ORDER, "no")
EVENTS: list[Event] = [ORDER, CONFIRMED, SHIPPED, CANCELLED, REJECTED]


def test_the_table_is_about_events_and_ends_nowhere_else_than_it_says() -> None:
    assert {state for state, _event in NEXT}.isdisjoint(FINAL)
    assert set(State) - {state for state, _event in NEXT} == FINAL


@given(st.lists(st.sampled_from(EVENTS)))
def test_the_first_decision_stands_and_what_is_final_stays_final(events: list[Event]) -> None:
    state, seen = State.PLACED, [State.PLACED]
    for event in events:
        state = after(state, event)
        if state != seen[-1]:
            assert seen[-1] not in FINAL
            seen.append(state)
    assert seen in [
        [State.PLACED],
        [State.PLACED, State.CONFIRMED],
        [State.PLACED, State.CONFIRMED, State.SHIPPED],
        [State.PLACED, State.REJECTED],
        [State.PLACED, State.CANCELLED],
    ]


def test_payment_confirms_and_any_no_rejects_with_its_reason() -> None:
    assert verdict(ORDER, PaymentTaken(order_id="o", amount_cents=1200)) == CONFIRMED
    reasons = {
        StockRefused(order_id="o", product_id=2): "it is sold out",
        FraudSuspected(order_id="o", reason="odd"): "odd",
        PaymentRefused(order_id="o", reason="poor"): "poor",
    }
    for news, reason in reasons.items():
        assert verdict(ORDER, news) == OrderRejected(order_id="o", customer_id=1, reason=reason)


def test_a_yes_that_is_not_the_last_decides_nothing() -> None:
    for news in (StockReserved(order_id="o", product_id=2, quantity=3), FraudPassed(order_id="o")):
        assert verdict(ORDER, news) is None
