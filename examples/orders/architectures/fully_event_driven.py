"""Customers are told as well: who needs addresses keeps them. Nobody asks anybody for anything."""

from typing import Final

from ottla_examples.orders.architectures.part import Architecture, Part

FULLY_EVENT_DRIVEN: Final = Architecture(
    "fully-event-driven",
    (
        Part("orders", reads=("inventory", "fraud", "payments", "shipments", "prices"), writes=("orders",)),
        Part("inventory", reads=("orders", "shipments"), writes=("inventory",)),
        Part("fraud", reads=("orders",), writes=("fraud",)),
        Part("payments", reads=("orders", "inventory", "fraud"), writes=("payments",)),
        Part("shipping", reads=("orders", "customers"), writes=("shipments",)),
        Part("email", reads=("orders", "shipments", "customers")),
        Part("catalogue", reads=("inventory", "prices")),
        Part("customers", writes=("customers",)),
    ),
)
