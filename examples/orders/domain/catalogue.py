"""The shop's shelf and its customers on the first day, the same in every run."""

from dataclasses import dataclass
from typing import Final

CUSTOMERS: Final = range(1, 201)
STREETS: Final = ("Canal", "Mill", "Harbour", "Orchard", "Station", "Chapel", "Meadow", "Tower")
TOWNS: Final = ("Lund", "Ghent", "Graz", "Porto", "Bergen", "Turku", "Siena", "Brno")


@dataclass(frozen=True, slots=True)
class Product:
    """Something that can be bought."""

    product_id: int
    name: str
    list_price_cents: int
    pieces: int
    """In the house on the first day."""


_NAMES: Final = ("kettle", "lamp", "rug", "clock", "chair", "mirror", "vase", "blanket", "stool", "basket")
PRODUCTS: Final = {
    number: Product(number, name, 900 + 700 * number, 40 if number % 5 == 0 else 3_000)
    for number, name in enumerate(_NAMES, start=1)
}
"""Every fifth is scarce, so that some orders find it sold out."""


def address(customer_id: int, moves: int = 0) -> str:
    """Where a customer lives after having moved house so often."""
    street = STREETS[(customer_id + moves) % len(STREETS)]
    town = TOWNS[(customer_id // len(STREETS) + moves) % len(TOWNS)]
    return f"{1 + (customer_id * 7 + moves * 13) % 90} {street} Street, {town}"
