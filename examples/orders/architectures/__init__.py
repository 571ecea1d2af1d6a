"""The same services, put together in three ways."""

from typing import Final

from ottla_examples.orders.architectures.event_driven import EVENT_DRIVEN
from ottla_examples.orders.architectures.fully_event_driven import FULLY_EVENT_DRIVEN
from ottla_examples.orders.architectures.part import Architecture, Part
from ottla_examples.orders.architectures.request_driven import REQUEST_DRIVEN

ARCHITECTURES: Final = {each.name: each for each in (REQUEST_DRIVEN, EVENT_DRIVEN, FULLY_EVENT_DRIVEN)}

REPRICING: Final = Part("repricing", reads=("orders", "inventory"), writes=("prices",))
"""Plugs into any architecture that has topics: they are all it needs to know."""


def architecture_of(name: str, *, repricing: bool = False) -> Architecture:
    """Raises ValueError where there is nothing for repricing to read."""
    architecture = ARCHITECTURES[name]
    if not repricing:
        return architecture
    if not architecture.has_events:
        raise ValueError("repricing plugs into topics, and the request-driven architecture has none")
    return architecture.with_part(REPRICING)
