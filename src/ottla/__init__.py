"""Ottla: Apache Kafka's whole system in Python. Each name is imported when it is first asked for.

from ottla import Admin, Consumer, Producer, Topic        # asyncio; `ottla.sync` has the same names without it
from ottla import KafkaError, RetriableError              # what they raise: the tree stands in ottla.core.errors
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.consumer import Consumer
    from ottla.client.consumer_batch import Batch
    from ottla.client.delivery import Delivery, RecordMetadata
    from ottla.client.group_metadata import GroupMetadata, OffsetAndMetadata
    from ottla.client.metadata import TopicPartition
    from ottla.client.on_error import DeadLetter, Retry, Stop
    from ottla.client.options import OptionError
    from ottla.client.producer import Producer
    from ottla.client.serdes.errors import SerializationError
    from ottla.client.topic import Topic
    from ottla.core.errors import (
        AbortableError,
        AuthenticationError,
        AuthorizationError,
        ErrorCode,
        FatalError,
        FencedError,
        KafkaError,
        RefusedError,
        RetriableError,
    )
    from ottla.records.record import Record

__version__ = "0.1.0"

_HOMES = {
    "AbortableError": "core.errors",
    "Admin": "client.admin",
    "AuthenticationError": "core.errors",
    "AuthorizationError": "core.errors",
    "Batch": "client.consumer_batch",
    "Consumer": "client.consumer",
    "DeadLetter": "client.on_error",
    "Delivery": "client.delivery",
    "ErrorCode": "core.errors",
    "FatalError": "core.errors",
    "FencedError": "core.errors",
    "GroupMetadata": "client.group_metadata",
    "KafkaError": "core.errors",
    "OffsetAndMetadata": "client.group_metadata",
    "OptionError": "client.options",
    "Producer": "client.producer",
    "Record": "records.record",
    "RecordMetadata": "client.delivery",
    "RefusedError": "core.errors",
    "RetriableError": "core.errors",
    "Retry": "client.on_error",
    "SerializationError": "client.serdes.errors",
    "Stop": "client.on_error",
    "Topic": "client.topic",
    "TopicPartition": "client.metadata",
}

__all__ = [
    "AbortableError",
    "Admin",
    "AuthenticationError",
    "AuthorizationError",
    "Batch",
    "Consumer",
    "DeadLetter",
    "Delivery",
    "ErrorCode",
    "FatalError",
    "FencedError",
    "GroupMetadata",
    "KafkaError",
    "OffsetAndMetadata",
    "OptionError",
    "Producer",
    "Record",
    "RecordMetadata",
    "RefusedError",
    "RetriableError",
    "Retry",
    "SerializationError",
    "Stop",
    "Topic",
    "TopicPartition",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
