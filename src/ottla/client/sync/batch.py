"""Records of one partition, handed out together, for programs without asyncio."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from ottla.client.consuming.batch import Batch as AsyncBatch
from ottla.records.record import Record

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """Consecutive records of one partition, at least one. Decoded when they are looked at."""

    __slots__ = ("_batch", "_commit")

    def __init__(self, batch: AsyncBatch[K, V], commit: Callable[[AsyncBatch[K, V]], None]) -> None:
        self._batch = batch
        self._commit = commit

    @property
    def topic(self) -> str:
        return self._batch.topic

    @property
    def partition(self) -> int:
        return self._batch.partition

    @property
    def next_offset(self) -> int:
        """The position behind the last record."""
        return self._batch.next_offset

    @property
    def leader_epoch(self) -> int:
        return self._batch.leader_epoch

    def __len__(self) -> int:
        return len(self._batch)

    def __iter__(self) -> Iterator[Record[K, V]]:
        return iter(self._batch)

    @property
    def records(self) -> list[Record[K, V]]:
        """Raises KafkaError for a damaged batch."""
        return self._batch.records

    @property
    def offsets(self) -> list[int]:
        return self._batch.offsets

    def keys(self) -> list[K]:
        return self._batch.keys()

    def values(self) -> list[V]:
        """The values alone; of a topic whose values are bytes, without a record for each."""
        return self._batch.values()

    def commit(self) -> None:
        """Store in the group that everything up to the end of this batch is done. Raises KafkaError."""
        self._commit(self._batch)

    def __repr__(self) -> str:
        return repr(self._batch)
