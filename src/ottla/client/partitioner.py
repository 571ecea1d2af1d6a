"""The partition of a key, as Java's client has it."""

import struct

from ottla.core.limits import REMEMBERED_KEYS

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 hash, unsigned, with the seed that Kafka's Java client uses."""
    length = len(data)
    whole = length & ~3
    hashed = _SEED ^ length
    for word in struct.unpack_from(f"<{whole // 4}I", data):
        mixed = word * _MULTIPLIER & _MASK
        mixed ^= mixed >> 24
        hashed = (hashed * _MULTIPLIER & _MASK) ^ (mixed * _MULTIPLIER & _MASK)
    if length > whole:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> 15


def partition_for_key(key: bytes, partition_count: int) -> int:
    """The partition of `key`; every Kafka client with murmur2 agrees on it."""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count


class KeyHashes(dict[bytes, int]):
    """`hashes[key] % partition_count` is `partition_for_key`, and quicker for a key that was there lately."""

    def __init__(self, limit: int = REMEMBERED_KEYS) -> None:
        super().__init__()
        self._limit = limit

    def __missing__(self, key: bytes) -> int:
        if len(self) >= self._limit:
            self.clear()
        hashed = self[bytes(key)] = murmur2(key) & 0x7FFFFFFF
        return hashed
