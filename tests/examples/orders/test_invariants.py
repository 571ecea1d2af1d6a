"""The program that looks at the books sees what is wrong with them: every break is planted, and found by its rule."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import OrderCancelled, OrderCreated, OrderRejected, OrderShipped
from ottla_examples.orders.domain.order import State
from ottla_examples.orders.domain.payment import Money
from ottla_examples.orders.domain.stock import Kept, Reservation
from ottla_examples.orders.services.customers import customer
from ottla_examples.orders.trial.books import Books, OrderEntry, Told, open_books
from ottla_examples.orders.trial.invariants import RULES, check


def entry(order_id: str, state: State) -> OrderEntry:
    created = OrderCreated(
        order_id=order_id, customer_id=1, product_id=1, quantity=2, price_cents=400, created_at_ms=5
    )
    return OrderEntry(created, state, 9, f"trace-{order_id}")


def shipped(order_id: str) -> OrderShipped:
    return OrderShipped(order_id=order_id, customer_id=1, product_id=1, quantity=2, address="1 Mill Street")


def good_books() -> Books:
    """One order of each end."""
    available = {product.product_id: product.pieces for product in PRODUCTS.values()}
    available[1] -= 2
    return Books(
        accepted=["s", "r", "c"],
        orders={
            "s": entry("s", State.SHIPPED),
            "r": entry("r", State.REJECTED),
            "c": entry("c", State.CANCELLED),
        },
        reservations={
            "s": (1, Reservation(Kept.SHIPPED, 2)),
            "r": (1, Reservation(Kept.REFUSED, 2)),
            "c": (1, Reservation(Kept.RELEASED, 2)),
        },
        available=available,
        money={"s": Money.TAKEN, "r": Money.DUE, "c": Money.REFUNDED},
        shipments={"s": shipped("s")},
        letters={"s": ["It is on its way"], "r": ["It cannot be delivered"], "c": ["It was cancelled"]},
        customers={1: customer(1, 2)},
        replicas={"shipping": {1: customer(1, 2)}},
        told={
            "s": [Told(shipped("s"), "shipping-1", "trace-s")] * 2,
            "r": [Told(OrderRejected(order_id="r", customer_id=1, reason="no"), "orders-1", "trace-r")],
            "c": [Told(OrderCancelled(order_id="c", customer_id=1), "orders-2", "trace-c")],
        },
    )


def becomes(order_id: str, state: State) -> Callable[[Books], None]:
    def plant(books: Books) -> None:
        books.orders[order_id] = replace(books.orders[order_id], state=state)

    return plant


def plant_nothing(books: Books) -> None:
    books.accepted.clear()


def plant_lost(books: Books) -> None:
    books.accepted.append("x")


def plant_two_ends(books: Books) -> None:
    books.told["s"].append(Told(OrderCancelled(order_id="s", customer_id=1), "orders-3", "trace-s"))


def plant_forgotten_pieces(books: Books) -> None:
    books.reservations["c"] = (1, Reservation(Kept.RESERVED, 2))
    books.available[1] -= 2


def plant_no_pieces(books: Books) -> None:
    del books.reservations["s"]
    books.available[1] += 2


def plant_pieces_that_never_left(books: Books) -> None:
    books.reservations["s"] = (1, Reservation(Kept.RESERVED, 2))


def plant_pieces_from_nowhere(books: Books) -> None:
    books.available[3] += 1


def plant_no_shipment(books: Books) -> None:
    books.shipments.clear()


def plant_shipment_for_nobody(books: Books) -> None:
    books.shipments["c"] = shipped("c")


def plant_no_money(books: Books) -> None:
    books.money["s"] = Money.DUE


def plant_kept_money(books: Books) -> None:
    books.money["c"] = Money.TAKEN


def plant_no_letter(books: Books) -> None:
    del books.letters["r"]


def plant_wrong_letter(books: Books) -> None:
    books.letters["r"] = books.letters["s"]


def plant_two_letters(books: Books) -> None:
    books.letters["r"] += books.letters["s"]


def plant_old_address(books: Books) -> None:
    books.replicas["shipping"][1] = customer(1, 1)


def plant_missing_customer(books: Books) -> None:
    books.replicas["shipping"].clear()


def plant_second_trace(books: Books) -> None:
    books.told["s"].append(Told(shipped("s"), "shipping-1", "another"))


def plant_second_shipment(books: Books) -> None:
    books.told["s"].append(Told(shipped("s"), "shipping-2", "trace-s"))


PLANTED: dict[str, list[Callable[[Books], None]]] = {
    "somebody could buy something": [plant_nothing],
    "what a buyer was told is accepted is known": [plant_lost],
    "every order is in exactly one final state": [
        becomes("r", State.PLACED),
        becomes("s", State.CONFIRMED),
        plant_two_ends,
    ],
    "what is reserved is validated and not shipped yet": [
        plant_forgotten_pieces,
        plant_no_pieces,
        plant_pieces_that_never_left,
    ],
    "no piece appeared or disappeared": [plant_pieces_from_nowhere],
    "one shipment for each order that was shipped, none for others": [
        plant_no_shipment,
        plant_shipment_for_nobody,
    ],
    "money is taken for what is delivered, and for nothing else": [plant_no_money, plant_kept_money],
    "one letter for each order that came to its end": [
        plant_no_letter,
        plant_wrong_letter,
        plant_two_letters,
    ],
    "replicas of customers are like the customers": [plant_old_address, plant_missing_customer],
    "one trace runs through everything that was told of an order": [plant_second_trace],
    "each fact about an order is one event, however often it was sent": [plant_second_shipment],
}


def test_good_books_are_good() -> None:
    assert [finding for finding in check(good_books()) if not finding.holds] == []


def test_books_that_nobody_can_read_are_not_right(tmp_path: Path) -> None:
    for service in ("orders", "inventory", "payments", "shipping", "customers"):
        (tmp_path / f"{service}.sqlite").write_text("something else than a database" * 100)
    broken = {finding.rule for finding in check(open_books(tmp_path, ["a"], {}, [])) if not finding.holds}
    assert broken == {"what a buyer was told is accepted is known", "no piece appeared or disappeared"}


def test_every_rule_has_a_break_planted_against_it() -> None:
    assert {name for name, _rule in RULES} == PLANTED.keys()


@pytest.mark.parametrize(
    ("rule", "plant"),
    [(rule, plant) for rule, plants in PLANTED.items() for plant in plants],
)
def test_a_planted_break_is_found(rule: str, plant: Callable[[Books], None]) -> None:
    books = good_books()
    plant(books)
    assert rule in [finding.rule for finding in check(books) if not finding.holds]
