"""Supply and demand: what a product should cost, from what was ordered lately and what is left."""

from typing import Final

LOWEST: Final = 0.7
HIGHEST: Final = 1.8
"""Prices stay between these parts of the list price."""
OUTLOOK: Final = 10
"""What is left is compared with what would be ordered in so many times the time that was looked at."""
STEP: Final = 0.05
"""Changes smaller than this part of the list price are not worth a word."""


def price_cents(list_price_cents: int, ordered_lately: int, available: int) -> int:
    """The price at this demand and supply. Nothing ordered and much left: cheap; the other way round: dear."""
    wanted = ordered_lately * OUTLOOK
    demand = wanted / max(1, wanted + available)
    factor = LOWEST + (HIGHEST - LOWEST) * demand
    steps = round(factor / STEP)
    return max(1, round(list_price_cents * steps * STEP))


def is_worth_a_word(list_price_cents: int, before_cents: int, after_cents: int) -> bool:
    """Whether a change is large enough to be told."""
    return abs(after_cents - before_cents) >= STEP * list_price_cents / 2
