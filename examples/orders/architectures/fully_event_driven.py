"""Customers are told as well: who needs addresses keeps them. Nobody asks anybody for anything."""

from typing import Final

from ottla_examples.orders.architectures.part import Architecture, Part

FULLY_EVENT_DRIVEN: Final = Architecture(
    "fully-event-driven",
    (
        Part("orders", reads=("fraud", "inventory", "payments", "shipments", "prices"), writes=("orders",)),
        Part("fraud", reads=("orders",), writes=("fraud",)),
        Part("inventory", reads=("orders", "shipments"), writes=("inventory",)),
        Part("payments", reads=("orders", "fraud", "inventory"), writes=("payments",)),
        Part("shipping", reads=("orders", "customers"), writes=("shipments",)),
        Part("email", reads=("orders", "shipments", "customers")),
        Part("customers", writes=("customers",)),
        Part("catalogue", reads=("inventory", "prices")),
    ),
)
