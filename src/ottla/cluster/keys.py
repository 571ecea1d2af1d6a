"""The layout of the metadata keys, all of it. Keys are text in UTF-8; a name is always the last part.

    cluster/id                 the cluster's id, as text
    brokers/0000000001         a broker's registration
    topics/NAME                a topic with its id and all its partitions
    configs/broker/            dynamic configs of all brokers
    configs/broker/1           dynamic configs of one broker
    configs/topic/NAME         a topic's own configs
    features/NAME              a feature's finalized level, where it is not the newest, in decimal
    producer-ids/next          the first producer id that no broker was given yet, in decimal

Values: docs/formats/metadata-store.md.
"""

from enum import Enum

CLUSTER_ID = b"cluster/id"
NEXT_PRODUCER_ID = b"producer-ids/next"
BROKERS = b"brokers/"
TOPICS = b"topics/"
CONFIGS = b"configs/"
FEATURES = b"features/"


class ResourceType(Enum):
    """What a set of configs belongs to; the value is its name in the key."""

    TOPIC = "topic"
    BROKER = "broker"


Resource = tuple[ResourceType, str]
"""A type and a name. A broker's name is its id in decimal; «» stands for all brokers."""


def broker(broker_id: int) -> bytes:
    """Ten digits, so that keys sort as the ids do."""
    return BROKERS + b"%010d" % broker_id


def topic(name: str) -> bytes:
    return TOPICS + name.encode()


def configs(resource: Resource) -> bytes:
    kind, name = resource
    return CONFIGS + f"{kind.value}/{name}".encode()


def feature(name: str) -> bytes:
    return FEATURES + name.encode()


def feature_of(key: bytes) -> str:
    return key[len(FEATURES) :].decode()


def broker_of(key: bytes) -> int:
    return int(key[len(BROKERS) :])


def topic_of(key: bytes) -> str:
    return key[len(TOPICS) :].decode()


def resource_of(key: bytes) -> Resource:
    kind, name = key[len(CONFIGS) :].decode().split("/", 1)
    return ResourceType(kind), name
