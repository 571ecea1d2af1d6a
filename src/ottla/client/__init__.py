"""Clients of any Kafka: `Producer`, `Consumer`, `Admin`. Each is imported when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.accumulator import RecordMetadata
    from ottla.client.admin import Admin
    from ottla.client.consumer import Consumer
    from ottla.client.metadata import TopicPartition
    from ottla.client.producer import Producer
    from ottla.client.settings import AdminSettings, ClientSettings, ConsumerSettings, ProducerSettings
    from ottla.client.topic import Topic

_HOMES = {
    "Admin": "admin",
    "AdminSettings": "settings",
    "ClientSettings": "settings",
    "Consumer": "consumer",
    "ConsumerSettings": "settings",
    "Producer": "producer",
    "ProducerSettings": "settings",
    "RecordMetadata": "accumulator",
    "Topic": "topic",
    "TopicPartition": "metadata",
}

__all__ = [
    "Admin",
    "AdminSettings",
    "ClientSettings",
    "Consumer",
    "ConsumerSettings",
    "Producer",
    "ProducerSettings",
    "RecordMetadata",
    "Topic",
    "TopicPartition",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
