"""One trial: start everything, let buyers buy and things go wrong, wait until it is quiet, look at the books."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ottla_examples.orders.architectures import architecture_of
from ottla_examples.orders.service import Surroundings
from ottla_examples.orders.traffic import Traffic
from ottla_examples.orders.trial import faults
from ottla_examples.orders.trial.books import Books, open_books, told
from ottla_examples.orders.trial.caretaker import Death, looked_after
from ottla_examples.orders.trial.faults import Trouble, Window
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.invariants import Finding, check
from ottla_examples.orders.trial.load import Load, Purchase
from ottla_examples.orders.trial.mail import MailServer
from ottla_examples.orders.trial.page.server import listen, serve_page
from ottla_examples.orders.trial.page.watch import Watch
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
    """Of the live page, 0 for any; None: no page."""


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
    deaths: list[Death] = field(default_factory=list)
    """Of processes that nobody here killed."""

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return not any(death.is_its_own_fault for death in self.deaths) and all(
            finding.holds for finding in self.findings
        )


async def run(plan: Plan, directory: Path, say: Say) -> Outcome:
    """Raises ServiceFailedError, BrokerFailedError, KafkaError. Cancelled, it stops everything."""
    architecture = architecture_of(plan.architecture, repricing=plan.repricing)
    async with AsyncExitStack() as stack:
        listening = None if plan.page_port is None else stack.enter_context(listen(plan.page_port))
        mail = await stack.enter_async_context(MailServer())
        surroundings = Surroundings(mail.port, plan.timeout_ms)
        fleet = await stack.enter_async_context(Fleet(directory, architecture, surroundings))
        deaths = await stack.enter_async_context(looked_after(fleet))
        load = Load(fleet.url, plan.rate, plan.seed)
        trouble = Trouble(fleet, load.elapsed_s, plan.seed)
        say(f"{plan.architecture}: {len(architecture.services)} services run, buyers come")
        if listening is not None:
            watch = Watch(fleet, load, trouble, directory)
            await stack.enter_async_context(serve_page(watch, listening))
            say(f"look at http://127.0.0.1:{listening.getsockname()[1]}")
        await _buy(plan, load, trouble)
        say(f"{plan.architecture}: {len(load.purchases)} buyers were there; waiting until it is quiet")
        rest = await settle(fleet, plan.settle_s)
        traffic = await fleet.traffic()
        books = await _books(fleet, directory, load, mail)
    findings = [rest.finding, *check(books)]
    return Outcome(plan, load.purchases, trouble.windows, books, findings, rest.replayed, traffic, deaths)


async def _buy(plan: Plan, load: Load, trouble: Trouble) -> None:
    """Buyers buy, and things go wrong; in the end nothing is wrong any more."""
    planned = faults.plan(plan.faults, plan.seconds) if plan.faults else []
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run(plan.seconds))
        group.create_task(trouble.carry_out(planned))
    await trouble.end()


async def _books(fleet: Fleet, directory: Path, load: Load, mail: MailServer) -> Books:
    """All that was written down."""
    accepted = [purchase.order_id for purchase in load.purchases if purchase.is_accepted]
    readers = [part.service for part in fleet.architecture.parts if "customers" in part.reads]
    books = open_books(directory, accepted, mail.letters, readers)
    if fleet.architecture.has_events:
        books.told = await told(fleet.bootstrap_servers)
    return books
