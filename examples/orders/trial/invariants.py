"""What must be true when nothing moves any more, whatever went wrong before."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import OrderCancelled, OrderRejected, OrderShipped
from ottla_examples.orders.domain.order import FINAL, State
from ottla_examples.orders.domain.payment import Money
from ottla_examples.orders.domain.stock import Kept
from ottla_examples.orders.trial.books import Books

Rule = Callable[[Books], Iterator[str]]
RULES: Final[list[tuple[str, Rule]]] = []


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, and all that breaks it."""

    rule: str
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.broken


def check(books: Books) -> list[Finding]:
    """Every rule with what breaks it."""
    return [Finding(name, tuple(rule(books))) for name, rule in RULES]


def _rule(name: str) -> Callable[[Rule], Rule]:
    def add(rule: Rule) -> Rule:
        RULES.append((name, rule))
        return rule

    return add


@_rule("somebody could buy something")
def something_was_bought(books: Books) -> Iterator[str]:
    """Where nothing happened, every other rule holds, and proves nothing."""
    if not books.accepted:
        yield "no order was accepted"


@_rule("what a buyer was told is accepted is known")
def nothing_accepted_is_lost(books: Books) -> Iterator[str]:
    """No order disappeared."""
    for order_id in books.accepted:
        if order_id not in books.orders:
            yield f"order {order_id} was accepted, and nobody knows it"


@_rule("every order is in exactly one final state")
def every_order_has_ended(books: Books) -> Iterator[str]:
    """In its own book, and by what was told in topics."""
    endings = OrderShipped | OrderRejected | OrderCancelled
    for order_id, order in books.orders.items():
        if order.state not in FINAL:
            yield f"order {order_id} is still {order.state}"
        told = books.told.get(order_id, [])
        kinds = {type(each.event).__name__ for each in told if isinstance(each.event, endings)}
        if len(kinds) > 1:
            yield f"order {order_id} was told to be {' and '.join(sorted(kinds))}"


@_rule("what is reserved is validated and not shipped yet")
def reservations_are_for_orders(books: Books) -> Iterator[str]:
    """No pieces are put aside for nobody, and those that left are gone."""
    wanted = {State.CONFIRMED: Kept.RESERVED, State.SHIPPED: Kept.SHIPPED}
    for order_id, (_product, reservation) in books.reservations.items():
        order = books.orders.get(order_id)
        state = order.state if order is not None else None
        has_pieces = reservation.kept in (Kept.RESERVED, Kept.SHIPPED)
        if has_pieces != (state in wanted) or (state in wanted and reservation.kept is not wanted[state]):
            yield f"order {order_id} is {state}, its pieces are {reservation.kept}"
    for order_id, order in books.orders.items():
        if order.state in wanted and order_id not in books.reservations:
            yield f"order {order_id} is {order.state} without pieces"


@_rule("no piece appeared or disappeared")
def pieces_are_all_there(books: Books) -> Iterator[str]:
    """On the shelf, put aside or shipped: together what was there on the first day."""
    taken: Counter[int] = Counter()
    for product_id, reservation in books.reservations.values():
        if reservation.kept in (Kept.RESERVED, Kept.SHIPPED):
            taken[product_id] += reservation.quantity
    for product in PRODUCTS.values():
        available = books.available.get(product.product_id, 0)
        pieces = available + taken[product.product_id]
        if pieces != product.pieces or available < 0:
            yield f"product {product.product_id}: {pieces} pieces, there were {product.pieces}"


@_rule("one shipment for each order that was shipped, none for others")
def shipments_are_for_orders(books: Books) -> Iterator[str]:
    """Nothing left the house for an order that failed, and everything for those that did not."""
    shipped = {order_id for order_id, order in books.orders.items() if order.state is State.SHIPPED}
    for order_id in shipped - books.shipments.keys():
        yield f"order {order_id} is shipped, and shipping does not know it"
    for order_id in books.shipments.keys() - shipped:
        order = books.orders.get(order_id)
        yield f"order {order_id} left the house, and is {order.state if order else 'unknown'}"


@_rule("money is taken for what is delivered, and for nothing else")
def money_follows_orders(books: Books) -> Iterator[str]:
    """Taken once where the order was confirmed; elsewhere never, or given back."""
    for order_id, order in books.orders.items():
        is_taken = books.money.get(order_id) is Money.TAKEN
        if is_taken != (order.state in (State.CONFIRMED, State.SHIPPED)):
            yield f"order {order_id} is {order.state}, its money is {books.money.get(order_id)}"


@_rule("one letter for each order that came to its end")
def one_letter_each(books: Books) -> Iterator[str]:
    """The right one, and no other."""
    subjects = {
        State.SHIPPED: "on its way",
        State.REJECTED: "cannot be delivered",
        State.CANCELLED: "cancelled",
    }
    for order_id, order in books.orders.items():
        letters = books.letters.get(order_id, [])
        if order.state in FINAL and [subjects[order.state] in letter for letter in letters] != [True]:
            yield f"order {order_id} is {order.state}, the letters say {letters}"


@_rule("replicas of customers are like the customers")
def replicas_are_true(books: Books) -> Iterator[str]:
    """Who keeps one has heard of every change."""
    for service, replica in books.replicas.items():
        for number in books.customers.keys() | replica.keys():
            if books.customers.get(number) != replica.get(number):
                yield f"{service} believes something else of customer {number}"


@_rule("one trace runs through everything that was told of an order")
def one_trace_each(books: Books) -> Iterator[str]:
    """From the buyer's request on."""
    for order_id, told in books.told.items():
        order = books.orders.get(order_id)
        traces = {each.trace for each in told}
        if order is None or traces != {order.trace}:
            yield f"order {order_id} has traces {sorted(traces)}"


@_rule("each fact about an order is one event, however often it was sent")
def one_event_each(books: Books) -> Iterator[str]:
    """Nobody was reserved for, paid or shipped to by two events."""
    for order_id, told in books.told.items():
        facts = Counter(
            kind for kind, _event_id in {(type(each.event).__name__, each.event_id) for each in told}
        )
        for kind, events in facts.items():
            if events > 1:
                yield f"order {order_id} has {events} events {kind}"
