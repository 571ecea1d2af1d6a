"""Sends records that could not be processed to another topic."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from ottla.client.config.settings import ClientSettings, ConsumerSettings
from ottla.client.consuming.decoding import AnyRecord
from ottla.client.consuming.on_error import DeadLetter

if TYPE_CHECKING:
    from ottla.client.producing.producer import Producer


class DeadLetters:
    """With a producer of its own, made when the first one is needed."""

    def __init__(self, bootstrap_servers: str | Sequence[str], settings: ConsumerSettings) -> None:
        self._servers = bootstrap_servers
        self._settings = settings
        self._producer: Producer | None = None

    async def send(self, record: AnyRecord, error: BaseException, rule: DeadLetter) -> None:
        """Returns when it is saved. Raises KafkaError when it cannot be."""
        producer = await self._started()
        headers = [*record.headers, *_why(record, error, self._settings.group_id)]
        await producer.send(rule.topic, record.raw_value, key=record.raw_key, headers=headers)

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.close()

    async def _started(self) -> "Producer":
        from ottla.client.producing.producer import Producer

        if self._producer is None:
            shared = {field.name: getattr(self._settings, field.name) for field in fields(ClientSettings)}
            producer = Producer(self._servers, telemetry=self._settings.telemetry, **shared)
            await producer.start()
            self._producer = producer
        return self._producer


def _why(record: AnyRecord, error: BaseException, group_id: str | None) -> list[tuple[str, bytes | None]]:
    told = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "group": group_id or "",
        "error": type(error).__qualname__,
        "message": str(error),
    }
    return [(f"dead-letter.{name}", text.encode()) for name, text in told.items()]
