"""What buyers saw, second by second, as an SVG."""

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from ottla_examples.orders.trial.load import PATIENCE_SECONDS, Purchase
from ottla_examples.orders.trial.measure import bins, quantile
from ottla_examples.orders.trial.run import Outcome

WIDTH: Final = 900
LEFT: Final = 64
RIGHT: Final = WIDTH - 12
TOP: Final = 44
BARS: Final = 110
"""The height of what buyers saw."""
STRIP: Final = 56
"""And of how long their orders took, beneath."""
PANEL: Final = TOP + BARS + STRIP + 54
BIN_SECONDS: Final = 2.0
DECADES: Final = {10: "10 ms", 100: "0.1 s", 1_000: "1 s", 10_000: "10 s", 100_000: "100 s"}
"""What the strip's height is divided into: it is logarithmic."""
LONGEST_MS: Final = 300_000
STYLE: Final = """
text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #5b6675 }
.name { font-size: 15px; font-weight: 650; fill: #1b2430 } .fault { fill: #9a6410 } .end { text-anchor: end }
.window { fill: #fcf0d3 } .answered { fill: #2f80c3 } .away { fill: #d6452b } .axis { stroke: #dfe3ea }
.wait { fill: none; stroke: #17324d; stroke-width: 1.6 } .order { fill: #6d3fb0 }
"""


def plot(outcomes: Sequence[Outcome]) -> str:
    """A panel for each: buyers answered and sent away, how long they waited, and how long their orders took."""
    height = PANEL * len(outcomes) + 30
    body = [line for number, outcome in enumerate(outcomes) for line in _panel(outcome, number * PANEL)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            *body,
            *_legend(PANEL * len(outcomes) + 10),
            "</svg>\n",
        ]
    )


def _legend(y: int) -> Iterator[str]:
    for x, kind, text in (
        (LEFT, "answered", "buyers answered"),
        (LEFT + 150, "away", "sent away"),
        (LEFT + 260, "wait", "how long they waited (p99)"),
        (LEFT + 470, "order", "from the click to the order’s end (median)"),
    ):
        yield _bar(kind, x, y, 12, 10) if kind != "wait" else f'<path class="wait" d="M{x},{y + 5}h12"/>'
        yield _text(x + 17, y + 9, text)


def _panel(outcome: Outcome, y: int) -> Iterator[str]:
    count = math.floor(max((each.at_s for each in outcome.purchases), default=0.0) / BIN_SECONDS) + 1
    binned = bins(outcome.purchases, 0.0, BIN_SECONDS, count)
    end_s = count * BIN_SECONDS
    scale = (RIGHT - LEFT) / end_s
    base, bottom = y + TOP + BARS, y + TOP + BARS + STRIP + 14
    yield _text(LEFT, y + 18, outcome.plan.architecture, "name")
    for window in outcome.windows:
        x, width = LEFT + window.from_s * scale, (window.to_s - window.from_s) * scale
        yield _bar("window", x, y + TOP, width, bottom - y - TOP)
        yield _text(x + 2, y + TOP - 5, window.fault, "fault")
    yield from _bars(binned, base, scale)
    yield from _waits(binned, base, scale)
    yield from _ends(outcome, binned, bottom, scale)
    yield _text(LEFT, bottom + 16, "0 s")
    yield _text(RIGHT, bottom + 16, f"{end_s:.0f} s", "end")


def _bars(binned: Sequence[Sequence[Purchase]], base: int, scale: float) -> Iterator[str]:
    """As high as there were buyers, those that were sent away below."""
    most = max((len(each) for each in binned), default=0) or 1
    yield _text(LEFT - 6, base - BARS + 10, f"{most / BIN_SECONDS:.0f}/s", "end")
    width = BIN_SECONDS * scale - 1
    for number, purchases in enumerate(binned):
        x = LEFT + number * BIN_SECONDS * scale
        away = sum(not each.is_accepted for each in purchases) * BARS / most
        answered = len(purchases) * BARS / most - away
        if away:
            yield _bar("away", x, base - away, width, away)
        if answered:
            yield _bar("answered", x, base - away - answered, width, answered)


def _waits(binned: Sequence[Sequence[Purchase]], base: int, scale: float) -> Iterator[str]:
    """The longest; the full height is a buyer's patience."""
    points = []
    for number, purchases in enumerate(binned):
        wait_s = quantile([each.took_s or 0.0 for each in purchases], 0.99)
        x = LEFT + (number + 0.5) * BIN_SECONDS * scale
        points.append(f"{x:.1f},{base - min(1.0, wait_s / PATIENCE_SECONDS) * BARS:.1f}")
    yield f'<polyline class="wait" points="{" ".join(points)}"/>'
    yield _text(LEFT - 6, base - BARS + 26, f"{PATIENCE_SECONDS:.0f} s", "end")


def _ends(outcome: Outcome, binned: Sequence[Sequence[Purchase]], bottom: int, scale: float) -> Iterator[str]:
    """A dot for the orders of each bin; who was sent away has none that counts."""
    least = min(DECADES)

    def height(took_ms: float) -> float:
        within = min(1.0, max(0.0, math.log(max(took_ms, 1) / least) / math.log(LONGEST_MS / least)))
        return bottom - within * STRIP

    for took_ms, name in DECADES.items():
        yield f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{height(took_ms):.1f}" y2="{height(took_ms):.1f}"/>'
        yield _text(LEFT - 6, height(took_ms) + 4, name, "end")
    for number, purchases in enumerate(binned):
        orders = [outcome.books.orders.get(each.order_id) for each in purchases]
        took = [order.took_ms for order in orders if order is not None and order.took_ms is not None]
        if took:
            x = LEFT + (number + 0.5) * BIN_SECONDS * scale
            yield f'<circle class="order" cx="{x:.1f}" cy="{height(median(took)):.1f}" r="2.4"/>'


def _bar(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" class={kind!r}" if kind else ""}>{text}</text>'
