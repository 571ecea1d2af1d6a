"""The first sentence on the page says what is wrong, and what that costs the buyers."""

from dataclasses import replace

import pytest

from ottla_examples.orders.trial.measure import Seen
from ottla_examples.orders.trial.page.headline import Headline, Level, headline

FINE = Seen(orders=100, failed=0, p50_ms=5, p99_ms=9)
LOST = Seen(orders=100, failed=90, p50_ms=30, p99_ms=90)

NOBODY = Seen(orders=0, failed=0, p50_ms=0, p99_ms=0)
STUCK = replace(NOBODY, waiting=7)


@pytest.mark.parametrize(
    ("found", "level", "what", "cost"),
    [
        (
            headline(None, [], FINE, 3, 0),
            Level.WELL,
            "Everything runs.",
            "after 5 ms. 3 orders are under way.",
        ),
        (
            headline("shipping-down", ["shipping"], FINE, 200, 0),
            Level.HELD_UP,
            "Shipping is away.",
            "200 orders",
        ),
        (
            headline("shipping-down", ["shipping"], LOST, 0, 0),
            Level.SALES_LOST,
            "Shipping",
            "90 of the last 100",
        ),
        (
            headline(None, ["broker", "fraud"], FINE, 0, 0),
            Level.HELD_UP,
            "Broker and fraud are away.",
            "5 ms.",
        ),
        (headline(None, [], LOST, 0, 0), Level.SALES_LOST, "Not everything is right again.", "sent away."),
        (
            headline(None, [], FINE, 4, 4),
            Level.HELD_UP,
            "could not be handled.",
            "4 events wait in dead-letters",
        ),
        (headline(None, [], NOBODY, 0, 0), Level.WELL, "Everything runs.", "No buyer has come lately."),
        (headline(None, [], STUCK, 0, 0), Level.HELD_UP, "but slowly.", "7 buyers wait for their answer."),
    ],
)
def test_it_says_what_is_wrong_and_what_it_costs(found: Headline, level: Level, what: str, cost: str) -> None:
    assert found.level is level
    assert what in found.what
    assert cost in found.cost
