"""The three architectures under the same load and the same faults, side by side."""

from collections.abc import Callable, Sequence
from typing import Final

from ottla_examples.orders.architectures import architecture_of
from ottla_examples.orders.architectures.part import Part
from ottla_examples.orders.domain.order import State
from ottla_examples.orders.trial.measure import Seen, quantile, seen_by_buyers
from ottla_examples.orders.trial.run import Outcome

LATE_MS: Final = 5000
"""An order that took longer to come to its end was held up by something."""
Row = tuple[str, Callable[[Outcome], str]]


def table(outcomes: Sequence[Outcome]) -> str:
    """In Markdown, which reads well in a terminal too."""
    faults = [window.fault for window in outcomes[0].windows]
    rows: list[Row] = [
        ("buyers", lambda outcome: str(len(outcome.purchases))),
        ("got an answer", lambda outcome: _rate(seen_by_buyers(outcome.purchases))),
        *((f"… while {fault}", _during(fault, _rate)) for fault in faults),
        ("sent away: sales lost", lambda outcome: str(seen_by_buyers(outcome.purchases).failed)),
        ("waited for it, p50 / p99", lambda outcome: _waits(seen_by_buyers(outcome.purchases))),
        *((f"… while {fault}", _during(fault, _waits)) for fault in faults),
        ("click to the order's end, p50 / p99", _ends),
        ("shipped / rejected / cancelled", _states),
        ("held up, and recovered by itself", lambda outcome: str(_recovered(outcome))),
        ("dead letters put back", lambda outcome: str(outcome.replayed)),
        ("lost or left inconsistent afterwards", _broken),
        ("links from service to service", _calls),
        ("links from services to topics", _links),
    ]
    names = [outcome.plan.architecture for outcome in outcomes]
    cells = [["", *names], *([name, *(of(outcome) for outcome in outcomes)] for name, of in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _during(fault: str, of: Callable[[Seen], str]) -> Callable[[Outcome], str]:
    def cell(outcome: Outcome) -> str:
        [window] = [window for window in outcome.windows if window.fault == fault]
        return of(
            seen_by_buyers([each for each in outcome.purchases if window.from_s <= each.at_s < window.to_s])
        )

    return cell


def _rate(seen: Seen) -> str:
    return f"{100 * seen.success_rate:.1f} %"


def _waits(seen: Seen) -> str:
    return f"{seen.p50_ms:.0f} / {seen.p99_ms:.0f} ms"


def _ends(outcome: Outcome) -> str:
    took_ms = [order.took_ms for order in outcome.books.orders.values() if order.took_ms is not None]
    return f"{quantile(took_ms, 0.5):.0f} / {quantile(took_ms, 0.99):.0f} ms"


def _states(outcome: Outcome) -> str:
    states = [order.state for order in outcome.books.orders.values()]
    return " / ".join(str(states.count(state)) for state in (State.SHIPPED, State.REJECTED, State.CANCELLED))


def _recovered(outcome: Outcome) -> int:
    """Accepted orders that something held up, and that came to their end without help."""
    accepted = set(outcome.books.accepted)
    late = [
        order
        for order_id, order in outcome.books.orders.items()
        if order_id in accepted and order.took_ms is not None and order.took_ms > LATE_MS
    ]
    return max(0, len(late) - outcome.replayed)


def _broken(outcome: Outcome) -> str:
    return str(sum(len(finding.broken) for finding in outcome.findings))


def _calls(outcome: Outcome) -> str:
    return str(sum(len(part.calls) for part in _parts(outcome)))


def _links(outcome: Outcome) -> str:
    return str(sum(len(part.reads) + len(part.writes) for part in _parts(outcome)))


def _parts(outcome: Outcome) -> Sequence[Part]:
    return architecture_of(outcome.plan.architecture, repricing=outcome.plan.repricing).parts
