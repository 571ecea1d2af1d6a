"""Looks at a running trial from all sides, again and again."""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from ottla_examples.orders.architectures.part import Part
from ottla_examples.orders.domain.order import FINAL
from ottla_examples.orders.trial.faults import FAULTS, Trouble, Window
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.load import Load, Purchase
from ottla_examples.orders.trial.measure import Seen, bins, seen_by_buyers, since
from ottla_examples.orders.trial.page.headline import Headline, headline
from ottla_examples.orders.trial.page.hearing import Heard, ask
from ottla_examples.orders.trial.page.journeys import Journey, Journeys

LATELY_SECONDS: Final = 10.0
"""What buyers saw is what they saw within so long."""
DRAWN_SECONDS: Final = 180


class Process(Struct):
    """A service, or the broker."""

    name: str
    is_running: bool
    part: Part


class Second(Struct, array_like=True):
    """What the buyers saw who clicked in one second."""

    answered: int
    sent_away: int
    still_waiting: int
    p99_ms: float


class Snapshot(Struct):
    """Everything that the page shows."""

    architecture: str
    elapsed_s: float
    headline: Headline
    lately: Seen
    sent_away: int
    """Buyers, since the trial began."""
    from_s: float
    """When the first of these seconds began."""
    seconds: list[Second]
    windows: list[Window]
    """What went wrong in them."""
    fault: str | None
    """What is wrong now."""
    faults: tuple[str, ...]
    """What can be asked for."""
    processes: list[Process]
    journeys: list[Journey]
    heard: Heard


class Watch:
    """Of one trial."""

    def __init__(self, fleet: Fleet, load: Load, trouble: Trouble, directory: Path) -> None:
        self.trouble = trouble
        self.fleet = fleet
        self._load = load
        self._journeys = Journeys(directory)
        self._heard = Heard()

    async def look(self) -> Snapshot:
        """As it is now."""
        self._heard = await ask(self.fleet, self._heard)
        elapsed_s = self._load.elapsed_s()
        from_s = float(max(0, math.floor(elapsed_s) - DRAWN_SECONDS))
        purchases = since(self._load.purchases, from_s)
        lately = seen_by_buyers([each for each in purchases if each.ended_s >= elapsed_s - LATELY_SECONDS])
        now = self.trouble.now
        return Snapshot(
            architecture=self.fleet.architecture.name,
            elapsed_s=elapsed_s,
            headline=self._headline(lately),
            lately=lately,
            sent_away=self._load.sent_away,
            from_s=from_s,
            seconds=[_second(each) for each in bins(purchases, from_s, 1.0, math.ceil(elapsed_s - from_s))],
            windows=[window for window in self.trouble.windows if window.to_s > from_s],
            fault=now.fault if now else None,
            faults=() if self.trouble.is_over else tuple(FAULTS),
            processes=self._processes(),
            journeys=await asyncio.to_thread(self._journeys.look),
            heard=self._heard,
        )

    def _headline(self, lately: Seen) -> Headline:
        now = self.trouble.now
        away = [name for name in self.fleet.processes if not self.fleet.is_running(name)]
        totals = self._heard.totals
        under_way = sum(orders for state, orders in totals.items() if state not in FINAL)
        return headline(now.fault if now else None, away, lately, under_way, self._heard.dead_letters)

    def _processes(self) -> list[Process]:
        parts = {part.service: part for part in self.fleet.architecture.parts}
        return [
            Process(name, self.fleet.is_running(name), parts.get(name, Part(name)))
            for name in self.fleet.processes
        ]


def _second(purchases: Sequence[Purchase]) -> Second:
    seen = seen_by_buyers(purchases)
    return Second(seen.orders - seen.failed, seen.failed, seen.waiting, round(seen.p99_ms, 1))
