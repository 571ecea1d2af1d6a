"""aiokafka: asyncio, and old request versions only: ApiVersions v0, Produce 7, Fetch 11, nothing compact."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from tests.support.batches import Record


class Aiokafka:
    name = "aiokafka"

    def can_write(self, record: Record) -> bool:
        """It insists on a key or a value."""
        return record.key is not None or record.value is not None

    def write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str = "none") -> None:
        asyncio.run(self._write(bootstrap, topic, records, None if codec == "none" else codec))

    async def _write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str | None) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", compression_type=codec, max_request_size=2_000_000
        ) as producer:
            sent = [
                await producer.send(
                    topic, record.value, record.key, 0, record.timestamp, list(record.headers) or None
                )
                for record in records
            ]
            await asyncio.wait_for(asyncio.gather(*sent), 10)

    def read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        return asyncio.run(asyncio.wait_for(self._read(bootstrap, topic, count), 10))

    async def _read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        consumer.assign([TopicPartition(topic, 0)])
        async with consumer:
            records: list[Record] = []
            while len(records) < count:
                for messages in (await consumer.getmany(timeout_ms=1000, max_records=count)).values():
                    records += [_record(message) for message in messages]
        return records[:count]


def _record(message: Any) -> Record:
    return Record(message.key, message.value, tuple(message.headers), message.timestamp, message.offset)
