"""What `ottla demo orders` does: one trial, or the three compared."""

import asyncio
import math
import signal
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ottla_examples.orders.architectures import ARCHITECTURES, architecture_of
from ottla_examples.orders.trial.caretaker import Death
from ottla_examples.orders.trial.compare import table
from ottla_examples.orders.trial.drawing import draw
from ottla_examples.orders.trial.faults import FAULTS
from ottla_examples.orders.trial.measure import seen_by_buyers
from ottla_examples.orders.trial.plot import plot
from ottla_examples.orders.trial.run import Outcome, Plan, run
from ottla_examples.orders.trial.scratch import scratch

COMPARED_SECONDS: Final = 260.0
"""So that shipping is down for a minute."""
CHECKED_SECONDS: Final = 30.0
SHOWN_AT_MOST: Final = 3
"""Of deaths, and of what breaks a rule."""
WORDS_SHOWN: Final = 3
"""Lines of what a process said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    architecture: str
    repricing: bool = False
    seconds: float | None = None
    rate: float = 10.0
    faults: tuple[str, ...] = ()
    seed: int = 7
    page_port: int = 0
    check: bool = False
    compare: bool = False
    write: Path | None = None
    """Where `compare` leaves its table, plot and diagrams."""
    data: Path | None = None
    """Where databases and topics are kept; None: nowhere."""


def carry_out(wish: Wish) -> int:
    """The exit status. Raises ValueError for what cannot be."""
    return _compare(wish) if wish.compare else _try(wish)


def _try(wish: Wish) -> int:
    """One architecture, with the page."""
    architecture_of(wish.architecture, repricing=wish.repricing)
    ends = wish.check or wish.faults
    seconds = wish.seconds if wish.seconds is not None else CHECKED_SECONDS if ends else math.inf
    outcome = _run(wish, replace(_plan(wish), seconds=seconds, page_port=wish.page_port))
    _say(_summary(outcome))
    if not wish.check:
        return 0
    _say(_verdict(outcome))
    return 0 if outcome.holds else 1


def _compare(wish: Wish) -> int:
    """All of them; what broke is part of the result, and no failure of the comparison."""
    seconds = COMPARED_SECONDS if wish.seconds is None else wish.seconds
    plan = replace(_plan(wish), seconds=seconds, faults=wish.faults or tuple(FAULTS), repricing=False)
    outcomes = [_run(wish, replace(plan, architecture=name)) for name in ARCHITECTURES]
    for outcome in outcomes:
        _say(_verdict(outcome))
    _say("\n" + table(outcomes))
    if wish.write is not None:
        _write(wish.write, outcomes)
    return 0


def _plan(wish: Wish) -> Plan:
    return Plan(
        architecture=wish.architecture,
        repricing=wish.repricing,
        rate=wish.rate,
        faults=wish.faults,
        seed=wish.seed,
    )


def _run(wish: Wish, plan: Plan) -> Outcome:
    """Raises what keeps it from running, and KeyboardInterrupt when it was told to end."""
    with scratch() if wish.data is None else _kept(wish.data / plan.architecture) as directory:
        try:
            outcome = asyncio.run(_until_stopped(run(plan, directory, _say)))
        except BaseExceptionGroup as group:
            raise _first(group) from None  # what came first; the rest was stopped because of it
        if outcome is None:
            raise KeyboardInterrupt
        return outcome


@contextmanager
def _kept(directory: Path) -> Iterator[Path]:
    """Raises ValueError for one that holds something."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ValueError(f"{directory} holds something already; every run begins with nothing")
    yield directory


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _until_stopped(trial: Coroutine[Any, Any, Outcome]) -> Outcome | None:
    """None after Ctrl-C or SIGTERM, when everything that was started is stopped; a second one does not wait for it."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(trial)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None


def _write(directory: Path, outcomes: Sequence[Outcome]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "comparison.md").write_text(table(outcomes) + "\n")
    (directory / "comparison.svg").write_text(plot(outcomes))
    for outcome in outcomes:
        (directory / f"{outcome.plan.architecture}.mmd").write_text(draw(outcome.traffic) + "\n")
    _say(f"table, plot and diagrams are in {directory}")


def _summary(outcome: Outcome) -> str:
    seen = seen_by_buyers(outcome.purchases)
    states = [order.state.value for order in outcome.books.orders.values()]
    counted = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return (
        f"{seen.orders} buyers, {seen.failed} without an answer; p50 {seen.p50_ms:.0f} ms, p99 {seen.p99_ms:.0f} ms; "
        f"orders: {counted or 'none'}; {outcome.replayed} dead letters put back"
    )


def _verdict(outcome: Outcome) -> str:
    lines = [f"{outcome.plan.architecture}:"]
    lines += _some([_obituary(death) for death in outcome.deaths])
    for finding in outcome.findings:
        lines.append(f"  {'holds ' if finding.holds else 'BROKEN'}  {finding.rule}")
        lines += _some([f"          {what}" for what in finding.broken])
    return "\n".join(lines)


def _some(lines: Sequence[str]) -> list[str]:
    """The first of them, and how many there are besides."""
    more = len(lines) - SHOWN_AT_MOST
    return [*lines[:SHOWN_AT_MOST], *([f"          and {more} more"] if more > 0 else [])]


def _obituary(death: Death) -> str:
    if not death.is_its_own_fault:
        return f"  DIED    {death.name} was killed by somebody"
    words = (f"\n          {line}" for line in death.last_words.splitlines()[-WORDS_SHOWN:])
    return f"  DIED    {death.name} ended by itself, status {death.status}; last it said:{''.join(words)}"


def _say(text: str) -> None:
    print(text, flush=True)
