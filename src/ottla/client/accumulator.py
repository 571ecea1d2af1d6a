"""Records on their way: gathered into one batch after another per partition, until the sender takes them.

Rule: of one partition at most one batch is away at a time, and a batch that comes back goes to the front. So
records never overtake each other, also when a batch is sent again.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from ottla.client.metadata import TopicPartition
from ottla.client.settings import ProducerSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.builder import BatchBuilder

Headers = tuple[tuple[str, bytes | None], ...]


class RecordMetadata(NamedTuple):
    """Where a record was saved."""

    topic: str
    partition: int
    offset: int
    """-1 when nobody was asked to acknowledge (acks=0)."""
    timestamp_ms: int


class OutgoingRecord(NamedTuple):
    """A record that has its partition and time."""

    partition: TopicPartition
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True, eq=False)
class OutgoingBatch:
    """Records of one partition that travel together. Times are seconds of the monotonic clock."""

    partition: TopicPartition
    builder: BatchBuilder
    created_at: float
    attempts: int = 0
    not_before: float = 0.0
    size_bytes: int = 0
    _waiting: list[tuple["asyncio.Future[RecordMetadata]", int]] = field(default_factory=list)
    _encoded: bytes | None = None

    def append(self, record: OutgoingRecord) -> "asyncio.Future[RecordMetadata]":
        """The future of the record's delivery."""
        self.builder.append(record.timestamp_ms, record.key, record.value, record.headers)
        self.size_bytes = self.builder.size_in_bytes
        delivery: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, record.timestamp_ms))
        return delivery

    def encoded(self) -> bytes:
        """The batch's bytes; the same ones at every attempt."""
        if self._encoded is None:
            self._encoded = self.builder.build()
        return self._encoded

    def delivered(self, base_offset: int, append_time_ms: int) -> None:
        """Tell everyone who waits where their record is."""
        topic, partition = self.partition
        for delta, (delivery, timestamp_ms) in enumerate(self._waiting):
            if not delivery.done():
                offset = base_offset if base_offset < 0 else base_offset + delta
                time_ms = append_time_ms if append_time_ms >= 0 else timestamp_ms
                delivery.set_result(RecordMetadata(topic, partition, offset, time_ms))

    def failed(self, error: KafkaError) -> None:
        """Tell everyone who waits that their record is not delivered, as far as is known."""
        for delivery, _ in self._waiting:
            if not delivery.done():
                delivery.set_exception(error)


class Accumulator:
    """The batches of all partitions that are not delivered yet."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._queues: dict[TopicPartition, deque[OutgoingBatch]] = {}
        self._away: dict[TopicPartition, OutgoingBatch] = {}
        self._bytes = 0
        self._closed: KafkaError | None = None
        self._room = asyncio.Event()
        self._empty = asyncio.Event()
        self._changed()

    def append(self, record: OutgoingRecord, now: float) -> "asyncio.Future[RecordMetadata]":
        """Add to the partition's last batch, or to a new one if that is full. Raises what it was closed with."""
        self._raise_if_closed()
        queue = self._queues.setdefault(record.partition, deque())
        if not queue or queue[-1].attempts or not self._fits(queue[-1], record):
            queue.append(self._new_batch(record.partition, now))
        batch = queue[-1]
        before = batch.size_bytes
        delivery = batch.append(record)
        self._bytes += batch.size_bytes - before
        self._changed()
        return delivery

    async def wait_for_room(self) -> None:
        """Until less than `buffer.memory` waits for delivery. Raises what it was closed with."""
        await self._room.wait()
        self._raise_if_closed()

    async def wait_until_empty(self) -> None:
        """Until every record was delivered or failed."""
        await self._empty.wait()

    def due(self, now: float, *, at_once: bool) -> list[OutgoingBatch]:
        """The batches whose time has come, at most one per partition; with `at_once`, lingering ones too."""
        heads = self._heads()
        return [batch for batch in heads if (at_once and not batch.attempts) or self._due_at(batch) <= now]

    def next_due(self) -> float | None:
        """The moment when the next batch is due; None when there is none."""
        return min(map(self._due_at, self._heads()), default=None)

    def take(self, batch: OutgoingBatch) -> None:
        """The sender has it: nothing else of its partition is due until it is given back or finished."""
        self._queues[batch.partition].popleft()
        self._away[batch.partition] = batch
        batch.attempts += 1

    def give_back(self, batch: OutgoingBatch, not_before: float) -> None:
        """To be sent again, before all later ones."""
        if self._away.pop(batch.partition, None) is None:
            return  # given up by `close`
        batch.not_before = not_before
        self._queues[batch.partition].appendleft(batch)

    def give_up(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """It is not delivered, as far as is known."""
        batch.failed(error)
        self.finished(batch)

    def finished(self, batch: OutgoingBatch) -> None:
        """It was delivered, or given up."""
        if self._away.pop(batch.partition, None) is None:
            return  # given up by `close`
        self._bytes -= batch.size_bytes
        if not self._queues[batch.partition]:
            del self._queues[batch.partition]
        self._changed()

    def expire(self, now: float, why: str) -> None:
        """Give up what waits for longer than `delivery.timeout.ms`."""
        timeout_ms = self._settings.delivery_timeout_ms
        while expired := [head for head in self._heads() if head.created_at + timeout_ms / 1000 <= now]:
            for batch in expired:
                self.take(batch)
                message = f"{batch.partition}: not delivered in {timeout_ms} ms ({why})"
                self.give_up(batch, KafkaError(ErrorCode.REQUEST_TIMED_OUT, message))

    def close(self, error: KafkaError) -> None:
        """Give up everything, also what is away, and take nothing more. Of several errors the first is told."""
        self._closed = self._closed or error
        for batch in list(self._away.values()):
            self.give_up(batch, self._closed)
        while heads := self._heads():
            for batch in heads:
                self.take(batch)
                self.give_up(batch, self._closed)

    def _raise_if_closed(self) -> None:
        if self._closed is not None:
            raise self._closed

    def _heads(self) -> list[OutgoingBatch]:
        return [
            queue[0] for partition, queue in self._queues.items() if queue and partition not in self._away
        ]

    def _due_at(self, batch: OutgoingBatch) -> float:
        full = batch.size_bytes >= self._settings.batch_size or len(self._queues[batch.partition]) > 1
        lingered = batch.created_at if full else batch.created_at + self._settings.linger_ms / 1000
        return max(lingered, batch.not_before)

    def _fits(self, batch: OutgoingBatch, record: OutgoingRecord) -> bool:
        size_bytes = len(record.key or b"") + len(record.value or b"")
        return batch.size_bytes + size_bytes <= self._settings.batch_size

    def _new_batch(self, partition: TopicPartition, now: float) -> OutgoingBatch:
        settings = self._settings
        builder = BatchBuilder(codec=settings.compression_type, compression_level=settings.compression_level)
        return OutgoingBatch(partition, builder, created_at=now)

    def _changed(self) -> None:
        (self._room.set if self._bytes < self._settings.buffer_memory else self._room.clear)()
        (self._empty.clear if self._queues else self._empty.set)()
