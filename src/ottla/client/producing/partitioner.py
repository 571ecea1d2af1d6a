"""The partition of a key, as Java's client has it."""

from ottla.core.limits import REMEMBERED_KEYS
from ottla.records.key_hash import murmur2, partition_for_key

__all__ = ["KeyHashes", "murmur2", "partition_for_key"]


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
