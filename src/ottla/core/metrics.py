"""Counters, gauges and latency histograms that cost the hot path almost nothing; who exports them is another
matter.

A child (one name with one set of labels) is looked up once, by its owner, and kept; from then on counting is
one addition. There are no locks: one loop owns them. Names are those that dashboards for Apache Kafka expect.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name: a child's key in its family."""


class Counter:
    """Only rises."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, amount: int = 1) -> None:
        self.value += amount


class Gauge:
    """A value that is asked for when somebody looks."""

    __slots__ = ("read",)

    def __init__(self, read: Callable[[], float]) -> None:
        self.read = read


def log_spaced(first: float, last: float, per_doubling: int) -> tuple[float, ...]:
    """Bucket bounds from `first` to at least `last`, each 2^(1/per_doubling) times the one before."""
    bounds = [first]
    while bounds[-1] < last:
        bounds.append(first * 2.0 ** (len(bounds) / per_doubling))
    return tuple(bounds)


BOUNDS_PER_DOUBLING = 4
LATENCY_BOUNDS_MS = log_spaced(1 / 64, 131_072.0, BOUNDS_PER_DOUBLING)
"""16 µs to 131 s; a quantile read from them is at most a fifth too high."""


class Histogram:
    """How often values fell into which bucket. `bounds` are the buckets' inclusive upper ends, rising."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = LATENCY_BOUNDS_MS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # the last one is for what is above all bounds
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float, since: Sequence[int] | None = None) -> float:
        """The value that `share` (0 to 1) of the observations do not exceed; NaN without observations.

        `since`, an earlier copy of `counts`, leaves out what was observed before it. Inside a bucket values
        are taken to lie evenly; above the last bound, on it.
        """
        counts = (
            self.counts
            if since is None
            else [now - then for now, then in zip(self.counts, since, strict=True)]
        )
        wanted = share * sum(counts)
        below = 0
        for index, count in enumerate(counts):
            if count and below + count >= wanted:
                return self._inside(index, (wanted - below) / count)
            below += count
        return float("nan")

    def _inside(self, index: int, share: float) -> float:
        if index == len(self.bounds):
            return self.bounds[-1]
        low = self.bounds[index - 1] if index else 0.0
        return low + (self.bounds[index] - low) * share


Kind = Literal["counter", "gauge", "histogram"]
Sample = tuple[Mapping[str, str], float]
"""Labels and value, for families whose children come and go too often to be registered."""


@dataclass(slots=True)
class Family:
    """All children of one name."""

    name: str
    kind: Kind
    help: str
    children: dict[Labels, Counter | Gauge | Histogram] = field(default_factory=dict)
    computed: Callable[[], Iterable[Sample]] | None = None


class Registry:
    """Every metric of one process by name. Asking twice for the same child gives the same child."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def families(self) -> list[Family]:
        """All families, by name."""
        return [self._families[name] for name in sorted(self._families)]

    def counter(self, name: str, help_text: str, **labels: str) -> Counter:
        """A counter; its name ends in `_total`."""
        child = self._family(name, "counter", help_text).children.setdefault(labels_key(labels), Counter())
        assert isinstance(child, Counter)
        return child

    def gauge(self, name: str, help_text: str, read: Callable[[], float], **labels: str) -> None:
        """A value to be read when somebody looks; a second one with the same labels takes the first one's
        place."""
        self._family(name, "gauge", help_text).children[labels_key(labels)] = Gauge(read)

    def counted(self, name: str, help_text: str, read: Callable[[], float], **labels: str) -> None:
        """A counter that its owner keeps as a plain number: `read` fetches it when somebody looks."""
        self._family(name, "counter", help_text).children[labels_key(labels)] = Gauge(read)

    def histogram(
        self, name: str, help_text: str, bounds: Sequence[float] = LATENCY_BOUNDS_MS, **labels: str
    ) -> Histogram:
        """A histogram; the unit ends its name, as in `…ms`."""
        children = self._family(name, "histogram", help_text).children
        child = children.setdefault(labels_key(labels), Histogram(bounds))
        assert isinstance(child, Histogram)
        return child

    def computed(
        self, name: str, help_text: str, samples: Callable[[], Iterable[Sample]], kind: Kind = "gauge"
    ) -> None:
        """A family whose samples are all computed when somebody looks: one callback for ten thousand
        partitions."""
        self._family(name, kind, help_text).computed = samples

    def remove(self, **labels: str) -> None:
        """Forget every child that carries these labels (a deleted topic's, say)."""
        assert labels, "that would forget everything"
        wanted = set(labels.items())
        for family in self._families.values():
            for key in [key for key in family.children if wanted.issubset(key)]:
                del family.children[key]

    def _family(self, name: str, kind: Kind, help_text: str) -> Family:
        family = self._families.setdefault(name, Family(name, kind, help_text))
        if family.kind != kind:
            raise ValueError(f"{name} is a {family.kind}, not a {kind}")
        return family


def labels_key(labels: Mapping[str, str]) -> Labels:
    """The labels as a child's key."""
    return tuple(sorted(labels.items()))
