"""Counters count, histograms fall into the right bucket, families keep their children apart."""

import math

import pytest

from ottla.core.metrics import LATENCY_BOUNDS_MS, Counter, Histogram, Registry, log_spaced


def test_bounds_double_in_the_asked_steps() -> None:
    bounds = log_spaced(1.0, 8.0, 2)
    assert bounds == pytest.approx((1, 2**0.5, 2, 8**0.5, 4, 32**0.5, 8))
    assert LATENCY_BOUNDS_MS[0] < 0.02
    assert LATENCY_BOUNDS_MS[-1] > 120_000


def test_a_bound_belongs_to_its_own_bucket() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 2.5, 1e9):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 2]
    assert histogram.count == 6
    assert histogram.sum == 1e9 + 7.0


def test_quantiles_are_at_most_a_bucket_off() -> None:
    histogram = Histogram()
    for value in range(1, 10_001):
        histogram.observe(value / 10)
    for share in (0.01, 0.5, 0.99, 0.999, 1.0):
        assert histogram.quantile(share) == pytest.approx(1000 * share, rel=0.2)


def test_a_quantile_of_the_time_since_leaves_out_what_was_before() -> None:
    histogram = Histogram()
    for _ in range(1_000):
        histogram.observe(50_000)
    before = list(histogram.counts)
    assert math.isnan(histogram.quantile(0.5, before))
    histogram.observe(1.0)
    assert histogram.quantile(0.99, before) == pytest.approx(1.0, rel=0.2)


def test_a_quantile_above_all_bounds_is_the_last_bound() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.observe(77)
    assert histogram.quantile(0.5) == 2.0


def test_the_same_labels_are_the_same_child_in_any_order() -> None:
    registry = Registry()
    first = registry.counter("a_total", "A", topic="t", partition="0")
    assert registry.counter("a_total", "A", partition="0", topic="t") is first
    assert registry.counter("a_total", "A", partition="1", topic="t") is not first


def test_a_name_has_one_kind() -> None:
    registry = Registry()
    registry.counter("a_total", "A")
    with pytest.raises(ValueError, match="a_total is a counter, not a gauge"):
        registry.gauge("a_total", "A", lambda: 1.0)


def test_removing_by_label_takes_the_topic_from_every_family() -> None:
    registry = Registry()
    registry.counter("a_total", "A", topic="gone", partition="0").add(3)
    kept = registry.counter("a_total", "A", topic="kept")
    registry.histogram("b_ms", "B", topic="gone")
    registry.remove(topic="gone")
    children = {family.name: list(family.children.values()) for family in registry.families()}
    assert children == {"a_total": [kept], "b_ms": []}
    again = registry.counter("a_total", "A", topic="gone", partition="0")
    assert isinstance(again, Counter)
    assert again.value == 0
