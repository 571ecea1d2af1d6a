"""Repricing: watches demand and supply, and says what things should cost.

It was plugged in when everything else ran already. Nobody calls it, and it calls nobody; whoever wants prices reads
them.
"""

from typing import ClassVar, Final

from ottla_examples.orders.database import Change
from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import OrderCreated, PriceChanged, StockChanged
from ottla_examples.orders.domain.pricing import is_worth_a_word, price_cents
from ottla_examples.orders.service import Service, reacts
from ottla_examples.orders.topics import PRICES

LATELY_MS: Final = 60_000


class Repricing(Service):
    """Its truth: prices."""

    name = "repricing"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS demand (
        order_id TEXT PRIMARY KEY, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL, at_ms INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS demand_by_product ON demand (product_id, at_ms);
    CREATE TABLE IF NOT EXISTS products (
        product_id INTEGER PRIMARY KEY, available INTEGER NOT NULL, price_cents INTEGER NOT NULL
    );
    """

    def open(self) -> None:
        """On the first day: the list prices."""
        with self.database.change() as change:
            for product in PRODUCTS.values():
                row = (product.product_id, product.pieces, product.list_price_cents)
                change.run("INSERT OR IGNORE INTO products VALUES (?, ?, ?)", *row)

    @reacts(OrderCreated)
    async def order_created(self, order: OrderCreated) -> None:
        """Demand rises by this order, and falls by those that are long ago."""
        with self.database.change() as change:
            row = (order.order_id, order.product_id, order.quantity, order.created_at_ms)
            change.run("INSERT OR IGNORE INTO demand VALUES (?, ?, ?, ?)", *row)
            change.run("DELETE FROM demand WHERE at_ms < ?", order.created_at_ms - LATELY_MS)
            self._reprice(change, order.product_id)

    @reacts(StockChanged)
    async def stock_changed(self, news: StockChanged) -> None:
        """Supply is different now."""
        with self.database.change() as change:
            statement = "UPDATE products SET available = ? WHERE product_id = ?"
            change.run(statement, news.available, news.product_id)
            self._reprice(change, news.product_id)

    def _reprice(self, change: Change, product_id: int) -> None:
        """Tell a new price where it is different enough."""
        row = self.database.one(
            "SELECT available, price_cents FROM products WHERE product_id = ?", product_id
        )
        demand = self.database.one(
            "SELECT sum(quantity) AS pieces FROM demand WHERE product_id = ?", product_id
        )
        if row is None or demand is None:
            return
        list_price = PRODUCTS[product_id].list_price_cents
        price = price_cents(list_price, demand["pieces"] or 0, row["available"])
        if is_worth_a_word(list_price, row["price_cents"], price):
            change.run("UPDATE products SET price_cents = ? WHERE product_id = ?", price, product_id)
            change.tell(PRICES, product_id, PriceChanged(product_id=product_id, price_cents=price))
