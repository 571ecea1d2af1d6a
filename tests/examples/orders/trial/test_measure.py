"""What buyers saw, counted; who still waits has seen nothing yet."""

from ottla_examples.orders.trial.load import Purchase
from ottla_examples.orders.trial.measure import Seen, bins, quantile, seen_by_buyers, since

WAITS = Purchase(3.5)
PURCHASES = [Purchase(0.5, 0.010, "a"), Purchase(1.2, 0.030, "b"), Purchase(2.9, 10.0), WAITS]


def test_who_still_waits_is_neither_answered_nor_sent_away() -> None:
    assert seen_by_buyers(PURCHASES) == Seen(orders=3, failed=1, p50_ms=30, p99_ms=10_000, waiting=1)
    assert seen_by_buyers([WAITS]) == Seen(orders=0, failed=0, p50_ms=0, p99_ms=0, waiting=1)
    assert seen_by_buyers([WAITS]).success_rate == 1.0


def test_purchases_by_time() -> None:
    assert since(PURCHASES, 1.2) == PURCHASES[1:]
    assert since(PURCHASES, 9.0) == []
    assert bins(PURCHASES, 1.0, 1.0, 2) == [[PURCHASES[1]], [PURCHASES[2]]]


def test_an_end_that_has_not_come_is_after_everything() -> None:
    assert [each.ended_s for each in PURCHASES[1:3]] == [1.23, 12.9]
    assert WAITS.ended_s > 1e9


def test_quantiles() -> None:
    assert [quantile([4, 1, 3, 2], part) for part in (0.0, 0.5, 0.99)] == [1, 3, 4]
    assert quantile([], 0.5) == 0
