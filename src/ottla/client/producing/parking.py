"""Records of topics that are not known yet: they wait in the order in which they came."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ottla.client.producing.buffer_memory import BufferMemory
from ottla.client.producing.delivery import Delivery, Outcome, Piece
from ottla.client.producing.failures import unplaceable
from ottla.client.producing.record_encoding import Headers
from ottla.core.errors import KafkaError


@dataclass(slots=True)
class ParkedRecord:
    """An encoded record, and whoever waits for it."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None
    timestamp_ms: int
    size_bytes: int
    outcome: Outcome
    reserved_bytes: int = 0
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        self.delivery = Delivery(self.outcome, 0, self.timestamp_ms)

    def failed(self, error: KafkaError) -> None:
        """It is not sent."""
        self.outcome.settle(Piece(0, -1, -1, error))


class Parking:
    """The parked records of all topics. They count as waiting for delivery: `buffer_memory` holds them too."""

    def __init__(self, memory: BufferMemory) -> None:
        self._memory = memory
        self.on_failed: Callable[[KafkaError], object] = lambda _: None
        """Told why a record could not be sent, unless it was told to be dropped."""
        self._records: dict[str, list[ParkedRecord]] = {}

    def expect(self, topic: str) -> None:
        """Records of this topic are parked from now on."""
        self._records.setdefault(topic, [])

    def park(self, topic: str, record: ParkedRecord) -> Delivery:
        """Raises BufferFull."""
        self._memory.reserve(record.size_bytes)
        record.reserved_bytes = record.size_bytes
        self._records.setdefault(topic, []).append(record)
        return record.delivery

    def release(self, topic: str, place: Callable[[ParkedRecord], Delivery]) -> None:
        """Place every record of a topic, in order; afterwards nothing of it is parked any more.

        Their bytes have been reserved, so the batches that they open need not wait for room.
        """
        with self._memory.overdrawn():
            for record in self._records.pop(topic):
                self._free(record)
                try:
                    record.delivery.move(place(record))
                except Exception as error:  # noqa: BLE001 - also what the user's partitioner raises
                    failure = unplaceable(error)
                    record.failed(failure)
                    self.on_failed(failure)

    def fail(self, topic: str, error: KafkaError) -> None:
        """Nothing of this topic can be sent."""
        records = self._records.pop(topic, [])
        for record in records:
            self._free(record)
            record.failed(error)
        if records:
            self.on_failed(error)

    def drop(self, error: KafkaError) -> None:
        """What is parked now fails."""
        for topic, records in self._records.items():
            self._records[topic] = []
            for record in records:
                self._free(record)
                record.failed(error)

    def close(self, error: KafkaError) -> None:
        """Nothing can be sent at all."""
        self.drop(error)
        self._records.clear()

    def _free(self, record: ParkedRecord) -> None:
        self._memory.settle(record.reserved_bytes)
        record.reserved_bytes = 0
