"""The committed offsets of one partition of `__consumer_offsets`, and those that wait for their transaction to end."""

from collections.abc import Iterator
from typing import NamedTuple

from ottla.groups.records.codec import NO_PRODUCER
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue


class Committed(NamedTuple):
    """An offset and its place among all that were ever applied."""

    order: int
    value: OffsetCommitValue


class OffsetStore:
    """Group, topic, partition → offset. `apply` and `end_transaction` are the only ways in."""

    def __init__(self) -> None:
        self._order = 0
        self._offsets: dict[str, dict[str, dict[int, Committed]]] = {}
        self._pending: dict[str, dict[tuple[str, int], dict[int, Committed]]] = {}
        self._transactions: dict[int, set[str]] = {}
        """Producer id to the groups with offsets in its open transaction. Invariant: exactly those in `_pending`."""

    def apply(
        self, key: OffsetCommitKey, value: OffsetCommitValue | None, producer_id: int = NO_PRODUCER
    ) -> None:
        """Take in one record. From a transactional batch it is kept aside until the transaction ends."""
        self._order += 1
        if value is None:
            self._remove(key.group, key.topic, key.partition)
            self._forget_pending(key.group, (key.topic, key.partition))
        elif producer_id == NO_PRODUCER:
            self._set(key.group, key.topic, key.partition, Committed(self._order, value))
        else:
            pending = self._pending.setdefault(key.group, {}).setdefault((key.topic, key.partition), {})
            pending[producer_id] = Committed(self._order, value)
            self._transactions.setdefault(producer_id, set()).add(key.group)

    def end_transaction(self, producer_id: int, *, committed: bool) -> None:
        """Take in a marker: what the producer's transaction has kept aside counts from now on, or never did."""
        for group_id in self._transactions.pop(producer_id, ()):
            pending = self._pending[group_id]
            for (topic, partition), offsets in list(pending.items()):
                kept = offsets.pop(producer_id, None)
                if kept is not None and committed and self._is_newer(group_id, topic, partition, kept):
                    self._set(group_id, topic, partition, kept)
                if not offsets:
                    del pending[topic, partition]
            if not pending:
                del self._pending[group_id]

    def get(self, group_id: str, topic: str, partition: int) -> OffsetCommitValue | None:
        """The committed offset; None when there is none."""
        found = self._offsets.get(group_id, {}).get(topic, {}).get(partition)
        return found.value if found is not None else None

    def topics(self, group_id: str) -> list[str]:
        """The topics that the group has offsets of."""
        return list(self._offsets.get(group_id, ()))

    def partitions(self, group_id: str, topic: str) -> list[int]:
        """The partitions that the group has offsets of."""
        return list(self._offsets.get(group_id, {}).get(topic, ()))

    def of_group(self, group_id: str) -> Iterator[tuple[OffsetCommitKey, OffsetCommitValue]]:
        """Everything that the group has committed."""
        for topic, partitions in self._offsets.get(group_id, {}).items():
            for partition, committed in partitions.items():
                yield OffsetCommitKey(group=group_id, topic=topic, partition=partition), committed.value

    def pending_of_group(self, group_id: str) -> Iterator[OffsetCommitKey]:
        """What open transactions may still change."""
        for topic, partition in self._pending.get(group_id, ()):
            yield OffsetCommitKey(group=group_id, topic=topic, partition=partition)

    def is_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction may still change this offset."""
        return (topic, partition) in self._pending.get(group_id, {})

    def has(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether there is an offset, or one that waits for its transaction."""
        return self.get(group_id, topic, partition) is not None or self.is_pending(group_id, topic, partition)

    def has_pending(self, group_id: str) -> bool:
        """Whether an open transaction may still change any offset of the group."""
        return group_id in self._pending

    def count(self, group_id: str) -> int:
        """How many offsets the group has."""
        return sum(map(len, self._offsets.get(group_id, {}).values()))

    def group_ids(self) -> set[str]:
        """The groups with offsets."""
        return set(self._offsets)

    def _is_newer(self, group_id: str, topic: str, partition: int, kept: Committed) -> bool:
        current = self._offsets.get(group_id, {}).get(topic, {}).get(partition)
        return current is None or kept.order > current.order

    def _set(self, group_id: str, topic: str, partition: int, committed: Committed) -> None:
        self._offsets.setdefault(group_id, {}).setdefault(topic, {})[partition] = committed

    def _forget_pending(self, group_id: str, partition: tuple[str, int]) -> None:
        """A tombstone also ends what transactions wanted to set."""
        pending = self._pending.get(group_id, {})
        for producer_id in pending.pop(partition, {}):
            if not any(producer_id in producers for producers in pending.values()):
                self._transactions[producer_id].discard(group_id)
                if not self._transactions[producer_id]:
                    del self._transactions[producer_id]
        if group_id in self._pending and not pending:
            del self._pending[group_id]

    def _remove(self, group_id: str, topic: str, partition: int) -> None:
        topics = self._offsets.get(group_id, {})
        partitions = topics.get(topic, {})
        partitions.pop(partition, None)
        if topic in topics and not partitions:
            del topics[topic]
        if group_id in self._offsets and not topics:
            del self._offsets[group_id]
