"""Catalogue: what the shop window shows. It follows prices and stock, and asks nobody."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import PriceChanged, StockChanged
from ottla_examples.orders.service import Service, reacts, serves


class Catalogue(Service):
    """Holds no truth, only what it heard."""

    name = "catalogue"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS products (
        product_id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL, available INTEGER NOT NULL
    );
    """

    def open(self) -> None:
        """On the first day: the list prices."""
        with self.database.change() as change:
            for product in PRODUCTS.values():
                row = (product.product_id, product.name, product.list_price_cents)
                change.run("INSERT OR IGNORE INTO products VALUES (?, ?, ?, 0)", *row)

    @serves("GET", "/products")
    async def show(self, _request: Request) -> Response:
        """Everything that can be bought."""
        rows = self.database.all("SELECT * FROM products ORDER BY product_id")
        return JSONResponse([{**row, "list_price_cents": _list_price(row["product_id"])} for row in rows])

    @reacts(PriceChanged)
    async def price_changed(self, news: PriceChanged) -> None:
        """A new price."""
        with self.database.change() as change:
            statement = "UPDATE products SET price_cents = ? WHERE product_id = ?"
            change.run(statement, news.price_cents, news.product_id)

    @reacts(StockChanged)
    async def stock_changed(self, news: StockChanged) -> None:
        """More or fewer pieces."""
        with self.database.change() as change:
            statement = "UPDATE products SET available = ? WHERE product_id = ?"
            change.run(statement, news.available, news.product_id)


def _list_price(product_id: int) -> int:
    return PRODUCTS[product_id].list_price_cents
