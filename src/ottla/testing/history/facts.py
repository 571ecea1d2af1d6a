"""What a history says, in the order of its time and indexed for the checks."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ottla.testing.history.events import (
    CommitBegan,
    Event,
    Outcome,
    Place,
    Polled,
    Positioned,
    SendAcknowledged,
    SendBegan,
    SendFailed,
    TransactionEnded,
)

Partition = tuple[str, int]


@dataclass(slots=True)
class Sent:
    """One send, and what its process learned of it."""

    process: str
    value: str
    transaction: str | None
    acknowledged: Place | None = None
    failed: bool = False


@dataclass(slots=True)
class Transaction:
    """One transaction, as its process saw it."""

    name: str
    values: list[str] = field(default_factory=list)
    commit_began_at: int | None = None
    outcome: Outcome = Outcome.UNKNOWN


@dataclass(slots=True)
class Reading:
    """One reader's uninterrupted way through a partition, from where it was positioned."""

    process: str
    partition: Partition
    start: int
    end: int
    """What is before this offset was given to the reader or passed over."""
    seen: dict[int, str] = field(default_factory=dict)
    backward: list[tuple[int, int]] = field(default_factory=list)
    """Offsets that came although a later or the same one had come: (after, then)."""
    read_committed: bool = False

    def take(self, polled: Polled) -> None:
        """The next poll's records."""
        self.read_committed = polled.read_committed
        for offset, value in polled.records:
            if offset < self.end:
                self.backward.append((self.end - 1, offset))
            self.seen[offset] = value
            self.end = max(self.end, offset + 1)
        self.end = max(self.end, polled.position or 0)

    def passed_over(self, offset: int) -> bool:
        """Whether it went past the offset without seeing it."""
        return self.start <= offset < self.end and offset not in self.seen


class Facts:
    """An index of the events. Raises ValueError where they contradict themselves."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.sends: dict[str, Sent] = {}
        self.transactions: dict[str, Transaction] = {}
        self.readings: list[Reading] = []
        self.polls: list[Polled] = []
        self.places: defaultdict[str, set[Place]] = defaultdict(set)
        """Value → where readers saw it."""
        self._current: dict[tuple[str, Partition], Reading] = {}
        for event in sorted(events, key=lambda event: event.at):
            self._take(event)

    def transaction_of(self, value: str) -> Transaction | None:
        """The transaction that a value was sent in."""
        sent = self.sends.get(value)
        return self.transactions[sent.transaction] if sent is not None and sent.transaction else None

    def counts(self, sent: Sent) -> bool:
        """Whether readers of committed data must find it."""
        transaction = self.transaction_of(sent.value)
        committed = transaction is None or transaction.outcome is Outcome.COMMITTED
        return sent.acknowledged is not None and committed

    def passed_over(self, place: Place) -> list[Reading]:
        """The readings that went past it without seeing it."""
        partition = (place.topic, place.partition)
        return [
            each for each in self.readings if each.partition == partition and each.passed_over(place.offset)
        ]

    def _take(self, event: Event) -> None:
        match event:
            case SendBegan():
                self._began(event)
            case SendAcknowledged(value=value, topic=topic, partition=partition, offset=offset):
                self._sent(value).acknowledged = Place(topic, partition, offset)
            case SendFailed(value=value):
                self._sent(value).failed = True
            case CommitBegan(transaction=name, at=at):
                self._transaction(name).commit_began_at = at
            case TransactionEnded(transaction=name, outcome=outcome):
                self._transaction(name).outcome = outcome
            case Positioned(topic=topic, partition=partition, offset=offset, process=process):
                self._read_on(process, (topic, partition), offset)
            case Polled():
                self._polled(event)

    def _began(self, event: SendBegan) -> None:
        if event.value in self.sends:
            raise ValueError(f"{event.value!r} was sent twice; a value names its send")
        self.sends[event.value] = Sent(event.process, event.value, event.transaction)
        if event.transaction:
            self._transaction(event.transaction).values.append(event.value)

    def _sent(self, value: str) -> Sent:
        if value not in self.sends:
            raise ValueError(f"{value!r} has an end, but no beginning; is a file of the history missing?")
        return self.sends[value]

    def _transaction(self, name: str) -> Transaction:
        return self.transactions.setdefault(name, Transaction(name))

    def _read_on(self, process: str, partition: Partition, offset: int) -> Reading:
        reading = Reading(process, partition, offset, offset)
        self._current[process, partition] = reading
        self.readings.append(reading)
        return reading

    def _polled(self, event: Polled) -> None:
        self.polls.append(event)
        partition = (event.topic, event.partition)
        for offset, value in event.records:
            self.places[value].add(Place(*partition, offset))
        reading = self._current.get((event.process, partition))
        if reading is None and event.records:
            reading = self._read_on(event.process, partition, event.records[0][0])
        if reading is not None:
            reading.take(event)
