"""A service's own SQLite file, and in it its outbox.

A service must change its state and tell the others, both or neither; a database and a log cannot commit together. So
what it has to tell is written into the same database in the same transaction, and sent from there (`outbox.py`). After
a kill -9 it is sent again, perhaps twice: whoever reacts must not mind being told twice.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ottla_examples.orders.domain.events import Event, encode
from ottla_examples.orders.topics import EventTopic
from ottla_examples.orders.tracing import TRACE

EventT = TypeVar("EventT", bound=Event)

_OUTBOX: Final = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, trace TEXT NOT NULL
);
"""


class Change:
    """A transaction: what the service writes down, and what it tells because of it."""

    def __init__(self, connection: sqlite3.Connection, writes: frozenset[str]) -> None:
        self._connection = connection
        self._writes = writes
        self.has_told = False

    def run(self, statement: str, *values: Any) -> int:  # noqa: ANN401 - whatever SQLite takes
        """How many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def tell(self, topic: EventTopic, key: object, event: EventT) -> EventT:
        """Say it to whoever reads the topic, once this transaction is committed. The event again, for an answer.

        An architecture in which this service does not write to the topic has nobody to tell it to.
        """
        if topic.name in self._writes:
            row = (topic.name, str(key), encode(event), TRACE.get())
            self.run("INSERT INTO outbox (topic, key, value, trace) VALUES (?, ?, ?, ?)", *row)
            self.has_told = True
        return event


class Database:
    """One file, one connection, one thread."""

    def __init__(self, path: Path, schema: str, writes: tuple[str, ...] = ()) -> None:
        self._writes = frozenset(writes)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # what a killed process committed stays
        self._connection.executescript(_OUTBOX + schema)
        self.told = asyncio.Event()
        """Something may be in the outbox."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @contextmanager
    def change(self) -> Iterator[Change]:
        """All or nothing. Nothing is awaited in the block, so that no two of them are ever under way."""
        change = Change(self._connection, self._writes)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield change
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if change.has_told:
            self.told.set()

    def one(self, query: str, *values: Any) -> sqlite3.Row | None:  # noqa: ANN401
        """The first row; None: there is none."""
        row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
        return row

    def all(self, query: str, *values: Any) -> list[sqlite3.Row]:  # noqa: ANN401
        """Every row."""
        return self._connection.execute(query, values).fetchall()
