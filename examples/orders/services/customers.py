"""Customers: who they are and where they live. The only one that may say so."""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from ottla_examples.orders.database import Change
from ottla_examples.orders.domain.catalogue import CUSTOMERS as FIRST_CUSTOMERS
from ottla_examples.orders.domain.catalogue import address
from ottla_examples.orders.domain.events import CustomerChanged, encode
from ottla_examples.orders.service import Service, serves
from ottla_examples.orders.topics import CUSTOMERS


class Customers(Service):
    """Its truth: names and addresses."""

    name = "customers"
    schema: ClassVar[str] = """
    CREATE TABLE IF NOT EXISTS customers (customer_id INTEGER PRIMARY KEY, moves INTEGER NOT NULL);
    """
    delay_s = 0.0
    """How long every answer takes: a fault that can be switched on."""

    def open(self) -> None:
        """On the first day: who they are."""
        with self.database.change() as change:
            for number in FIRST_CUSTOMERS:
                if change.run("INSERT OR IGNORE INTO customers VALUES (?, 0)", number):
                    self._tell(change, number, 0)

    @serves("GET", "/customers/{customer_id:int}")
    async def show(self, request: Request) -> Response:
        """All there is to know of one."""
        await asyncio.sleep(self.delay_s)
        number = request.path_params["customer_id"]
        row = self.database.one("SELECT moves FROM customers WHERE customer_id = ?", number)
        if row is None:
            return Response(status_code=404)
        return Response(encode(customer(number, row["moves"])), media_type="application/json")

    @serves("POST", "/customers/{customer_id:int}/moves")
    async def move(self, request: Request) -> Response:
        """One moved house."""
        number = request.path_params["customer_id"]
        row = self.database.one("SELECT moves FROM customers WHERE customer_id = ?", number)
        if row is None:
            return Response(status_code=404)
        with self.database.change() as change:
            change.run("UPDATE customers SET moves = ? WHERE customer_id = ?", row["moves"] + 1, number)
            self._tell(change, number, row["moves"] + 1)
        return Response(status_code=204)

    @serves("POST", "/slowness/{milliseconds:int}")
    async def slow_down(self, request: Request) -> Response:
        """From now on answers take so long."""
        self.delay_s = request.path_params["milliseconds"] / 1000
        return Response(status_code=204)

    def _tell(self, change: Change, number: int, moves: int) -> None:
        change.tell(CUSTOMERS, number, customer(number, moves))


def customer(number: int, moves: int) -> CustomerChanged:
    """What is known of a customer who has moved house so often."""
    return CustomerChanged(
        customer_id=number,
        name=f"Customer {number}",
        email=f"customer-{number}@shop.test",
        address=address(number, moves),
    )
