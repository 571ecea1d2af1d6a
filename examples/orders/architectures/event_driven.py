"""What happened is told in topics; who cares reacts. Only the address is still asked for."""

from typing import Final

from ottla_examples.orders.architectures.part import Architecture, Part

EVENT_DRIVEN: Final = Architecture(
    "event-driven",
    (
        Part("orders", reads=("inventory", "fraud", "payments", "shipments", "prices"), writes=("orders",)),
        Part("inventory", reads=("orders", "shipments"), writes=("inventory",)),
        Part("fraud", reads=("orders",), writes=("fraud",)),
        Part("payments", reads=("orders", "inventory", "fraud"), writes=("payments",)),
        Part("shipping", calls=("customers",), reads=("orders",), writes=("shipments",)),
        Part("email", calls=("customers",), reads=("orders", "shipments")),
        Part("catalogue", reads=("inventory", "prices")),
        Part("customers"),
    ),
)
