"""Records of one partition, handed out together: the fast way to consume."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from typing import Any, Generic, TypeVar, cast

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.chunks import Chunk
from ottla.client.consuming.decoding import AnyRecord, Decoding
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.records.record import Record

K = TypeVar("K")
V = TypeVar("V")
Commit = Callable[[dict[TopicPartition, OffsetAndMetadata]], Awaitable[None]]


class Cut:
    """A chunk that is handed out in pieces: decoded once, and only as what is asked for."""

    __slots__ = ("_chunk", "_decoding", "_first_offset", "_records", "_values", "count")

    def __init__(self, chunk: Chunk, decoding: Decoding, records: list[AnyRecord] | None) -> None:
        self._chunk = chunk
        self._decoding = decoding
        self._first_offset = chunk.place.position
        self._records = records
        self._values: list[bytes | None] | None = None
        self.count = _count(chunk) if records is None else len(records)

    @property
    def is_counted(self) -> bool:
        """Whether the batch's header tells how many records there are; compaction leaves holes."""
        return self.count >= 0

    def records(self) -> list[AnyRecord]:
        if self._records is None:
            self._records = self._decoding.records_now(self._chunk, self._first_offset)
        return self._records

    def values(self) -> list[bytes | None]:
        if self._values is None:
            self._values = self._decoding.values_now(self._chunk, self._first_offset)
        return self._values

    def offset_after(self, count: int) -> int:
        """The position once so many records are handed out."""
        if count >= self.count:
            return self._chunk.next_offset
        if self._records is not None:
            return self._records[count].offset
        assert self._chunk.batch is not None
        return max(self._first_offset, self._chunk.batch.base_offset) + count


def _count(chunk: Chunk) -> int:
    batch = chunk.batch
    if batch is None:
        return 0
    if batch.records_count != batch.last_offset_delta + 1:
        return -1
    return batch.next_offset - max(chunk.place.position, batch.base_offset)


class Batch(Generic[K, V]):
    """Consecutive records of one partition, at least one. Decoded when they are looked at."""

    __slots__ = ("_commit", "_pieces", "_raw_values", "leader_epoch", "next_offset", "partition", "topic")

    def __init__(
        self,
        partition: TopicPartition,
        pieces: list[tuple[Cut, int, int]],
        end: OffsetAndMetadata,
        commit: Commit,
        *,
        raw_values: bool,
    ) -> None:
        self.topic, self.partition = partition
        self.next_offset = end.offset
        """The position behind the last record."""
        self.leader_epoch = end.leader_epoch
        self._pieces = pieces
        self._commit = commit
        self._raw_values = raw_values

    def __len__(self) -> int:
        return sum(stop - start for _, start, stop in self._pieces)

    def __iter__(self) -> Iterator[Record[K, V]]:
        return iter(self.records)

    @property
    def records(self) -> list[Record[K, V]]:
        """Raises KafkaError for a damaged batch."""
        return list(chain.from_iterable(cut.records()[start:stop] for cut, start, stop in self._pieces))

    @property
    def offsets(self) -> list[int]:
        return [record.offset for record in self.records]

    def keys(self) -> list[K]:
        return [record.key for record in self.records]

    def values(self) -> list[V]:
        """The values alone; of a topic whose values are bytes, without a record for each."""
        if not self._raw_values:
            return [record.value for record in self.records]
        if len(self._pieces) == 1:
            cut, start, stop = self._pieces[0]
            values = cut.values()
            return cast("list[V]", values if stop - start == len(values) else values[start:stop])
        found: list[Any] = []
        for cut, start, stop in self._pieces:
            found += cut.values()[start:stop]
        return found

    async def commit(self) -> None:
        """Store in the group that everything up to the end of this batch is done. Raises KafkaError."""
        partition = TopicPartition(self.topic, self.partition)
        await self._commit({partition: OffsetAndMetadata(self.next_offset, self.leader_epoch)})

    def __repr__(self) -> str:
        return f"Batch({self.topic}-{self.partition}, {len(self)} records before offset {self.next_offset})"
