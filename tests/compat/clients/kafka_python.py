"""kafka-python: a client in Python alone, with the compact encoding and fetch sessions."""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as Partition
from tests.support.batches import Record


class KafkaPython:
    name = "kafka-python"

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def can_write(self, record: Record) -> bool:
        """It insists on a key or a value, and on a value for every header."""
        return (record.key, record.value) != (None, None) and all(
            value is not None for _, value in record.headers
        )

    def write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str = "none") -> None:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=False,
            compression_type=None if codec == "none" else codec,
            linger_ms=5,
            max_request_size=2_000_000,
            **self.settings,
        )
        try:
            sent = [
                producer.send(
                    topic,
                    partition=0,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers),
                    timestamp_ms=record.timestamp,
                )
                for record in records
            ]
            for future in sent:
                future.get(timeout=10)
        finally:
            producer.close()

    def read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
            **self.settings,
        )
        try:
            consumer.assign([Partition(topic, 0)])
            records = [_record(message) for _, message in zip(range(count), consumer, strict=False)]
        finally:
            consumer.close()
        assert len(records) == count, f"{len(records)} of {count} after 10 s"
        return records


def _record(message: Any) -> Record:
    headers = tuple((name, value) for name, value in message.headers)
    return Record(message.key, message.value, headers, message.timestamp, message.offset)
