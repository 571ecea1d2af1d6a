"""Pieces that are put aside, told of in any order and any number of times."""

from hypothesis import given
from hypothesis import strategies as st

from ottla_examples.orders.domain.stock import Kept, Stock

ORDERS = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.one_of(
    st.tuples(st.just("reserve"), ORDERS, st.integers(-1, 6)),
    st.tuples(st.just("release"), ORDERS, st.just(0)),
    st.tuples(st.just("ship"), ORDERS, st.just(0)),
    st.tuples(st.just("restock"), st.just(""), st.integers(0, 5)),
)


@given(st.integers(0, 10), st.lists(STEPS, max_size=30))
def test_no_piece_appears_or_disappears(pieces: int, steps: list[tuple[str, str, int]]) -> None:
    stock, all_pieces = Stock(1, pieces), pieces
    ended: dict[str, Kept] = {}
    for step, order, quantity in steps:
        match step:
            case "reserve":
                stock.reserve(order, quantity)
            case "release":
                stock.release(order)
            case "ship":
                stock.ship(order)
            case _:
                stock.restock(quantity)
                all_pieces += quantity
        shipped = sum(each.quantity for each in stock.orders.values() if each.kept is Kept.SHIPPED)
        assert stock.available >= 0
        assert stock.available + stock.reserved + shipped == all_pieces
        for name, was in ended.items():
            assert stock.orders[name].kept is was
        ended = {
            name: each.kept
            for name, each in stock.orders.items()
            if each.kept in (Kept.SHIPPED, Kept.RELEASED)
        }


def test_what_is_told_again_changes_nothing() -> None:
    stock = Stock(1, 10)
    assert [stock.reserve("a", 4) for _ in range(3)] == [True, True, True]
    assert (stock.available, stock.reserved) == (6, 4)
    assert [stock.release("a") for _ in range(3)] == [True, False, False]
    assert (stock.available, stock.reserved) == (10, 0)
    assert not stock.reserve("a", 4)


def test_who_gives_up_before_asking_gets_nothing_any_more() -> None:
    stock = Stock(1, 10)
    assert not stock.release("a")
    assert not stock.reserve("a", 4)
    assert stock.available == 10


def test_there_is_no_more_than_there_is() -> None:
    stock = Stock(1, 3)
    assert stock.reserve("a", 2)
    assert not stock.reserve("b", 2)
    assert not stock.reserve("c", 0)
    stock.ship("a")
    assert not stock.release("a")
    assert (stock.available, stock.orders["a"].kept) == (1, Kept.SHIPPED)
