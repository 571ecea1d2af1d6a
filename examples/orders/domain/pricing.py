"""Supply and demand: what a product should cost, from what was ordered lately and what is left."""

from typing import Final

LOWEST: Final = 0.7
HIGHEST: Final = 1.8
"""Prices stay between these parts of the list price."""
STEP: Final = 0.05
"""Changes smaller than this part of the list price are not worth a word."""


def price_cents(list_price_cents: int, ordered_lately: int, available: int) -> int:
    """The price at this demand and supply. Nothing ordered and much left: cheap; the other way round: dear."""
    demand = ordered_lately / max(1, ordered_lately + available)
    factor = LOWEST + (HIGHEST - LOWEST) * demand
    steps = round(factor / STEP)
    return max(1, round(list_price_cents * steps * STEP))
