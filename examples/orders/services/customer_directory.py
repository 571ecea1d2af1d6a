"""Where a service that is not `customers` gets to know a customer: by asking, or from a replica of its own."""

from typing import Final, Protocol

from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import CustomerChanged, decode, encode

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS replica (customer_id INTEGER PRIMARY KEY, customer BLOB NOT NULL);"
)


class Directory(Protocol):
    """Knows customers."""

    async def find(self, customer_id: int) -> CustomerChanged:
        """What is known of one. Raises what keeps it from being known now."""
        ...


class Asking:
    """Asks the customers service every time."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def find(self, customer_id: int) -> CustomerChanged:
        """Raises UnavailableError."""
        customer = await self._calls.get("customers", f"/customers/{customer_id}")
        assert isinstance(customer, CustomerChanged)
        return customer


class NotYetKnownError(LookupError):
    """The replica has not heard of that customer; it will."""


class Replica:
    """Has written down, in the service's own database, what the customers service told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, customer_id: int) -> CustomerChanged:
        """Raises NotYetKnownError."""
        row = self._database.one("SELECT customer FROM replica WHERE customer_id = ?", customer_id)
        if row is None:
            raise NotYetKnownError(f"customer {customer_id}")
        customer = decode(row["customer"])
        assert isinstance(customer, CustomerChanged)
        return customer

    def keep(self, customer: CustomerChanged) -> None:
        """This is how it is now."""
        with self._database.change() as change:
            row = (customer.customer_id, encode(customer))
            change.run("INSERT OR REPLACE INTO replica VALUES (?, ?)", *row)


def directory_of(calls: Calls, database: Database) -> Directory:
    """Whichever the architecture has: who may call `customers` does."""
    return Asking(calls) if calls.can_reach("customers") else Replica(database)
