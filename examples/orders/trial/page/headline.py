"""What is going on, in a sentence or two, for who looks at the page for the first time."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from ottla_examples.orders.trial.measure import Seen


class Level(StrEnum):
    """How bad it is, for the buyers."""

    WELL = "well"
    HELD_UP = "held-up"
    """Something is wrong, and no buyer is sent away."""
    SALES_LOST = "sales-lost"


class Headline(Struct, frozen=True):
    """The first thing that is read."""

    level: Level
    what: str
    cost: str
    """To the buyers."""


WHAT: Final = {
    "shipping-down": "Shipping is away.",
    "customers-slow": "Customers takes three seconds for every answer.",
    "kill": "Services are killed, one after the other.",
}


def headline(fault: str | None, away: list[str], seen: Seen, under_way: int, dead_letters: int) -> Headline:
    """Of what buyers saw lately; `away`: what does not run; `under_way`: orders that have not come to their end."""
    what = WHAT[fault] if fault else f"{_names(away)} away." if away else ""
    cost = _cost(seen) + _waiting(under_way, dead_letters)
    if seen.failed:
        return Headline(Level.SALES_LOST, what or "Not everything is right again.", cost)
    if what or dead_letters or (seen.waiting and not seen.orders):
        return Headline(Level.HELD_UP, what or _held_up(dead_letters), cost)
    return Headline(Level.WELL, "Everything runs.", cost)


def _names(away: list[str]) -> str:
    names = " and ".join(away).capitalize()
    return f"{names} {'is' if len(away) == 1 else 'are'}"


def _held_up(dead_letters: int) -> str:
    return "Some events could not be handled." if dead_letters else "Everything runs, but slowly."


def _cost(seen: Seen) -> str:
    if not seen.orders:
        return (
            f"{seen.waiting} buyers wait for their answer." if seen.waiting else "No buyer has come lately."
        )
    if seen.failed:
        return f"{seen.failed} of the last {seen.orders} buyers were sent away."
    return f"Buyers have their answer after {seen.p50_ms:.0f} ms."


def _waiting(under_way: int, dead_letters: int) -> str:
    text = f" {under_way} orders are under way." if under_way else ""
    return text + (
        f" {dead_letters} events wait in dead-letters for somebody to look." if dead_letters else ""
    )
