"""confluent-kafka: librdkafka of today."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from tests.support.batches import Record


class Confluent:
    name = "confluent"

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def can_write(self, record: Record) -> bool:
        return True

    def write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str = "none") -> None:
        producer = Producer(
            {"bootstrap.servers": bootstrap, "acks": "all", "compression.type": codec, "linger.ms": 5}
            | {"message.max.bytes": 2_000_000, "message.timeout.ms": 10_000}
            | self.settings
        )
        failures: list[Any] = []

        def delivered(error: Any, _message: Any) -> None:
            if error is not None:
                failures.append(error)

        for record in records:
            producer.produce(
                topic,
                partition=0,
                key=record.key,
                value=record.value,
                headers=list(record.headers) or None,
                timestamp=record.timestamp or 0,
                on_delivery=delivered,
            )
            producer.poll(0)
        assert producer.flush(40) == 0, "not all were acknowledged"
        assert not failures, failures[0]

    def read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        settings = {"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False}
        consumer = Consumer(settings | {"error_cb": lambda error: None} | self.settings)
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        records: list[Record] = []
        while len(records) < count:
            messages = consumer.consume(count - len(records), timeout=10)
            assert messages, f"{len(records)} of {count} after 10 s"
            records += [_record(message) for message in messages]
        consumer.close()
        return records


def _record(message: Any) -> Record:
    assert message.error() is None, message.error()
    headers = tuple(message.headers() or ())
    return Record(message.key(), message.value(), headers, message.timestamp()[1], message.offset())
