"""Sends what a service has written down to tell, in order, and forgets what was saved."""

import asyncio
import logging
import sqlite3
from typing import Final

from ottla import KafkaError, Producer
from ottla_examples.orders.database import Database
from ottla_examples.orders.tracing import ID_HEADER, TRACE_HEADER
from ottla_examples.orders.traffic import Traffic, count

AT_ONCE: Final = 500
AGAIN_SECONDS: Final = 0.5
_log = logging.getLogger(__name__)


class Outbox:
    """Of one service."""

    def __init__(self, service: str, database: Database, producer: Producer, traffic: Traffic) -> None:
        self._service = service
        self._database = database
        self._producer = producer
        self._traffic = traffic

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._database.told.clear()
            rows = self._database.all("SELECT * FROM outbox ORDER BY id LIMIT ?", AT_ONCE)
            if not rows:
                await self._database.told.wait()
                continue
            try:
                await self._send(rows)
            except KafkaError as error:
                _log.warning("%s cannot tell: %s", self._service, error)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _send(self, rows: list[sqlite3.Row]) -> None:
        """Returns when all are saved. Raises KafkaError; then all are sent again."""
        deliveries = [
            self._producer.send_nowait(
                row["topic"], row["value"], key=row["key"].encode(), headers=self._headers(row)
            )
            for row in rows
        ]
        for delivery, row in zip(deliveries, rows, strict=True):
            await delivery
            count(self._traffic.wrote, row["topic"])
        with self._database.change() as change:
            change.run("DELETE FROM outbox WHERE id <= ?", rows[-1]["id"])

    def _headers(self, row: sqlite3.Row) -> dict[str, bytes | None]:
        """The event's id is the same when it is sent again."""
        return {TRACE_HEADER: row["trace"].encode(), ID_HEADER: f"{self._service}-{row['id']}".encode()}
