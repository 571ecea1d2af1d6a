"""One batch on its way to one partition: filled, numbered, encoded, sent as often as needed, settled once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ottla.client.producing.delivery import Outcome, Piece
from ottla.client.producing.idempotence import NO_IDENTITY, ProducerIdentity, sequence_after
from ottla.core.errors import KafkaError
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.header import encode_header
from ottla.records.reader import read_batch
from ottla.wire.types import Buffer

if TYPE_CHECKING:
    from ottla.client.producing.partition_queue import PartitionQueue


class OutgoingBatch:
    """Records of one partition that travel together. Times are seconds of the monotonic clock."""

    __slots__ = (
        "_encoded",
        "attempts",
        "base_sequence",
        "builder",
        "created_at",
        "first",
        "identity",
        "is_settled",
        "number",
        "outcome",
        "queue",
        "records_count",
        "reserved_bytes",
        "size_bytes",
    )

    def __init__(
        self, queue: "PartitionQueue", builder: BatchBuilder, outcome: Outcome, created_at: float
    ) -> None:
        self.queue = queue
        self.builder: BatchBuilder | None = builder
        """Takes records until the batch is closed; gone once the batch is encoded."""
        self.outcome = outcome
        self.first = 0
        """The index in the outcome of its first record: not 0 after a split."""
        self.number = 0
        """Its place among all batches of its partition; the parts of a split one share it."""
        self.created_at = created_at
        self.attempts = 0
        self.identity = NO_IDENTITY
        self.base_sequence = -1
        self.reserved_bytes = 0
        self.size_bytes = 0
        """Before compression."""
        self.records_count = 0
        self.is_settled = False
        self._encoded: Buffer | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Batches of a partition are sent in the order of their places."""
        return self.number, self.first

    def close(self) -> None:
        """No more records: count them."""
        if self.builder is not None:
            self.records_count = self.builder.records_count
            self.size_bytes = self.builder.size_in_bytes

    def assign(self, identity: ProducerIdentity, base_sequence: int) -> int:
        """Its numbers, before it is encoded. Returns the sequence that comes after its last."""
        assert self._encoded is None
        self.identity, self.base_sequence = identity, base_sequence
        if self.builder is not None:
            self.builder.producer_id, self.builder.producer_epoch = identity
            self.builder.base_sequence = base_sequence
        return sequence_after(base_sequence, self.records_count)

    def reassign(self, identity: ProducerIdentity, base_sequence: int) -> int:
        """Other numbers than it was encoded with; nothing with the old ones may be in the log."""
        encoded, self._encoded = self._encoded, None
        after = self.assign(identity, base_sequence)
        if encoded is not None:
            self._encoded = _renumbered(Batch(encoded), identity, base_sequence)
        return after

    @property
    def is_encoded(self) -> bool:
        return self._encoded is not None

    def encode(self) -> Buffer:
        """The batch's bytes, compressed if it is to be; the same ones at every attempt.

        Empty when it was given up meanwhile, as may happen to one that a thread compresses.
        """
        builder = self.builder
        if self._encoded is None and builder is not None:
            self._encoded = builder.build()
            self.builder = None
        return b"" if self._encoded is None else self._encoded

    def split(self, limit_bytes: int, builder: BatchBuilder) -> "list[OutgoingBatch]":
        """Batches of at most about `limit_bytes`, with the same records under the same sequence numbers.

        `builder` is an empty one, whose codec and marks each of them gets. Settling them settles this one.
        """
        parts: list[OutgoingBatch] = []
        for part in _split_builders(Batch(self.encode()), limit_bytes, builder):
            first = self.first + sum(each.records_count for each in parts)
            batch = OutgoingBatch(self.queue, part, self.outcome, self.created_at)
            batch.first, batch.number, batch.attempts = first, self.number, self.attempts
            batch.close()
            if self.base_sequence >= 0:
                batch.assign(self.identity, sequence_after(self.base_sequence, first - self.first))
            parts.append(batch)
        self.is_settled = True
        self.outcome.open_pieces += len(parts) - 1
        self._release()
        return parts

    def delivered(self, base_offset: int, append_time_ms: int) -> None:
        """Its records are saved from this offset on (-1: somewhere)."""
        self._settle(Piece(self.first, base_offset, append_time_ms, None))

    def failed(self, error: KafkaError) -> None:
        """Its records are not saved, as far as is known."""
        self._settle(Piece(self.first, -1, -1, error))

    def _settle(self, piece: Piece) -> None:
        if self.is_settled:
            return  # given up while it was away
        self.is_settled = True
        self._release()
        self.outcome.settle(piece)

    def _release(self) -> None:
        self.builder = self._encoded = None


def _renumbered(batch: Batch, identity: ProducerIdentity, base_sequence: int) -> bytes:
    header = encode_header(
        batch.payload,
        base_offset=batch.base_offset,
        partition_leader_epoch=batch.partition_leader_epoch,
        attributes=batch.attributes,
        last_offset_delta=batch.last_offset_delta,
        base_timestamp=batch.base_timestamp,
        max_timestamp=batch.max_timestamp,
        producer_id=identity.producer_id,
        producer_epoch=identity.producer_epoch,
        base_sequence=base_sequence,
        records_count=batch.records_count,
    )
    return b"".join((header, batch.payload))


def _split_builders(batch: Batch, limit_bytes: int, model: BatchBuilder) -> Iterator[BatchBuilder]:
    builder = _like(model, batch)
    for record in read_batch(batch):
        size_bytes = len(record.key or b"") + len(record.value or b"")
        if builder.records_count and builder.size_in_bytes + size_bytes > limit_bytes:
            yield builder
            builder = _like(model, batch)
        builder.append(record.timestamp, record.key, record.value, record.headers)
    yield builder


def _like(model: BatchBuilder, batch: Batch) -> BatchBuilder:
    return BatchBuilder(model.codec, model.compression_level, is_transactional=batch.is_transactional)
