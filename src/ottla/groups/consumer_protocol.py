"""What consumers tell each other through a classic group: the «consumer» embedded protocol, versions 0 to 3.

Both messages begin with their version as an int16. A later version is read as version 3, which it only adds
to.
"""

from __future__ import annotations

import struct
from typing import Annotated, TypeVar

from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError, bytes_, ignorable, int32, since, string

PROTOCOL_TYPE = "consumer"
LATEST = 3
_VERSION = struct.Struct(">h")


class ConsumerProtocolSubscription(Message, versions=(0, 3)):
    topics: list[string] = []
    user_data: bytes_ | None = None
    owned_partitions: Annotated[list[TopicPartition], since(1), ignorable] = []
    generation_id: Annotated[int32, since(2), ignorable] = -1
    rack_id: Annotated[string | None, since(3), ignorable] = None


class ConsumerProtocolAssignment(Message, versions=(0, 3)):
    assigned_partitions: list[TopicPartition] = []
    user_data: bytes_ | None = None


class TopicPartition(Message):
    topic: string = ""
    partitions: list[int32] = []


MessageT = TypeVar("MessageT", ConsumerProtocolSubscription, ConsumerProtocolAssignment)


def encode(
    message: ConsumerProtocolSubscription | ConsumerProtocolAssignment, version: int = LATEST
) -> bytes:
    """The message with its version in front. Raises WireError."""
    return b"".join([_VERSION.pack(version), *message.encode(version)])


def version_of(data: Buffer) -> int:
    """The version to answer such a message in. Raises WireError for data that is not of this protocol."""
    if len(data) < _VERSION.size:
        raise WireError("a message of the consumer protocol begins with its version, an int16")
    version = int(_VERSION.unpack_from(data)[0])
    if version < 0:
        raise WireError(f"the consumer protocol has no version {version}")
    return min(version, LATEST)


def decode(cls: type[MessageT], data: Buffer) -> MessageT:
    """The message in `data`. Raises WireError."""
    return cls.decode(data, version_of(data), _VERSION.size)[0]


def subscribed_topics(metadata: list[bytes]) -> frozenset[str] | None:
    """All topics that the members with this metadata want; None when one of them is not of this protocol."""
    try:
        return frozenset(
            topic for data in metadata for topic in decode(ConsumerProtocolSubscription, data).topics
        )
    except WireError:
        return None
