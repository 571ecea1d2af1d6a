"""Ottla: Apache Kafka's whole system in Python. Each name is imported when it is first asked for.

from ottla import Admin, Consumer, Producer, Topic        # asyncio; `ottla.sync` has the same names without it
from ottla import KafkaError, RetriableError              # what they raise: the tree stands in ottla.core.errors
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.brokers.metadata import TopicPartition
    from ottla.client.config.options import OptionError
    from ottla.client.consuming.batch import Batch
    from ottla.client.consuming.consumer import Consumer
    from ottla.client.consuming.on_error import DeadLetter, Retry, Stop
    from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
    from ottla.client.producing.delivery import Delivery, RecordMetadata
    from ottla.client.producing.producer import Producer
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
    "Batch": "client.consuming.batch",
    "Consumer": "client.consuming.consumer",
    "DeadLetter": "client.consuming.on_error",
    "Delivery": "client.producing.delivery",
    "ErrorCode": "core.errors",
    "FatalError": "core.errors",
    "FencedError": "core.errors",
    "GroupMetadata": "client.membership.group_metadata",
    "KafkaError": "core.errors",
    "OffsetAndMetadata": "client.membership.group_metadata",
    "OptionError": "client.config.options",
    "Producer": "client.producing.producer",
    "Record": "records.record",
    "RecordMetadata": "client.producing.delivery",
    "RefusedError": "core.errors",
    "RetriableError": "core.errors",
    "Retry": "client.consuming.on_error",
    "SerializationError": "client.serdes.errors",
    "Stop": "client.consuming.on_error",
    "Topic": "client.topic",
    "TopicPartition": "client.brokers.metadata",
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
