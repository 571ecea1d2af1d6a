"""Metrics as Prometheus text, format 0.0.4, under the names that jmx_exporter gives Apache Kafka's.

A histogram goes out twice: as `NAME` with quantiles of the last minute or two, `_sum` and `_count`, which is
what boards made for jmx_exporter ask for; and as `NAME_histogram` with buckets, from which Prometheus can
compute any quantile over any time.
"""

from collections.abc import Iterable, Iterator

from ottla.core.metrics import (
    BOUNDS_PER_DOUBLING,
    Counter,
    Family,
    Gauge,
    Histogram,
    Labels,
    Registry,
    labels_key,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_QUANTILES = ("0.50", "0.75", "0.95", "0.98", "0.99", "0.999")
_WINDOW_S = 60.0


class QuantileWindow:
    """Remembers how histograms stood, so that quantiles tell of one to two `_WINDOW_S` and not of all
    time."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, Labels], list[int]] = {}
        self._latest: dict[tuple[str, Labels], list[int]] = {}
        self._latest_at_s = float("-inf")

    def advance(self, families: Iterable[Family], now_s: float) -> None:
        """To be called before each rendering; moves on when the window is over."""
        if now_s - self._latest_at_s < _WINDOW_S:
            return
        self._latest_at_s = now_s
        self._before = self._latest
        self._latest = {
            (family.name, key): list(child.counts)
            for family in families
            for key, child in family.children.items()
            if isinstance(child, Histogram)
        }

    def since(self, name: str, key: Labels) -> list[int] | None:
        """A histogram's counts as the window began; None when it is younger than that."""
        return self._before.get((name, key))


class Exposition:
    """Renders one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._window = QuantileWindow()

    def lines(self, now_s: float) -> Iterator[str]:
        """Every line, with its line feed. May be taken a few at a time: nothing else has to hold still."""
        families = self._registry.families()
        self._window.advance(families, now_s)
        for family in families:
            if family.kind == "histogram":
                yield from self._quantiles(family)
                yield from _buckets(family)
            else:
                yield from _plain(family)

    def _quantiles(self, family: Family) -> Iterator[str]:
        yield from _head(family.name, family.help, "summary")
        for key, child in _histograms(family):
            since = self._window.since(family.name, key)
            for quantile in _QUANTILES:
                value = child.quantile(float(quantile), since)
                yield _sample(family.name, (*key, ("quantile", quantile)), value)
            yield _sample(f"{family.name}_sum", key, child.sum)
            yield _sample(f"{family.name}_count", key, child.count)


def _plain(family: Family) -> Iterator[str]:
    yield from _head(family.name, family.help, family.kind)
    for key, child in list(family.children.items()):
        if isinstance(child, Counter):
            yield _sample(family.name, key, child.value)
        elif isinstance(child, Gauge):
            yield _sample(family.name, key, child.read())
    if family.computed is not None:
        for labels, value in list(family.computed()):
            yield _sample(family.name, labels_key(labels), value)


def _buckets(family: Family) -> Iterator[str]:
    """One bound per doubling: enough for Prometheus, a quarter of the lines."""
    name = f"{family.name}_histogram"
    yield from _head(name, family.help, "histogram")
    for key, child in _histograms(family):
        below = 0
        for index, (bound, count) in enumerate(zip(child.bounds, child.counts, strict=False)):
            below += count
            if index % BOUNDS_PER_DOUBLING == 0:
                yield _sample(f"{name}_bucket", (*key, ("le", _number(bound))), below)
        yield _sample(f"{name}_bucket", (*key, ("le", "+Inf")), child.count)
        yield _sample(f"{name}_sum", key, child.sum)
        yield _sample(f"{name}_count", key, child.count)


def _histograms(family: Family) -> list[tuple[Labels, Histogram]]:
    return [(key, child) for key, child in family.children.items() if isinstance(child, Histogram)]


def _head(name: str, help_text: str, kind: str) -> Iterator[str]:
    text = help_text.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {name} {text}\n"
    yield f"# TYPE {name} {kind}\n"


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {_number(value)}\n" if inside else f"{name} {_number(value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124 - only NaN is not itself
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
