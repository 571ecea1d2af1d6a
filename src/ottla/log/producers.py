"""What a partition remembers of its idempotent producers (KIP-98), so that a batch sent twice is appended once.

Rules, as Apache Kafka's `ProducerAppendInfo` and `ProducerStateEntry` have them:

- The last five batches of each producer id are remembered; one that comes again with the same epoch and sequence
  numbers is a duplicate and answered with its first offsets.
- A sequence goes on where the last one ended, and wraps from 2^31-1 to 0. Anything else is out of order.
- A newer epoch starts at sequence 0; an older epoch is refused.
- A producer of which nothing is known (it is new, expired, or its records are gone) may start anywhere.

Pure: time is an argument, and bytes come and go through `snapshots`.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ottla.core.errors import ErrorCode
from ottla.core.limits import PRODUCER_BATCHES_REMEMBERED
from ottla.records.batch import Batch

NO_PRODUCER_ID = -1
_MAX_SEQUENCE = 2**31 - 1


class Sequenced(Protocol):
    """A batch's header as far as it tells of its producer."""

    @property
    def producer_id(self) -> int: ...
    @property
    def producer_epoch(self) -> int: ...
    @property
    def last_sequence(self) -> int: ...
    @property
    def last_offset_delta(self) -> int: ...
    @property
    def max_timestamp(self) -> int: ...
    @property
    def is_control(self) -> bool: ...


@dataclass(slots=True, frozen=True)
class AppendedBatch:
    """One batch as its producer numbered it and as the log did."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def base_offset(self) -> int:
        return self.last_offset - self.offset_delta

    @property
    def base_sequence(self) -> int:
        """The sequence of the first record; a batch may have wrapped around."""
        return (self.last_sequence - self.offset_delta) % (_MAX_SEQUENCE + 1)


@dataclass(slots=True)
class Producer:
    """One producer id's state. Invariant: `batches` ascend in offset and belong to `epoch`."""

    producer_id: int
    epoch: int
    last_timestamp: int
    coordinator_epoch: int = -1
    current_txn_first_offset: int = -1
    batches: deque[AppendedBatch] = field(default_factory=lambda: deque(maxlen=PRODUCER_BATCHES_REMEMBERED))

    def duplicate(self, batch: Batch) -> AppendedBatch | None:
        """The remembered batch that `batch` repeats."""
        if batch.producer_epoch != self.epoch:
            return None
        for known in self.batches:
            if known.last_sequence == batch.last_sequence and known.base_sequence == batch.base_sequence:
                return known
        return None

    def refusal(self, batch: Batch) -> ErrorCode:
        """NONE when `batch` is the next one; INVALID_PRODUCER_EPOCH or OUT_OF_ORDER_SEQUENCE_NUMBER when not."""
        if batch.producer_epoch < self.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH
        if batch.producer_epoch > self.epoch or not self.batches:
            expected = 0
        else:
            expected = (self.batches[-1].last_sequence + 1) % (_MAX_SEQUENCE + 1)
        return ErrorCode.NONE if batch.base_sequence == expected else ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


class Producers:
    """The producers of one partition. `end_offset` is the log offset up to which this state holds."""

    __slots__ = ("_by_id", "end_offset")

    def __init__(self) -> None:
        self._by_id: dict[int, Producer] = {}
        self.end_offset = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Producer]:
        return iter(self._by_id.values())

    def get(self, producer_id: int) -> Producer | None:
        return self._by_id.get(producer_id)

    def check(self, batch: Batch) -> AppendedBatch | ErrorCode:
        """NONE: append it. A batch: it is there already. Another code: refuse it."""
        known = self._by_id.get(batch.producer_id)
        if known is None:
            return ErrorCode.NONE
        return known.duplicate(batch) or known.refusal(batch)

    def appended(self, batch: Sequenced, base_offset: int) -> None:
        """Remember a batch that was just appended, or that is read back from the log. Control batches are skipped."""
        last_offset = base_offset + batch.last_offset_delta
        self.end_offset = last_offset + 1
        if batch.producer_id == NO_PRODUCER_ID or batch.is_control:
            return
        producer = self._by_id.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            producer = Producer(batch.producer_id, batch.producer_epoch, batch.max_timestamp)
            self._by_id[batch.producer_id] = producer
        producer.last_timestamp = batch.max_timestamp
        producer.batches.append(
            AppendedBatch(batch.last_sequence, last_offset, batch.last_offset_delta, batch.max_timestamp)
        )

    def restore(self, producers: list[Producer], end_offset: int) -> None:
        """Start again from a snapshot taken at `end_offset`."""
        self._by_id = {producer.producer_id: producer for producer in producers}
        self.end_offset = end_offset

    def expire(self, before_ms: int) -> None:
        """Forget the producers whose last batch is older than `before_ms` and that have no open transaction."""
        self._by_id = {
            each.producer_id: each
            for each in self
            if each.last_timestamp >= before_ms or each.current_txn_first_offset >= 0
        }
