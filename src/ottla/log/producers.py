"""What a partition remembers of its producers (KIP-98): a batch sent twice is appended once, a transaction ends once.

Rules, as Apache Kafka's `ProducerAppendInfo` and `ProducerStateEntry` have them. For batches:

- The last five batches of each producer id are remembered; one that comes again with the same epoch and sequence
  numbers is a duplicate and answered with its first offsets.
- A sequence goes on where the last one ended, and wraps from 2^31-1 to 0. Anything else is out of order.
- A newer epoch starts at sequence 0; an older epoch is refused.
- A producer of which nothing is known (it is new, expired, or its records are gone) may start anywhere.
- A transactional batch opens its producer's transaction unless it is open; until the end no other batch may come.

For the markers that end transactions:

- They are of a producer, which has an id and an epoch. (Kafka has an unknown error for -1, and takes some others.)
- An older coordinator epoch than that of the last marker is refused, an older producer epoch too.
- From transaction version 2 on the producer epoch must be newer (KIP-1228); the same one says again what was said,
  unless a transaction is open at that epoch: then it is a marker that came late.
- A marker sets the producer's epoch. Its sequence starts again at 0 where that is a new one.

Pure: time is an argument, and bytes come and go through `snapshots`.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ottla.core.errors import ErrorCode
from ottla.core.limits import PRODUCER_BATCHES_REMEMBERED
from ottla.log.unstable import UnstableTransactions
from ottla.records.batch import Batch

NO_PRODUCER_ID = -1
NO_TRANSACTION = -1
EPOCH_BUMPED_SINCE = 2
"""The transaction version from which on every marker has a newer epoch than the batches before it (KIP-890)."""
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
    def is_transactional(self) -> bool: ...
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


class EndedTransaction(NamedTuple):
    """A transaction that wrote to the partition; `last_offset` is its marker's."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int
    """Where the earliest of the others begins; without any, the offset after the marker."""


@dataclass(slots=True)
class Producer:
    """One producer id's state. Invariant: `batches` ascend in offset and belong to `epoch`."""

    producer_id: int
    epoch: int
    last_timestamp: int
    coordinator_epoch: int = -1
    current_txn_first_offset: int = NO_TRANSACTION
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
        """NONE when `batch` is the next one, else INVALID_PRODUCER_EPOCH and its like."""
        if batch.producer_epoch < self.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH
        if batch.producer_epoch > self.epoch or not self.batches:
            expected = 0
        else:
            expected = (self.batches[-1].last_sequence + 1) % (_MAX_SEQUENCE + 1)
        if batch.base_sequence != expected:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        if self.current_txn_first_offset >= 0 and not batch.is_transactional:
            return ErrorCode.INVALID_TXN_STATE
        return ErrorCode.NONE

    def refusal_of_marker(self, epoch: int, coordinator_epoch: int, transaction_version: int) -> ErrorCode:
        """NONE when a marker may follow, else INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED."""
        in_time = self.current_txn_first_offset < 0 or transaction_version < EPOCH_BUMPED_SINCE
        if epoch < self.epoch or (epoch == self.epoch and not in_time):
            return ErrorCode.INVALID_PRODUCER_EPOCH
        if coordinator_epoch < self.coordinator_epoch:
            return ErrorCode.TRANSACTION_COORDINATOR_FENCED
        return ErrorCode.NONE

    def begin_epoch(self, epoch: int) -> None:
        """Sequences start again; an open transaction stays open."""
        self.epoch = epoch
        self.batches.clear()


class Producers:
    """The producers of one partition. `end_offset` is the log offset up to which this state holds."""

    __slots__ = ("_by_id", "end_offset", "unstable")

    def __init__(self) -> None:
        self._by_id: dict[int, Producer] = {}
        self.end_offset = 0
        self.unstable = UnstableTransactions()

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Producer]:
        return iter(self._by_id.values())

    def get(self, producer_id: int) -> Producer | None:
        return self._by_id.get(producer_id)

    def in_transaction(self, producer_id: int, epoch: int) -> bool:
        """Whether this producer has a transaction open here that it began, or went on with, at this epoch."""
        known = self._by_id.get(producer_id)
        return known is not None and known.current_txn_first_offset >= 0 and known.epoch == epoch

    def has_fenced(self, producer_id: int, epoch: int) -> bool:
        """Whether this producer has gone on here with a newer epoch."""
        known = self._by_id.get(producer_id)
        return known is not None and known.epoch > epoch

    def check(self, batch: Batch) -> AppendedBatch | ErrorCode:
        """NONE: append it. A batch: it is there already. Another code: refuse it."""
        known = self._by_id.get(batch.producer_id)
        if known is None:
            return ErrorCode.NONE
        return known.duplicate(batch) or known.refusal(batch)

    def check_marker(
        self, producer_id: int, epoch: int, coordinator_epoch: int, transaction_version: int
    ) -> ErrorCode:
        """NONE: append it. Another code: refuse it."""
        if producer_id < 0 or epoch < 0:
            return ErrorCode.INVALID_REQUEST
        known = self._by_id.get(producer_id)
        if known is None:
            return ErrorCode.NONE
        return known.refusal_of_marker(epoch, coordinator_epoch, transaction_version)

    def appended(self, batch: Sequenced, base_offset: int) -> None:
        """Remember a batch that was just appended, or that is read back from the log. Markers: see `ended`."""
        last_offset = base_offset + batch.last_offset_delta
        self.end_offset = last_offset + 1
        if batch.producer_id == NO_PRODUCER_ID or batch.is_control:
            return
        producer = self._by_id.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            producer = self._at_epoch(batch)
        producer.last_timestamp = batch.max_timestamp
        producer.batches.append(
            AppendedBatch(batch.last_sequence, last_offset, batch.last_offset_delta, batch.max_timestamp)
        )
        if batch.is_transactional and producer.current_txn_first_offset < 0:
            producer.current_txn_first_offset = base_offset
            self.unstable.begin(base_offset)

    def ended(self, marker: Sequenced, coordinator_epoch: int, offset: int) -> EndedTransaction | None:
        """Remember the marker at `offset`, appended or read back; the transaction that it ends, if one was open."""
        self.end_offset = offset + 1
        producer = self._at_epoch(marker)
        producer.last_timestamp = marker.max_timestamp
        producer.coordinator_epoch = coordinator_epoch
        first_offset, producer.current_txn_first_offset = producer.current_txn_first_offset, NO_TRANSACTION
        if first_offset < 0:
            return None
        self.unstable.end(first_offset, offset)
        last_stable_offset = min(self.unstable.first_open_offset, offset + 1)
        return EndedTransaction(producer.producer_id, first_offset, offset, last_stable_offset)

    def _at_epoch(self, batch: Sequenced) -> Producer:
        """The batch's producer, with the batch's epoch."""
        producer = self._by_id.get(batch.producer_id)
        if producer is None:
            producer = Producer(batch.producer_id, batch.producer_epoch, batch.max_timestamp)
            self._by_id[batch.producer_id] = producer
        elif producer.epoch != batch.producer_epoch:
            producer.begin_epoch(batch.producer_epoch)
        return producer

    def restore(self, producers: list[Producer], end_offset: int) -> None:
        """Start again from a snapshot taken at `end_offset`."""
        self._by_id = {producer.producer_id: producer for producer in producers}
        self.end_offset = end_offset
        open_first_offsets = (each.current_txn_first_offset for each in producers)
        self.unstable = UnstableTransactions(offset for offset in open_first_offsets if offset >= 0)

    def expire(self, before_ms: int) -> None:
        """Forget the producers whose last batch is older than `before_ms` and that have no open transaction."""
        self._by_id = {
            each.producer_id: each
            for each in self
            if each.last_timestamp >= before_ms or each.current_txn_first_offset >= 0
        }
