"""Clients of any Kafka: `Producer`, `Consumer`, `Admin`. Each is imported when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.buffer_memory import BufferFull
    from ottla.client.consumer import Consumer
    from ottla.client.consumer_batch import Batch
    from ottla.client.consumer_health import ConsumerHealth
    from ottla.client.delivery import Delivery, RecordMetadata
    from ottla.client.group_metadata import GroupMetadata, OffsetAndMetadata
    from ottla.client.metadata import TopicPartition
    from ottla.client.on_error import DeadLetter, Retry, Stop
    from ottla.client.producer import Producer
    from ottla.client.producer_health import ProducerHealth
    from ottla.client.sent_records import SentRecords, SomeNotSentError
    from ottla.client.settings import AdminSettings, ClientSettings, ConsumerSettings, ProducerSettings
    from ottla.client.topic import Topic
    from ottla.client.transaction import Transaction

_HOMES = {
    "Admin": "admin",
    "AdminSettings": "settings",
    "Batch": "consumer_batch",
    "BufferFull": "buffer_memory",
    "ClientSettings": "settings",
    "Consumer": "consumer",
    "ConsumerHealth": "consumer_health",
    "ConsumerSettings": "settings",
    "DeadLetter": "on_error",
    "Delivery": "delivery",
    "GroupMetadata": "group_metadata",
    "OffsetAndMetadata": "group_metadata",
    "Producer": "producer",
    "ProducerHealth": "producer_health",
    "ProducerSettings": "settings",
    "RecordMetadata": "delivery",
    "Retry": "on_error",
    "SentRecords": "sent_records",
    "SomeNotSentError": "sent_records",
    "Stop": "on_error",
    "Topic": "topic",
    "TopicPartition": "metadata",
    "Transaction": "transaction",
}

__all__ = [
    "Admin",
    "AdminSettings",
    "Batch",
    "BufferFull",
    "ClientSettings",
    "Consumer",
    "ConsumerHealth",
    "ConsumerSettings",
    "DeadLetter",
    "Delivery",
    "GroupMetadata",
    "OffsetAndMetadata",
    "Producer",
    "ProducerHealth",
    "ProducerSettings",
    "RecordMetadata",
    "Retry",
    "SentRecords",
    "SomeNotSentError",
    "Stop",
    "Topic",
    "TopicPartition",
    "Transaction",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
