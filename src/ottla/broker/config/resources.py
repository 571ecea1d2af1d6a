"""Config resources as requests name them: a type number and a name."""

from enum import IntEnum

from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.keys import Resource, ResourceType
from ottla.core.errors import ErrorCode, KafkaError


class ResourceKind(IntEnum):
    """Kafka's numbers (ConfigResource.Type)."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


def known_resource(config: BrokerConfig, kind: int, name: str) -> Resource:
    """The resource that a request means. Raises KafkaError(INVALID_REQUEST).

    A broker answers for itself and, with an empty name, for what is common to all brokers; clients send what
    concerns another broker to that one.
    """
    if kind == ResourceKind.TOPIC:
        return ResourceType.TOPIC, name
    if kind != ResourceKind.BROKER:
        known = ResourceKind(kind).name if kind in set(ResourceKind) else str(kind)
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"there are no configs of resource type {known} here")
    if name:
        if not name.isascii() or not name.removeprefix("-").isdigit():
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"a broker is named by its id, and {name!r} is none")
        if int(name) != config.node_id:
            message = f"this is broker {config.node_id}: ask broker {name} about its configs itself"
            raise KafkaError(ErrorCode.INVALID_REQUEST, message)
    return ResourceType.BROKER, str(int(name)) if name else ""
