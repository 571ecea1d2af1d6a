"""Key → last offset: which records of a compacted log are the newest of their key.

Keys are kept whole up to 24 bytes and as a 25-byte BLAKE2b digest beyond, so that no short key can be taken
for a long one's digest. The map is bounded in memory, as `log.cleaner.dedupe.buffer.size` says; when it is
full, a round of compaction ends there and the next one goes on.
"""

from hashlib import blake2b

from ottla.core.limits import COMPACTION_MAP_ENTRY_BYTES

_WHOLE_KEY_BYTES = 24
_DIGEST_BYTES = 25


def shortened(key: bytes) -> bytes:
    """What stands for `key` in the map."""
    return key if len(key) <= _WHOLE_KEY_BYTES else blake2b(key, digest_size=_DIGEST_BYTES).digest()


class OffsetMap:
    """Invariant: every offset is of a record in the log. `end_offset`: all keyed records before it are in."""

    __slots__ = ("_capacity", "end_offset", "offsets")

    def __init__(self, max_bytes: int, start_offset: int) -> None:
        self._capacity = max(max_bytes // COMPACTION_MAP_ENTRY_BYTES, 1)
        self.offsets: dict[bytes, int] = {}
        """By shortened key; open to the loop that asks for every record."""
        self.end_offset = start_offset

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def is_full(self) -> bool:
        return len(self.offsets) >= self._capacity

    def put(self, key: bytes, offset: int) -> None:
        """Offsets come in ascending order."""
        self.offsets[shortened(key)] = offset

    def last_offset(self, key: bytes) -> int:
        """-1 for a key that is not in the map."""
        return self.offsets.get(shortened(key), -1)
