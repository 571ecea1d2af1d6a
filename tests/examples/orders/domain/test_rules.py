"""Suspicion, money and prices."""

from hypothesis import given
from hypothesis import strategies as st

from ottla_examples.orders.domain.fraud import (
    HOUR_MS,
    MOST_CENTS_AN_HOUR,
    MOST_ORDERS_AN_HOUR,
    Hour,
    hour_of,
    suspicion,
)
from ottla_examples.orders.domain.payment import GENEROUS_CENTS, STINGY_CENTS, Dues, Money, refusal
from ottla_examples.orders.domain.pricing import HIGHEST, LOWEST, STEP, is_worth_a_word, price_cents

PIECES = st.integers(0, 100_000)


def test_too_many_orders_in_an_hour_are_suspicious() -> None:
    hour = Hour()
    for _ in range(MOST_ORDERS_AN_HOUR):
        assert suspicion(hour, 1) is None
        hour = hour.with_order(1)
    assert suspicion(hour, 1) == "more than 100 orders in an hour"


def test_too_much_money_in_an_hour_is_suspicious() -> None:
    assert suspicion(Hour(), MOST_CENTS_AN_HOUR) is None
    assert suspicion(Hour(1, 1), MOST_CENTS_AN_HOUR) == "more than 20000 euros in an hour"


def test_the_next_hour_begins_with_nothing() -> None:
    assert hour_of(HOUR_MS - 1) + 1 == hour_of(HOUR_MS)


@given(
    amount=st.none() | st.integers(1, 1000),
    reserved=st.booleans(),
    trusted=st.booleans(),
    failed=st.booleans(),
    money=st.sampled_from(Money),
)
def test_money_is_taken_once_and_goes_back_only_where_it_was_taken(
    amount: int | None, *, reserved: bool, trusted: bool, failed: bool, money: Money
) -> None:
    dues = Dues(amount, reserved, trusted, failed, money)
    everything = amount is not None and reserved and trusted
    assert dues.can_be_taken == (everything and not failed and money is Money.DUE)
    assert dues.must_go_back == (failed and money is Money.TAKEN)


def test_banks_have_limits() -> None:
    assert refusal(1, GENEROUS_CENTS) is None
    assert refusal(1, GENEROUS_CENTS + 1) is not None
    assert refusal(10, STINGY_CENTS + 1) is not None


@given(st.integers(100, 100_000), PIECES, PIECES)
def test_prices_stay_within_bounds(list_price: int, ordered: int, available: int) -> None:
    price = price_cents(list_price, ordered, available)
    assert (LOWEST - STEP) * list_price <= price <= (HIGHEST + STEP) * list_price


@given(st.integers(100, 100_000), PIECES, PIECES, PIECES)
def test_prices_rise_with_demand_and_fall_with_supply(
    list_price: int, ordered: int, available: int, more: int
) -> None:
    price = price_cents(list_price, ordered, available)
    assert price_cents(list_price, ordered + more, available) >= price
    assert price_cents(list_price, ordered, available + more) <= price


def test_small_changes_are_not_worth_a_word() -> None:
    assert not is_worth_a_word(1000, 1000, 1010)
    assert is_worth_a_word(1000, 1000, 1050)
    assert is_worth_a_word(1000, 1000, 950)
