"""What became of many records sent together, without an object for each of them."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.producing.delivery import Outcome, Piece, RecordMetadata
from ottla.core.errors import KafkaError


@dataclass(frozen=True, slots=True)
class Run:
    """`count` records, from rank `first` on, that stand side by side in one batch."""

    first: int
    count: int
    outcome: Outcome
    index: int
    """Of the first of them in the batch."""


class SentRecords(Sequence[RecordMetadata]):
    """One RecordMetadata for each record, in the order in which they were given, made when asked for.

    Taking one that was not delivered raises its error; `errors` has them all. A record's rank is its place
    among all, sorted by partition; without keys that is the place where it was given.
    """

    def __init__(self, timestamp_ms: int) -> None:
        self.timestamp_ms = timestamp_ms
        self._runs: list[Run] = []
        self._order: list[int] = []
        self._ranks: list[int] | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> RecordMetadata: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordMetadata]: ...
    def __getitem__(self, index: int | slice) -> RecordMetadata | list[RecordMetadata]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._length))]
        rank = self._rank(range(self._length)[index])
        run = self._runs[bisect_right(self._runs, rank, key=lambda run: run.first) - 1]
        return run.outcome.metadata(run.index + rank - run.first, self.timestamp_ms)

    @property
    def has_errors(self) -> bool:
        """Whether any was not delivered, as far as is known."""
        return any(piece.error is not None for run in self._runs for piece in run.outcome.pieces)

    @property
    def errors(self) -> dict[int, KafkaError]:
        """What was not delivered, as far as is known: index and reason."""
        found = {}
        for run in self._runs:
            if all(piece.error is None for piece in run.outcome.pieces):
                continue
            for rank in range(run.first, run.first + run.count):
                error = run.outcome.error(run.index + rank - run.first)
                if error is not None:
                    found[self._order[rank] if self._order else rank] = error
        return dict(sorted(found.items()))

    def __iter__(self) -> Iterator[RecordMetadata]:
        if self._order:
            yield from (self[index] for index in range(self._length))
            return
        for run in self._runs:
            for index in range(run.index, run.index + run.count):
                yield run.outcome.metadata(index, self.timestamp_ms)

    def __repr__(self) -> str:
        return f"<SentRecords: {self._length}>"

    # What the producer calls while it appends.

    def add(self, run_count: int, outcome: Outcome, index: int) -> None:
        """The next `run_count` ranks are in this batch, from `index` on."""
        self._runs.append(Run(self._length, run_count, outcome, index))
        self._length += run_count

    def add_failed(self, run_count: int, partition: TopicPartition, error: KafkaError) -> None:
        """The next `run_count` ranks are not sent."""
        failed = Outcome(*partition)
        failed.settle(Piece(0, -1, -1, error))
        self.add(run_count, failed, 0)

    def ranked(self, order: list[int]) -> None:
        """The records at these places were given the next ranks; every record is named once in the end."""
        self._order += order

    async def settled(self) -> None:
        """Wait until every record is delivered, or known not to be."""
        waiting = [outcome.wait() for outcome in dict.fromkeys(run.outcome for run in self._runs)]
        for outcome_is_known in waiting:
            await outcome_is_known

    def _rank(self, index: int) -> int:
        if not self._order:
            return index
        if self._ranks is None:
            self._ranks = [0] * self._length
            for rank, place in enumerate(self._order):
                self._ranks[place] = rank
        return self._ranks[index]


class SomeNotSentError(KafkaError):
    """Some records of a `send_many` were not delivered, as far as is known; `records` says which, and why."""

    def __init__(self, records: SentRecords) -> None:
        errors = records.errors
        first, error = next(iter(errors.items()))
        super().__init__(
            error.code, f"{len(errors)} of {len(records)} records were not delivered; number {first}: {error}"
        )
        self.records = records
