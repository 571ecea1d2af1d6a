"""E-mail: tells the buyer how it ended, once."""

import asyncio
import smtplib
from email.message import EmailMessage
from typing import ClassVar

from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import (
    CustomerChanged,
    Event,
    OrderCancelled,
    OrderRejected,
    OrderShipped,
)
from ottla_examples.orders.service import Service, Surroundings, answers, reacts
from ottla_examples.orders.services import customer_directory

Ending = OrderShipped | OrderRejected | OrderCancelled


class Email(Service):
    """Its truth: which orders' buyers have been told."""

    name = "email"
    schema: ClassVar[str] = (
        customer_directory.SCHEMA
        + """
    CREATE TABLE IF NOT EXISTS mails (order_id TEXT PRIMARY KEY);
    """
    )

    def __init__(self, database: Database, calls: Calls, surroundings: Surroundings) -> None:
        super().__init__(database, calls, surroundings)
        self._customers = customer_directory.directory_of(calls, database)

    @answers("/mails")
    @reacts(OrderShipped, OrderRejected, OrderCancelled)
    async def send(self, ending: Ending) -> Event:
        """A kill between sending and writing that down sends it again, with the same Message-ID: one letter."""
        if self.database.one("SELECT 1 FROM mails WHERE order_id = ?", ending.order_id) is None:
            customer = await self._customers.find(ending.customer_id)
            await asyncio.to_thread(self._deliver, _letter(ending, customer))
            with self.database.change() as change:
                change.run("INSERT OR IGNORE INTO mails VALUES (?)", ending.order_id)
        return ending

    @reacts(CustomerChanged)
    async def customer_changed(self, customer: CustomerChanged) -> None:
        """Written down in the replica; where customers are asked instead, nobody tells of them."""
        customer_directory.Replica(self.database).keep(customer)

    def _deliver(self, letter: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.surroundings.smtp_port, timeout=5) as server:
            server.send_message(letter)


def _letter(ending: Ending, customer: CustomerChanged) -> EmailMessage:
    letter = EmailMessage()
    letter["Message-ID"] = f"<{ending.order_id}@shop.test>"
    letter["From"] = "shop@shop.test"
    letter["To"] = customer.email
    match ending:
        case OrderShipped(address=address):
            subject, text = "is on its way", f"We have sent it to {address}."
        case OrderRejected(reason=reason):
            subject, text = "cannot be delivered", f"We are sorry: {reason}."
        case OrderCancelled():
            subject, text = "was cancelled", "We are sorry: it took us too long."
    letter["Subject"] = f"Your order {subject}"
    letter.set_content(f"Dear {customer.name},\n\n{text}\n")
    return letter
