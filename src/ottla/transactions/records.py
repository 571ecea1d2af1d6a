"""Records of `__transaction_state` to bytes and back: one key for each transactional id, the last value counts.

A key is an int16 0 and the key's version 0. A value is an int16 with its version, then the value; no value is a
tombstone. docs/formats/transaction-state.md has a worked example.
"""

from __future__ import annotations

import struct
from typing import Annotated, NamedTuple

from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError, int8, int16, int32, int64, since, string, tagged

_PREFIX = struct.Struct(">h")
_KIND = 0

NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1


class TransactionLogKey(Message, versions=(0, 0)):
    transactional_id: string = ""


class TransactionLogValue(Message, versions=(0, 1), flexible_from=1):
    producer_id: int64 = 0
    previous_producer_id: Annotated[int64, since(1), tagged(0)] = -1
    next_producer_id: Annotated[int64, since(1), tagged(1)] = -1
    producer_epoch: int16 = 0
    next_producer_epoch: Annotated[int16, since(1), tagged(3)] = -1
    transaction_timeout_ms: int32 = 0
    transaction_status: int8 = 0
    transaction_partitions: list[PartitionsSchema] | None = []
    transaction_last_update_timestamp_ms: int64 = 0
    transaction_start_timestamp_ms: int64 = 0
    client_transaction_version: Annotated[int16, since(1), tagged(2)] = 0


class PartitionsSchema(Message):
    topic: string = ""
    partition_ids: list[int32] = []


class TransactionRecord(NamedTuple):
    """The state of one transactional id from now on; a value of None forgets it."""

    key: TransactionLogKey
    value: TransactionLogValue | None


def encode(record: TransactionRecord, version: int = 1) -> tuple[bytes, bytes | None]:
    """Key and value as they lie in a batch. Version 0 is for clusters below transaction version 1. Raises WireError."""
    key = b"".join([_PREFIX.pack(_KIND), *record.key.encode(0)])
    if record.value is None:
        return key, None
    value = record.value if version > 0 else _without_tags(record.value)
    return key, b"".join([_PREFIX.pack(version), *value.encode(version)])


def decode(key: Buffer, value: Buffer | None) -> TransactionRecord | None:
    """The record, or None when its kind is not ours. Raises WireError when it is malformed."""
    if _prefix(key) != _KIND:
        return None
    decoded = TransactionLogKey.decode(key, 0, _PREFIX.size)[0]
    if value is None:
        return TransactionRecord(decoded, None)
    return TransactionRecord(decoded, TransactionLogValue.decode(value, _prefix(value), _PREFIX.size)[0])


def _without_tags(value: TransactionLogValue) -> TransactionLogValue:
    """What version 0 can say."""
    return TransactionLogValue(
        producer_id=value.producer_id,
        producer_epoch=value.producer_epoch,
        transaction_timeout_ms=value.transaction_timeout_ms,
        transaction_status=value.transaction_status,
        transaction_partitions=value.transaction_partitions,
        transaction_last_update_timestamp_ms=value.transaction_last_update_timestamp_ms,
        transaction_start_timestamp_ms=value.transaction_start_timestamp_ms,
    )


def _prefix(buffer: Buffer) -> int:
    if len(buffer) < _PREFIX.size:
        raise WireError(f"a coordinator record begins with an int16, and here are {len(buffer)} bytes")
    return int(_PREFIX.unpack_from(buffer)[0])
