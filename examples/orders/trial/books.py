"""What the services have written down, read from their databases when nothing moves any more."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ottla import Consumer, Record
from ottla_examples.orders.domain.events import CustomerChanged, Event, OrderCreated, OrderShipped, decode
from ottla_examples.orders.domain.order import State
from ottla_examples.orders.domain.payment import Money
from ottla_examples.orders.domain.stock import Kept, Reservation
from ottla_examples.orders.services.customers import customer
from ottla_examples.orders.topics import ORDERS, TOPICS
from ottla_examples.orders.tracing import ID_HEADER, TRACE_HEADER


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """The orders service's line about an order."""

    created: OrderCreated
    state: State
    ended_at_ms: int | None
    trace: str

    @property
    def took_ms(self) -> int | None:
        """From the click to the order's end; None: it has not come to it."""
        return None if self.ended_at_ms is None else self.ended_at_ms - self.created.created_at_ms


class Told(NamedTuple):
    """An event as it is in a topic."""

    event: Event
    event_id: str
    """The same for an event that was sent again after a kill."""
    trace: str


@dataclass(slots=True)
class Books:
    """All of it."""

    accepted: list[str]
    """What buyers were told."""
    orders: dict[str, OrderEntry]
    reservations: dict[str, tuple[int, Reservation]]
    """Order → product and pieces."""
    available: dict[int, int]
    money: dict[str, Money]
    shipments: dict[str, OrderShipped]
    letters: dict[str, list[str]]
    """Order → subjects of the letters that the buyer got."""
    customers: dict[int, CustomerChanged]
    replicas: dict[str, dict[int, CustomerChanged]]
    """Service → what it believes of customers; none where it asks instead."""
    told: dict[str, list[Told]] = field(default_factory=dict)
    """Order → all that was told of it in topics."""


def open_books(
    directory: Path, accepted: Iterable[str], letters: dict[str, list[str]], readers: Iterable[str]
) -> Books:
    """Of the services that ran in this directory; `readers` keep replicas of customers."""
    return Books(
        accepted=list(accepted),
        orders={row["order_id"]: _entry(row) for row in _rows(directory, "orders", "orders")},
        reservations={
            row["order_id"]: (row["product_id"], Reservation(Kept(row["kept"]), row["quantity"]))
            for row in _rows(directory, "inventory", "reservations")
        },
        available={row["product_id"]: row["available"] for row in _rows(directory, "inventory", "stock")},
        money={row["order_id"]: Money(row["money"]) for row in _rows(directory, "payments", "dues")},
        shipments={row["order_id"]: _shipped(row) for row in _rows(directory, "shipping", "shipments")},
        letters={message_id.partition("@")[0]: subjects for message_id, subjects in letters.items()},
        customers={
            row["customer_id"]: customer(row["customer_id"], row["moves"])
            for row in _rows(directory, "customers", "customers")
        },
        replicas={service: _replica(directory, service) for service in readers},
    )


async def told(bootstrap_servers: str) -> dict[str, list[Told]]:
    """Everything in the topics about orders, in each topic's order. Raises KafkaError."""
    found: dict[str, list[Told]] = {}
    topics = [topic for topic in TOPICS.values() if topic is not ORDERS]
    options: dict[str, Any] = {"bootstrap_servers": bootstrap_servers, "auto_offset_reset": "earliest"}
    async with Consumer(ORDERS, *topics, **options) as consumer:
        places = [place for topic in TOPICS for place in await consumer.partitions_for(topic)]
        ends = await consumer.end_offsets(places)
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    order_id = getattr(record.value, "order_id", None)
                    if order_id is not None:
                        found.setdefault(order_id, []).append(_told(record))
    return found


def _told(record: Record[str, Event]) -> Told:
    headers = dict(record.headers)
    assert record.value is not None
    return Told(record.value, (headers[ID_HEADER] or b"").decode(), (headers[TRACE_HEADER] or b"").decode())


def _rows(directory: Path, service: str, table: str) -> list[sqlite3.Row]:
    """None of a book that nobody can read: what is missing breaks the rules."""
    connection = sqlite3.connect(f"file:{directory / service}.sqlite?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names
    except sqlite3.DatabaseError:
        return []
    finally:
        connection.close()


def _entry(row: sqlite3.Row) -> OrderEntry:
    created = decode(row["created"])
    assert isinstance(created, OrderCreated)
    return OrderEntry(created, State(row["state"]), row["ended_at_ms"], row["trace"])


def _shipped(row: sqlite3.Row) -> OrderShipped:
    shipped = decode(row["shipped"])
    assert isinstance(shipped, OrderShipped)
    return shipped


def _replica(directory: Path, service: str) -> dict[int, CustomerChanged]:
    found = (decode(row["customer"]) for row in _rows(directory, service, "replica"))
    return {each.customer_id: each for each in found if isinstance(each, CustomerChanged)}
