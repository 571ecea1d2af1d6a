"""The topics that exist, as groups see them: names, ids and partition counts at one moment."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple


class Topic(NamedTuple):
    """One topic."""

    name: str
    topic_id: bytes
    partition_count: int


class Topics:
    """An immutable view of the cluster's topics. `version` tells views apart and grows with every change."""

    __slots__ = ("by_id", "by_name", "version")

    def __init__(self, topics: Iterable[Topic] = (), version: int = 0) -> None:
        self.by_name = {topic.name: topic for topic in topics}
        self.by_id = {topic.topic_id: topic for topic in self.by_name.values()}
        self.version = version

    def metadata_hash(self, names: Iterable[str]) -> int:
        """A signed 64-bit digest of what an assignment of these topics depends on; 0 when none exists.

        Not the digest of Apache Kafka: whoever takes over the other's log rebalances each group once.
        """
        known = sorted(self.by_name[name] for name in names if name in self.by_name)
        if not known:
            return 0
        digest = hashlib.blake2b(digest_size=8)
        for name, topic_id, partition_count in known:
            digest.update(f"{name}\0{topic_id.hex()}\0{partition_count}\0".encode())
        return int.from_bytes(digest.digest(), "big", signed=True)
