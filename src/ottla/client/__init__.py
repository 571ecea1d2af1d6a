"""Clients of any Kafka: `Producer`, `Consumer`, `Admin`. Each is imported when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.brokers.metadata import TopicPartition
    from ottla.client.config.settings import AdminSettings, ClientSettings, ConsumerSettings, ProducerSettings
    from ottla.client.consuming.batch import Batch
    from ottla.client.consuming.consumer import Consumer
    from ottla.client.consuming.health import ConsumerHealth
    from ottla.client.consuming.on_error import DeadLetter, Retry, Stop
    from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
    from ottla.client.producing.buffer_memory import BufferFull
    from ottla.client.producing.delivery import Delivery, RecordMetadata
    from ottla.client.producing.health import ProducerHealth
    from ottla.client.producing.producer import Producer
    from ottla.client.producing.sent_records import SentRecords, SomeNotSentError
    from ottla.client.topic import Topic
    from ottla.client.transactions.transaction import Transaction

_HOMES = {
    "Admin": "admin",
    "AdminSettings": "config.settings",
    "Batch": "consuming.batch",
    "BufferFull": "producing.buffer_memory",
    "ClientSettings": "config.settings",
    "Consumer": "consuming.consumer",
    "ConsumerHealth": "consuming.health",
    "ConsumerSettings": "config.settings",
    "DeadLetter": "consuming.on_error",
    "Delivery": "producing.delivery",
    "GroupMetadata": "membership.group_metadata",
    "OffsetAndMetadata": "membership.group_metadata",
    "Producer": "producing.producer",
    "ProducerHealth": "producing.health",
    "ProducerSettings": "config.settings",
    "RecordMetadata": "producing.delivery",
    "Retry": "consuming.on_error",
    "SentRecords": "producing.sent_records",
    "SomeNotSentError": "producing.sent_records",
    "Stop": "consuming.on_error",
    "Topic": "topic",
    "TopicPartition": "brokers.metadata",
    "Transaction": "transactions.transaction",
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
