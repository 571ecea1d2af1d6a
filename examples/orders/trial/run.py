"""One trial: start everything, let buyers buy and things go wrong, wait until it is quiet, look at the books."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ottla_examples.orders.service import Surroundings
from ottla_examples.orders.traffic import Traffic
from ottla_examples.orders.trial import faults
from ottla_examples.orders.trial.books import Books, open_books, told
from ottla_examples.orders.trial.faults import Window
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.invariants import Finding, check
from ottla_examples.orders.trial.load import Load, Purchase
from ottla_examples.orders.trial.mail import MailServer
from ottla_examples.orders.trial.page import serve_page
from ottla_examples.orders.trial.quiet import settle

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to try."""

    architecture: str = "fully-event-driven"
    repricing: bool = False
    seconds: float = math.inf
    """How long buyers buy."""
    rate: float = 10.0
    """Orders a second, on average and without bursts."""
    faults: tuple[str, ...] = ()
    seed: int = 7
    timeout_ms: int = 30_000
    """How long an order may stay placed."""
    settle_s: float = 90.0
    """How long everything may take to come to rest afterwards."""
    page_port: int | None = None
    """Of the live page; None: no page."""


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    plan: Plan
    purchases: list[Purchase]
    windows: list[Window]
    books: Books
    findings: list[Finding]
    replayed: int
    """Dead letters that somebody put back."""
    traffic: dict[str, Traffic] = field(default_factory=dict)
    died: list[str] = field(default_factory=list)
    """Services that ended by themselves."""

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return not self.died and all(finding.holds for finding in self.findings)


async def run(plan: Plan, directory: Path, say: Say) -> Outcome:
    """Raises ServiceFailedError, BrokerFailedError. Cancelled, it stops everything."""
    async with _running(plan, directory) as (mail, fleet):
        load = Load(fleet.url, plan.rate, plan.seed)
        windows = faults.windows(list(plan.faults), plan.seconds) if plan.faults else []
        say(f"{plan.architecture}: {len(fleet.architecture.services)} services run, buyers come")
        async with AsyncExitStack() as stack:
            if plan.page_port is not None:
                url = await stack.enter_async_context(serve_page(fleet, load, plan.page_port))
                say(f"look at {url}")
            async with asyncio.TaskGroup() as group:
                group.create_task(load.run(plan.seconds))
                group.create_task(faults.carry_out(fleet, windows, load.elapsed_s, plan.seed))
        say(f"{plan.architecture}: {len(load.purchases)} buyers were there; waiting until it is quiet")
        replayed = await settle(fleet, plan.settle_s)
        traffic, died = await fleet.seen(), fleet.died()
        everything_told = await told(fleet.bootstrap_servers) if fleet.architecture.has_events else {}
        readers = [part.service for part in fleet.architecture.parts if "customers" in part.reads]
    accepted = [purchase.order_id for purchase in load.purchases if purchase.is_accepted]
    books = open_books(directory, accepted, mail.letters, readers)
    books.told = everything_told
    return Outcome(plan, load.purchases, windows, books, check(books), replayed, traffic, died)


@asynccontextmanager
async def _running(plan: Plan, directory: Path) -> AsyncIterator[tuple[MailServer, Fleet]]:
    async with MailServer() as mail:
        surroundings = Surroundings(mail.port, plan.timeout_ms)
        async with Fleet(
            directory, plan.architecture, repricing=plan.repricing, surroundings=surroundings
        ) as fleet:
            yield mail, fleet
