"""One partition of a broker as a producer sees it: a log that knows its last five batches of each producer."""

from dataclasses import dataclass, field

from ottla.core.errors import ErrorCode
from ottla.records.batch import batches
from ottla.records.reader import read_batch
from ottla.wire.messages.produce import PartitionProduceResponse
from ottla.wire.types import Buffer

WINDOW = 5
SEQUENCES = 2**31


@dataclass
class ProducerState:
    """What the log remembers of one producer id."""

    epoch: int
    last_sequence: int = -1
    batches: list[tuple[int, int, int]] = field(default_factory=list)
    """First and last sequence, base offset."""


@dataclass
class ProduceLog:
    """Kafka's rules of idempotence (KIP-98), and whatever refusals a test orders."""

    values: list[bytes | None] = field(default_factory=list)
    producers: dict[int, ProducerState] = field(default_factory=dict)

    def append(self, encoded: Buffer) -> PartitionProduceResponse:
        """The broker's answer to one batch, with index 0."""
        [batch] = batches(encoded)
        code, base_offset = ErrorCode.NONE, len(self.values)
        if batch.producer_id >= 0:
            state = self.producers.get(batch.producer_id)
            code, base_offset = self._check(
                state, batch.producer_epoch, batch.base_sequence, batch.last_sequence
            )
        if code == ErrorCode.NONE and base_offset == len(self.values):
            self.values += [record.value for record in read_batch(batch)]
            if batch.producer_id >= 0:
                self._remember(
                    batch.producer_id,
                    batch.producer_epoch,
                    (batch.base_sequence, batch.last_sequence, base_offset),
                )
        return PartitionProduceResponse(error_code=code, base_offset=base_offset if not code else -1)

    def has(self, encoded: Buffer) -> bool:
        """Whether any record of this batch is in the log."""
        [batch] = batches(encoded)
        return any(record.value in self.values for record in read_batch(batch))

    def forget(self) -> None:
        """The producers' state is gone, as after it expired."""
        self.producers.clear()

    def _check(self, state: ProducerState | None, epoch: int, first: int, last: int) -> tuple[ErrorCode, int]:
        end = len(self.values)
        if state is None:
            return ErrorCode.NONE, end
        if epoch < state.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH, -1
        if epoch > state.epoch:
            return (ErrorCode.NONE if first == 0 else ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER), end
        for known_first, known_last, base_offset in state.batches:
            if (known_first, known_last) == (first, last):
                return ErrorCode.NONE, base_offset
        if first != (state.last_sequence + 1) % SEQUENCES:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
        return ErrorCode.NONE, end

    def _remember(self, producer_id: int, epoch: int, batch: tuple[int, int, int]) -> None:
        state = self.producers.get(producer_id)
        if state is None or state.epoch != epoch:
            state = self.producers[producer_id] = ProducerState(epoch)
        state.last_sequence = batch[1]
        state.batches = [*state.batches, batch][-WINDOW:]
