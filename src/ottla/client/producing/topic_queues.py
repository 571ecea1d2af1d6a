"""Which of a topic's queues a record takes: by its key as Java's client does it, or one for a while without a key."""

import secrets
from collections.abc import Callable, Sequence

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.config.options import Partitioner
from ottla.client.config.settings import ProducerSettings
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.partitioner import KeyHashes
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.key_hash import indexes_by_partition

_LOOKED_AT = 8
"""Queues that are compared when the keyless records move on: enough to get past a few slow brokers."""


class TopicQueues:
    """The queues of one topic.

    Records without a key stay on one queue until `batch_size` bytes went there, then move on to that of the next few
    where least waits: fewer, fuller batches than one record to each in turn, and slow brokers get less (KIP-794).
    """

    def __init__(self, name: str, cluster: Cluster, accumulator: Accumulator, hashes: KeyHashes) -> None:
        settings = accumulator.settings
        self.name = name
        self._cluster = cluster
        self._accumulator = accumulator
        self._hashes = hashes
        self._stickiness_bytes = settings.batch_size
        self._metadata = cluster.metadata
        self._queues: list[PartitionQueue] = []
        self._grow()
        self.keyless = self._queues[secrets.randbelow(len(self._queues))]
        """Of records without a key, for a while."""
        self._move_at = self.keyless.filled_bytes + self._stickiness_bytes
        self.ignores_keys = settings.partitioner_ignore_keys
        self.chooser: Callable[[bytes | None], PartitionQueue] | None = _chooser(self, settings)
        """Chooses for each record that has no partition of its own; None: by key, or `keyless`."""

    def __len__(self) -> int:
        return len(self._queues)

    def of_partition(self, partition: int) -> PartitionQueue:
        """Raises KafkaError when the topic has no such partition."""
        self.look()
        if not 0 <= partition < len(self._queues):
            count = len(self._queues)
            raise KafkaError(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                f"topic {self.name} has no partition {partition}: it has {count} partitions, 0 to {count - 1}",
            )
        return self._queues[partition]

    def of_key(self, key: bytes) -> PartitionQueue:
        """The queue of a key: every Kafka client with murmur2 agrees on it."""
        if self._metadata is not self._cluster.metadata:
            self._grow()
        return self._queues[self._hashes[key] % len(self._queues)]

    def by_key(self, keys: Sequence[bytes | None]) -> dict[PartitionQueue, list[int]]:
        """The places of the keys by queue, as `of_key` has it; those that are None are where `keyless` is now."""
        self.look()
        *apart, without = indexes_by_partition(keys, len(self._queues))
        found = {queue: indexes for queue, indexes in zip(self._queues, apart, strict=True) if indexes}
        if without:
            found[self.keyless] = sorted(found.get(self.keyless, []) + without)
        return found

    def look(self) -> None:
        """Take notice of partitions that the topic has got, and move on if enough went to one."""
        if self._metadata is not self._cluster.metadata:
            self._grow()
        if self.keyless.filled_bytes >= self._move_at:
            self.keyless = self._next()
            self._move_at = self.keyless.filled_bytes + self._stickiness_bytes

    def in_turn(self, _key: bytes | None) -> PartitionQueue:
        """The next one, record by record."""
        if self._metadata is not self._cluster.metadata:
            self._grow()
        self.keyless = self._queues[(self.keyless.partition.partition + 1) % len(self._queues)]
        return self.keyless

    def chosen_by(self, partitioner: Partitioner, key: bytes | None) -> PartitionQueue:
        """Where the user's own function sends it."""
        self.look()
        everyone = range(len(self._queues))
        available = [number for number in everyone if self._has_leader(self._queues[number])]
        return self.of_partition(partitioner(key, everyone, available))

    def _next(self) -> PartitionQueue:
        first = self.keyless.partition.partition + 1
        count = len(self._queues)
        following = [self._queues[(first + step) % count] for step in range(min(count, _LOOKED_AT))]
        return min(
            following, key=lambda queue: (not self._has_leader(queue), len(queue.waiting) + len(queue.away))
        )

    def _has_leader(self, queue: PartitionQueue) -> bool:
        return self._metadata.leader(queue.partition) is not None

    def _grow(self) -> None:
        """Take over how many partitions there are; fewer only where the topic was made anew."""
        self._metadata = self._cluster.metadata
        count = partition_count(self._metadata, self.name)
        for partition in range(len(self._queues), count):
            self._queues.append(self._accumulator.queue(TopicPartition(self.name, partition)))
        if 0 < count < len(self._queues):
            del self._queues[count:]
            self.keyless = self._queues[self.keyless.partition.partition % count]


def partition_count(metadata: Metadata, topic: str) -> int:
    """Of a topic whose metadata is known, else 0."""
    known = metadata.topics.get(topic)
    return len(known.partitions) if known is not None else 0


def _chooser(
    queues: TopicQueues, settings: ProducerSettings
) -> Callable[[bytes | None], PartitionQueue] | None:
    partitioner = settings.partitioner
    if callable(partitioner):
        return lambda key: queues.chosen_by(partitioner, key)
    if partitioner == "round_robin":
        return queues.in_turn
    return None
