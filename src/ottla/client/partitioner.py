"""Which partition a record goes to: by its key as Java's client does it, or one for a while without a key."""

import secrets
import struct

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


class StickyPartitioner:
    """Keyless records stay on one partition until `stickiness_bytes` went there, then move on to the next.

    Fewer, fuller batches than one record to each partition in turn, and as even in the long run (KIP-480).
    """

    def __init__(self, stickiness_bytes: int) -> None:
        self._stickiness_bytes = stickiness_bytes
        self._current: dict[str, tuple[int, int]] = {}

    def partition(self, topic: str, size_bytes: int, partition_count: int) -> int:
        """Where a keyless record of `size_bytes` goes."""
        partition, sent_bytes = self._current.get(topic) or (secrets.randbelow(partition_count), 0)
        if sent_bytes >= self._stickiness_bytes or partition >= partition_count:
            partition, sent_bytes = (partition + 1) % partition_count, 0
        self._current[topic] = (partition, sent_bytes + size_bytes)
        return partition
