"""Services by themselves: told everything twice, and in any order, they do everything once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ottla_examples.orders.architectures import ARCHITECTURES, REPRICING, architecture_of
from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import (
    CustomerChanged,
    Event,
    FraudPassed,
    OrderConfirmed,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    PaymentRefunded,
    PaymentRefused,
    PaymentTaken,
    PriceChanged,
    StockRefused,
    StockReserved,
    decode,
)
from ottla_examples.orders.service import Service, Surroundings
from ottla_examples.orders.services import SERVICES
from ottla_examples.orders.services.customer_directory import NotYetKnownError
from ottla_examples.orders.topics import ORDERS, TOPICS
from ottla_examples.orders.traffic import Traffic

PIECES = PRODUCTS[5].pieces
ORDER = OrderCreated(
    order_id="o", customer_id=1, product_id=5, quantity=3, price_cents=400, created_at_ms=5, schema=2
)
REJECTED = OrderRejected(order_id="o", customer_id=1, reason="no")
CONFIRMED = OrderConfirmed(order_id="o", customer_id=1, product_id=5, quantity=3)
CUSTOMER = CustomerChanged(customer_id=1, name="Ada", email="ada@shop.test", address="1 Mill Street")


class Bench:
    """One service on a bench: events go in by hand, and what it tells stays in its outbox."""

    def __init__(self, service: str, directory: Path) -> None:
        kind = SERVICES[service]
        self.database = Database(directory / "bench.sqlite", kind.schema, tuple(TOPICS))
        self.service: Service = kind(self.database, Calls({}, Traffic()), Surroundings())
        self.service.open()
        self.told()

    async def tell(self, *events: Event) -> list[Event]:
        """What the service tells because of these."""
        for event in events:
            await self.service.reactions()[type(event)](event)
        return self.told()

    def told(self) -> list[Event]:
        """What is in the outbox, which is empty then."""
        told = [decode(row["value"]) for row in self.database.all("SELECT value FROM outbox ORDER BY id")]
        with self.database.change() as change:
            change.run("DELETE FROM outbox")
        return told

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.database.all(query)]


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path)
    with made.database:
        yield made


on = pytest.mark.parametrize


def test_every_service_of_an_architecture_exists_and_has_somebody_to_listen_to() -> None:
    for architecture in (*ARCHITECTURES.values(), architecture_of("event-driven", repricing=True)):
        written = {topic for part in architecture.parts for topic in part.writes}
        for part in architecture.parts:
            assert part.service in SERVICES
            assert set(part.calls) <= set(architecture.services)
            assert set(part.reads) <= written | set(REPRICING.writes)


def test_repricing_changes_nobody_else() -> None:
    for name in ("event-driven", "fully-event-driven"):
        assert architecture_of(name, repricing=True).parts == (*architecture_of(name).parts, REPRICING)
    with pytest.raises(ValueError, match="has none"):
        architecture_of("request-driven", repricing=True)


def test_in_the_last_architecture_nobody_calls_anybody() -> None:
    assert not [part for part in ARCHITECTURES["fully-event-driven"].parts if part.calls]


@on("bench", ["inventory"], indirect=True)
async def test_inventory_reserves_once_and_releases_once(bench: Bench) -> None:
    first = await bench.tell(ORDER, ORDER)
    assert [event for event in first if isinstance(event, StockReserved)] == [
        StockReserved(order_id="o", product_id=5, quantity=3)
    ]
    assert bench.rows("SELECT available FROM stock WHERE product_id = 5") == [(PIECES - 3,)]
    await bench.tell(REJECTED, REJECTED, ORDER)
    assert bench.rows("SELECT available FROM stock WHERE product_id = 5") == [(PIECES,)]
    assert bench.rows("SELECT kept FROM reservations") == [("released",)]


@on("bench", ["inventory"], indirect=True)
async def test_inventory_refuses_what_it_has_not(bench: Bench) -> None:
    greedy = OrderCreated(
        order_id="g", customer_id=1, product_id=5, quantity=PIECES + 1, price_cents=4, created_at_ms=5
    )
    assert await bench.tell(greedy, greedy) == [StockRefused(order_id="g", product_id=5)]


@on("bench", ["payments"], indirect=True)
@on("first", [0, 1, 2])
async def test_payments_take_the_money_when_the_last_thing_is_known(bench: Bench, first: int) -> None:
    news: list[Event] = [
        ORDER,
        StockReserved(order_id="o", product_id=5, quantity=3),
        FraudPassed(order_id="o"),
    ]
    news = news[first:] + news[:first]
    assert await bench.tell(*news[:2], *news[:2]) == []
    assert await bench.tell(news[2], *news) == [PaymentTaken(order_id="o", amount_cents=1200)]


@on("bench", ["payments"], indirect=True)
async def test_payments_give_back_what_they_took_once(bench: Bench) -> None:
    news: list[Event] = [
        ORDER,
        StockReserved(order_id="o", product_id=5, quantity=3),
        FraudPassed(order_id="o"),
    ]
    await bench.tell(*news)
    assert await bench.tell(REJECTED, REJECTED, *news) == [PaymentRefunded(order_id="o", amount_cents=1200)]


@on("bench", ["payments"], indirect=True)
async def test_payments_take_nothing_for_an_order_that_failed_before(bench: Bench) -> None:
    reserved = StockReserved(order_id="o", product_id=5, quantity=3)
    assert await bench.tell(REJECTED, ORDER, reserved, FraudPassed(order_id="o")) == []


@on("bench", ["payments"], indirect=True)
async def test_who_asks_for_money_is_answered_the_same_each_time(bench: Bench) -> None:
    pay = bench.service.answered()["/payments"]
    assert await pay(ORDER) == await pay(ORDER) == PaymentTaken(order_id="o", amount_cents=1200)
    poor = OrderCreated(
        order_id="p", customer_id=10, product_id=5, quantity=3, price_cents=9000, created_at_ms=5
    )
    answer = await pay(poor)
    assert answer == await pay(poor)
    assert isinstance(answer, PaymentRefused)


@on("bench", ["fraud"], indirect=True)
async def test_fraud_counts_an_order_once(bench: Bench) -> None:
    assert await bench.tell(ORDER, ORDER, ORDER) == [FraudPassed(order_id="o")]
    assert bench.rows("SELECT orders, cents FROM hours") == [(1, 1200)]


@on("bench", ["shipping"], indirect=True)
async def test_shipping_waits_for_an_address_and_ships_once(bench: Bench) -> None:
    with pytest.raises(NotYetKnownError):
        await bench.tell(CONFIRMED)
    told = await bench.tell(CUSTOMER, CONFIRMED, CONFIRMED)
    assert told == [
        OrderShipped(order_id="o", customer_id=1, product_id=5, quantity=3, address="1 Mill Street")
    ]


@on("bench", ["repricing"], indirect=True)
async def test_repricing_counts_an_order_once_and_tells_only_what_is_new(bench: Bench) -> None:
    many = OrderCreated(
        order_id="m", customer_id=1, product_id=5, quantity=30, price_cents=400, created_at_ms=5
    )
    [told] = await bench.tell(many)
    assert isinstance(told, PriceChanged)
    assert told.price_cents > PRODUCTS[5].list_price_cents
    assert await bench.tell(many) == []


@on("bench", ["customers"], indirect=True)
async def test_what_is_told_and_what_is_written_down_are_one(bench: Bench) -> None:
    def killed_before_the_end() -> None:
        with bench.database.change() as change:
            change.run("UPDATE customers SET moves = 7")
            change.tell(ORDERS, "o", ORDER)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        killed_before_the_end()
    assert bench.told() == []
    assert bench.rows("SELECT DISTINCT moves FROM customers") == [(0,)]


def test_an_architecture_without_a_topic_has_nobody_to_tell(tmp_path: Path) -> None:
    with Database(tmp_path / "quiet.sqlite", "") as database:
        with database.change() as change:
            assert change.tell(ORDERS, "o", ORDER) is ORDER
        assert database.all("SELECT * FROM outbox") == []
