"""Orders: takes what buyers click, follows it to its end, and lets them watch.

It tells what it decided, and does not know who listens. Where there is no broker (`architectures/request_driven.py`)
it must know everybody, and call them: `buying_by_calls.py`.
"""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Final
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ottla.core.clock import SystemClock
from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Change, Database
from ottla_examples.orders.domain.catalogue import PRODUCTS
from ottla_examples.orders.domain.events import (
    ORDER_CREATED_VERSION,
    Event,
    FraudSuspected,
    OrderCancelled,
    OrderCreated,
    OrderRejected,
    OrderShipped,
    PaymentRefused,
    PaymentTaken,
    PriceChanged,
    StockRefused,
    decode,
    encode,
)
from ottla_examples.orders.domain.order import FINAL, State, after, verdict
from ottla_examples.orders.service import Service, Surroundings, reacts, serves
from ottla_examples.orders.services.buying_by_calls import BuyingByCalls
from ottla_examples.orders.topics import ORDERS
from ottla_examples.orders.tracing import TRACE

LONGEST_WAIT_SECONDS: Final = 30
MOST_PIECES: Final = 100
CHECK_SECONDS: Final = 0.5
"""How often somebody looks for orders that take too long."""


class Basket(msgspec.Struct):
    """What a buyer posts."""

    customer_id: int
    product_id: int
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MOST_PIECES)]


class Orders(Service):
    """Its truth: each order's state."""

    name = "orders"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS orders (
        order_id TEXT PRIMARY KEY, created BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL, ended_at_ms INTEGER, trace TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state, created_at_ms);
    CREATE TABLE IF NOT EXISTS prices (product_id INTEGER PRIMARY KEY, price_cents INTEGER NOT NULL);
    """

    def __init__(self, database: Database, calls: Calls, surroundings: Surroundings) -> None:
        super().__init__(database, calls, surroundings)
        self._clock = SystemClock()
        self._watched: dict[str, asyncio.Event] = {}
        self._by_calls = BuyingByCalls(calls) if calls.can_reach("shipping") else None

    def open(self) -> None:
        """On the first day: the list prices."""
        with self.database.change() as change:
            for product in PRODUCTS.values():
                row = (product.product_id, product.list_price_cents)
                change.run("INSERT OR IGNORE INTO prices VALUES (?, ?)", *row)

    # What buyers do

    @serves("POST", "/orders")
    async def buy(self, request: Request) -> Response:
        """Accepted as soon as it is written down, unless everybody has to be called first."""
        try:
            basket = msgspec.json.decode(await request.body(), type=Basket)
            order = self._priced(basket)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        with self.database.change() as change:
            row = (order.order_id, encode(order), State.PLACED, "", order.created_at_ms, None, TRACE.get())
            change.run("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
            change.tell(ORDERS, order.order_id, order)
        if self._by_calls is None:
            return JSONResponse(self._view(order.order_id), 202)
        outcome = await self._by_calls.buy(order)
        self._happened(order.order_id, *outcome.events)
        return JSONResponse(self._view(order.order_id), 503 if outcome.is_broken else 200)

    @serves("GET", "/orders/{order_id}")
    async def watch(self, request: Request) -> Response:
        """The order as it is; with ?wait=SECONDS, as soon as it has come to its end."""
        order_id = request.path_params["order_id"]
        wait = request.query_params.get("wait", "0")
        if not wait.isdecimal():
            return JSONResponse({"error": f"wait is {wait!r}, and should be seconds"}, 400)
        wait_s = min(int(wait), LONGEST_WAIT_SECONDS)
        view = self._view(order_id)
        if view and view["state"] not in FINAL and wait_s > 0:
            ended = self._watched.setdefault(order_id, asyncio.Event())
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), wait_s)
            view = self._view(order_id)
        return JSONResponse(view, 200 if view else 404)

    @serves("GET", "/totals")
    async def totals(self, _request: Request) -> Response:
        """How many orders there are in each state."""
        rows = self.database.all("SELECT state, count(*) AS orders FROM orders GROUP BY state")
        return JSONResponse({row["state"]: row["orders"] for row in rows})

    # What others tell

    @reacts(StockRefused, FraudSuspected, PaymentTaken, PaymentRefused)
    async def decide(self, news: StockRefused | FraudSuspected | PaymentTaken | PaymentRefused) -> None:
        """Make up one's mind about an order, once."""
        row = self._row(news.order_id)
        if row is not None and row["state"] == State.PLACED:
            decided = verdict(_created(row), news)
            if decided is not None:
                self._happened(news.order_id, decided)

    @reacts(OrderShipped)
    async def shipped(self, news: OrderShipped) -> None:
        """The end of the story."""
        self._happened(news.order_id, news)

    @reacts(PriceChanged)
    async def price_changed(self, news: PriceChanged) -> None:
        """From the next order on."""
        with self.database.change() as change:
            statement = "UPDATE prices SET price_cents = ? WHERE product_id = ?"
            change.run(statement, news.price_cents, news.product_id)

    async def work(self) -> None:
        """Cancel what takes too long."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            query = "SELECT * FROM orders WHERE state = ? AND created_at_ms < ?"
            too_old_ms = self._clock.now_ms() - self.surroundings.timeout_ms
            for row in self.database.all(query, State.PLACED, too_old_ms):
                TRACE.set(row["trace"])
                created = _created(row)
                cancelled = OrderCancelled(order_id=created.order_id, customer_id=created.customer_id)
                self._happened(created.order_id, cancelled)
                if self._by_calls is not None:
                    await self._by_calls.give_up(cancelled)

    # How it is written down

    def _happened(self, order_id: str, *events: Event) -> None:
        """What changes an order's state is written down, told, and seen by those who watch it."""
        with self.database.change() as change:
            for event in events:
                self._apply(change, order_id, event)
        view = self._view(order_id)
        if view and view["state"] in FINAL and order_id in self._watched:
            self._watched.pop(order_id).set()

    def _apply(self, change: Change, order_id: str, event: Event) -> None:
        row = self._row(order_id)
        if row is None:
            return
        state = after(State(row["state"]), event)
        if state != row["state"]:
            reason = event.reason if isinstance(event, OrderRejected) else ""
            ended_at_ms = self._clock.now_ms() if state in FINAL else None
            statement = "UPDATE orders SET state = ?, reason = ?, ended_at_ms = ? WHERE order_id = ?"
            change.run(statement, state, reason, ended_at_ms, order_id)
            if not isinstance(event, OrderShipped):  # that was somebody else's news
                change.tell(ORDERS, order_id, event)

    def _row(self, order_id: str) -> Any:  # noqa: ANN401 - a row of SQLite, or None
        return self.database.one("SELECT * FROM orders WHERE order_id = ?", order_id)

    def _view(self, order_id: str) -> dict[str, Any] | None:
        row = self._row(order_id)
        return row and {"order_id": order_id, "state": row["state"], "reason": row["reason"]}

    def _priced(self, basket: Basket) -> OrderCreated:
        """Raises ValueError for what nobody can buy."""
        row = self.database.one("SELECT price_cents FROM prices WHERE product_id = ?", basket.product_id)
        if row is None:
            raise ValueError(f"there is no product {basket.product_id}")
        return OrderCreated(
            order_id=uuid4().hex,
            customer_id=basket.customer_id,
            product_id=basket.product_id,
            quantity=basket.quantity,
            price_cents=row["price_cents"],
            created_at_ms=self._clock.now_ms(),
            schema=ORDER_CREATED_VERSION,
        )


def _created(row: Any) -> OrderCreated:  # noqa: ANN401 - a row of SQLite
    created = decode(row["created"])
    assert isinstance(created, OrderCreated)
    return created
