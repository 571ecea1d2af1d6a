"""What happened is told in topics; who cares reacts. Only the address is still asked for."""

from typing import Final

from ottla_examples.orders.architectures.part import Architecture, Part

EVENT_DRIVEN: Final = Architecture(
    "event-driven",
    (
        Part("orders", reads=("fraud", "inventory", "payments", "shipments", "prices"), writes=("orders",)),
        Part("fraud", reads=("orders",), writes=("fraud",)),
        Part("inventory", reads=("orders", "shipments"), writes=("inventory",)),
        Part("payments", reads=("orders", "fraud", "inventory"), writes=("payments",)),
        Part("shipping", calls=("customers",), reads=("orders",), writes=("shipments",)),
        Part("email", calls=("customers",), reads=("orders", "shipments")),
        Part("customers"),
        Part("catalogue", reads=("inventory", "prices")),
    ),
)
