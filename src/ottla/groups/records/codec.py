"""Records of `__consumer_offsets` to bytes and back.

A key is an int16 that names the kind of record, then the key's version 0. A value is an int16 that names
the value's version, then the value; no value is a tombstone. docs/formats/consumer-offsets.md has a worked
example.
"""

import struct
from typing import NamedTuple

from ottla.groups.records import classic, consumer, offsets
from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError

_PREFIX = struct.Struct(">h")


NO_PRODUCER = -1


class GroupRecord(NamedTuple):
    """One change of a group's persistent state; a value of None removes what `key` names.

    One that a transactional producer wrote (KIP-98) counts when the marker of its transaction says so.
    """

    key: Message
    value: Message | None
    producer_id: int = NO_PRODUCER
    producer_epoch: int = -1


class _Kind(NamedTuple):
    key: type[Message]
    value: type[Message]
    written_version: int


# Kind 0 is the oldest layout of an offset, equal to kind 1 in everything but its number; it is read, never
# written.
_KINDS: dict[int, _Kind] = {
    0: _Kind(offsets.OffsetCommitKey, offsets.OffsetCommitValue, 4),
    1: _Kind(offsets.OffsetCommitKey, offsets.OffsetCommitValue, 4),
    2: _Kind(classic.GroupMetadataKey, classic.GroupMetadataValue, 3),
    3: _Kind(consumer.ConsumerGroupMetadataKey, consumer.ConsumerGroupMetadataValue, 0),
    4: _Kind(consumer.ConsumerGroupPartitionMetadataKey, consumer.ConsumerGroupPartitionMetadataValue, 0),
    5: _Kind(consumer.ConsumerGroupMemberMetadataKey, consumer.ConsumerGroupMemberMetadataValue, 0),
    6: _Kind(
        consumer.ConsumerGroupTargetAssignmentMetadataKey,
        consumer.ConsumerGroupTargetAssignmentMetadataValue,
        0,
    ),
    7: _Kind(
        consumer.ConsumerGroupTargetAssignmentMemberKey, consumer.ConsumerGroupTargetAssignmentMemberValue, 0
    ),
    8: _Kind(
        consumer.ConsumerGroupCurrentMemberAssignmentKey,
        consumer.ConsumerGroupCurrentMemberAssignmentValue,
        0,
    ),
    16: _Kind(consumer.ConsumerGroupRegularExpressionKey, consumer.ConsumerGroupRegularExpressionValue, 0),
}
_NUMBERS = {kind.key: number for number, kind in _KINDS.items()}


def encode(record: GroupRecord) -> tuple[bytes, bytes | None]:
    """The key and the value of the record as they lie in a batch. Raises WireError."""
    number = _NUMBERS[type(record.key)]
    key = b"".join([_PREFIX.pack(number), *record.key.encode(0)])
    if record.value is None:
        return key, None
    version = _version(record.value, _KINDS[number].written_version)
    return key, b"".join([_PREFIX.pack(version), *record.value.encode(version)])


def decode(key: Buffer, value: Buffer | None) -> GroupRecord | None:
    """The record, or None when its kind is not one of ours. Raises WireError when it is malformed."""
    kind = _KINDS.get(_prefix(key))
    if kind is None:
        return None
    decoded = kind.key.decode(key, 0, _PREFIX.size)[0]
    if value is None:
        return GroupRecord(decoded, None)
    return GroupRecord(decoded, kind.value.decode(value, _prefix(value), _PREFIX.size)[0])


def _prefix(buffer: Buffer) -> int:
    if len(buffer) < _PREFIX.size:
        raise WireError(f"a coordinator record begins with an int16, and here are {len(buffer)} bytes")
    return int(_PREFIX.unpack_from(buffer)[0])


def _version(value: Message, usual: int) -> int:
    """Only version 1 of an offset holds an expiry of its own."""
    if isinstance(value, offsets.OffsetCommitValue) and value.expire_timestamp != -1:
        return 1
    return usual
