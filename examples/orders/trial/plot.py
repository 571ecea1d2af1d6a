"""What buyers saw, second by second, as an SVG."""

from collections.abc import Iterator, Sequence
from typing import Final

from ottla_examples.orders.trial.load import PATIENCE_SECONDS, Purchase
from ottla_examples.orders.trial.measure import quantile
from ottla_examples.orders.trial.run import Outcome

WIDTH: Final = 900
PANEL: Final = 180
LEGEND: Final = "green: answered, red: sent away, line: p99 of the wait"
LEFT: Final = 50
TOP: Final = 46
DRAWN: Final = PANEL - TOP - 24
"""The height of what is drawn in a panel."""
BIN_SECONDS: Final = 2.0


def plot(outcomes: Sequence[Outcome]) -> str:
    """One panel for each: buyers answered and sent away, and how long they waited."""
    height = PANEL * len(outcomes) + 10
    body = [line for number, outcome in enumerate(outcomes) for line in _panel(outcome, number * PANEL)]
    style = "text{font:12px system-ui,sans-serif;fill:#374151}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            f"<style>{style}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            *body,
            "</svg>\n",
        ]
    )


def _panel(outcome: Outcome, y: int) -> Iterator[str]:
    bins = _bins(outcome.purchases)
    end_s = max(1.0, len(bins) * BIN_SECONDS)
    scale = (WIDTH - LEFT - 10) / end_s
    base = y + TOP + DRAWN
    yield f'<text x="{LEFT}" y="{y + 18}" font-weight="600">{outcome.plan.architecture}</text>'
    yield f'<text x="{WIDTH - 10}" y="{y + 18}" text-anchor="end">{LEGEND}</text>'
    for window in outcome.windows:
        x, width = LEFT + window.from_s * scale, (window.to_s - window.from_s) * scale
        yield f'<rect x="{x:.1f}" y="{y + TOP}" width="{width:.1f}" height="{DRAWN}" fill="#fef3c7"/>'
        yield f'<text x="{x:.1f}" y="{y + TOP - 6}">{window.fault}</text>'
    yield from _bars(bins, base, scale)
    yield from _line(bins, base, scale)
    yield f'<text x="{LEFT}" y="{base + 16}">0 s</text>'
    yield f'<text x="{WIDTH - 10}" y="{base + 16}" text-anchor="end">{end_s:.0f} s</text>'


def _bars(bins: Sequence[Sequence[Purchase]], base: int, scale: float) -> Iterator[str]:
    """As high as there were buyers, red from below."""
    most = max((len(each) for each in bins), default=0) or 1
    yield f'<text x="{LEFT - 6}" y="{base - DRAWN + 10}" text-anchor="end">{most / BIN_SECONDS:.0f}/s</text>'
    width = BIN_SECONDS * scale - 1
    for number, purchases in enumerate(bins):
        x = LEFT + number * BIN_SECONDS * scale
        failed = sum(not each.is_accepted for each in purchases) * DRAWN / most
        answered = len(purchases) * DRAWN / most - failed
        if failed:
            yield _bar(x, base - failed, width, failed, "#dc2626")
        if answered:
            yield _bar(x, base - failed - answered, width, answered, "#86efac")


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _line(bins: Sequence[Sequence[Purchase]], base: int, scale: float) -> Iterator[str]:
    """The longest waits; the full height is a buyer's patience."""
    points = []
    for number, purchases in enumerate(bins):
        wait_s = quantile([each.took_s for each in purchases], 0.99)
        x = LEFT + (number + 0.5) * BIN_SECONDS * scale
        points.append(f"{x:.1f},{base - min(1.0, wait_s / PATIENCE_SECONDS) * DRAWN:.1f}")
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="#1d4ed8" stroke-width="1.5"/>'
    yield f'<text x="{LEFT - 6}" y="{base - DRAWN + 26}" text-anchor="end">{PATIENCE_SECONDS:.0f} s</text>'


def _bins(purchases: Sequence[Purchase]) -> list[list[Purchase]]:
    last_s = max((each.at_s for each in purchases), default=0.0)
    bins: list[list[Purchase]] = [[] for _ in range(int(last_s / BIN_SECONDS) + 1)]
    for each in purchases:
        bins[int(each.at_s / BIN_SECONDS)].append(each)
    return bins
