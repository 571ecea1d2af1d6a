"""Inventory: puts pieces aside for orders, takes them back from those that fail, sees them leave."""

from typing import ClassVar

from ottla_examples.orders.database import Change
from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import (
    Event,
    OrderCancelled,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    StockChanged,
    StockRefused,
    StockReserved,
)
from ottla_examples.orders.domain.stock import Kept, Reservation, Stock
from ottla_examples.orders.service import Service, answers, reacts
from ottla_examples.orders.topics import INVENTORY


class Inventory(Service):
    """Its truth: how many pieces there are, and for whom."""

    name = "inventory"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS stock (product_id INTEGER PRIMARY KEY, available INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS reservations (
        order_id TEXT PRIMARY KEY, product_id INTEGER NOT NULL, kept TEXT NOT NULL, quantity INTEGER NOT NULL
    );
    """

    def open(self) -> None:
        """On the first day: what is in the house, and how much that is."""
        with self.database.change() as change:
            for product in PRODUCTS.values():
                new = "INSERT OR IGNORE INTO stock VALUES (?, ?)"
                if change.run(new, product.product_id, product.pieces):
                    self._tell_available(change, Stock(product.product_id, product.pieces))

    @answers("/reservations")
    @reacts(OrderCreated)
    async def reserve(self, order: OrderCreated) -> Event:
        """Put the order's pieces aside."""
        with self.database.change() as change:
            stock = self._stock(order.product_id, order.order_id)
            is_new = order.order_id not in stock.orders
            answer = _answer(order, is_reserved=stock.reserve(order.order_id, order.quantity))
            if is_new:
                self._save(change, stock, order.order_id)
                change.tell(INVENTORY, order.order_id, answer)
            return answer

    @answers("/releases")
    @reacts(OrderRejected, OrderCancelled)
    async def release(self, order: OrderRejected | OrderCancelled) -> Event:
        """The order failed: its pieces go back to the shelf."""
        with self.database.change() as change:
            stock = self._stock(self._product_of(order.order_id), order.order_id)
            stock.release(order.order_id)
            self._save(change, stock, order.order_id)
        return order

    @answers("/departures")
    @reacts(OrderShipped)
    async def leave(self, order: OrderShipped) -> Event:
        """The order's pieces left the house."""
        with self.database.change() as change:
            stock = self._stock(order.product_id, order.order_id)
            stock.ship(order.order_id)
            self._save(change, stock, order.order_id)
        return order

    def _product_of(self, order_id: str) -> int:
        """0 for an order that nobody asked pieces for."""
        row = self.database.one("SELECT product_id FROM reservations WHERE order_id = ?", order_id)
        return 0 if row is None else row["product_id"]

    def _stock(self, product_id: int, order_id: str) -> Stock:
        """The product's pieces, with this one order's."""
        row = self.database.one("SELECT available FROM stock WHERE product_id = ?", product_id)
        stock = Stock(product_id, 0 if row is None else row["available"])
        order = self.database.one("SELECT kept, quantity FROM reservations WHERE order_id = ?", order_id)
        if order is not None:
            stock.orders[order_id] = Reservation(Kept(order["kept"]), order["quantity"])
        return stock

    def _save(self, change: Change, stock: Stock, order_id: str) -> None:
        changed = "UPDATE stock SET available = ? WHERE product_id = ? AND available <> ?"
        if change.run(changed, stock.available, stock.product_id, stock.available):
            self._tell_available(change, stock)
        order = stock.orders.get(order_id)
        if order is not None:
            row = (order_id, stock.product_id, order.kept, order.quantity)
            change.run("INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?)", *row)

    def _tell_available(self, change: Change, stock: Stock) -> None:
        event = StockChanged(product_id=stock.product_id, available=stock.available)
        change.tell(INVENTORY, f"product-{stock.product_id}", event)


def _answer(order: OrderCreated, *, is_reserved: bool) -> StockReserved | StockRefused:
    if not is_reserved:
        return StockRefused(order_id=order.order_id, product_id=order.product_id)
    return StockReserved(order_id=order.order_id, product_id=order.product_id, quantity=order.quantity)
