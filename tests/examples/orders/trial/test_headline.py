"""The first sentence on the page says what is wrong, and what that costs the buyers."""

import pytest

from ottla_examples.orders.trial.measure import Seen
from ottla_examples.orders.trial.page.headline import Headline, Level, headline

FINE = Seen(orders=100, failed=0, p50_ms=5, p99_ms=9)
LOST = Seen(orders=100, failed=90, p50_ms=30, p99_ms=90)


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
        (headline(None, [], Seen(0, 0, 0, 0), 0, 0), Level.WELL, "Everything", "No buyer has come lately."),
    ],
)
def test_it_says_what_is_wrong_and_what_it_costs(found: Headline, level: Level, what: str, cost: str) -> None:
    assert found.level is level
    assert what in found.what
    assert cost in found.cost
