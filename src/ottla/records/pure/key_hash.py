"""The hash of a key, in Python."""

import struct
from collections.abc import Iterable

from ottla.wire.types import Buffer

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(key: Buffer) -> int:
    """The 32-bit murmur2 hash, unsigned, with the seed that Kafka's Java client uses."""
    length = len(key)
    whole = length & ~3
    hashed = _SEED ^ length
    for word in struct.unpack_from(f"<{whole // 4}I", key):
        mixed = word * _MULTIPLIER & _MASK
        mixed ^= mixed >> 24
        hashed = (hashed * _MULTIPLIER & _MASK) ^ (mixed * _MULTIPLIER & _MASK)
    if length > whole:
        hashed = (hashed ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> 15


def partition_for_key(key: Buffer, partition_count: int) -> int:
    """The partition of `key`; every Kafka client with murmur2 agrees on it."""
    if partition_count < 1:
        raise ValueError(f"{partition_count} partitions; there must be at least one")
    return (murmur2(key) & 0x7FFFFFFF) % partition_count


def indexes_by_partition(keys: Iterable[Buffer | None], partition_count: int) -> list[list[int]]:
    """For each partition the indexes of its keys, in order; then, in one list more, those of no key."""
    if partition_count < 1:
        raise ValueError(f"{partition_count} partitions; there must be at least one")
    apart: list[list[int]] = [[] for _ in range(partition_count + 1)]
    for index, key in enumerate(keys):
        apart[partition_count if key is None else partition_for_key(key, partition_count)].append(index)
    return apart
