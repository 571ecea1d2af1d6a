"""Everybody who wants something asks for it, and waits. Orders must know everybody, and everybody must be there."""

from typing import Final

from ottla_examples.orders.architectures.part import Architecture, Part

REQUEST_DRIVEN: Final = Architecture(
    "request-driven",
    (
        Part("orders", calls=("fraud", "inventory", "payments", "shipping", "email")),
        Part("fraud"),
        Part("inventory"),
        Part("payments"),
        Part("shipping", calls=("customers",)),
        Part("email", calls=("customers",)),
        Part("customers"),
    ),
)
