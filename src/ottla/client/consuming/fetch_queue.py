"""What was fetched and is not taken yet, in the order in which it came. No I/O."""

from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.chunks import Chunk
from ottla.client.consuming.positions import Place, Positions
from ottla.core.errors import KafkaError


@dataclass(frozen=True, slots=True)
class Failure:
    """A partition that cannot be read on; None for an error that is everybody's."""

    place: Place | None
    error: KafkaError


class FetchQueue:
    """Chunks and failures. What may not be handed out now is put by; what is of no use any more is dropped."""

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._ready: deque[Chunk | Failure] = deque()
        self._put_by: list[Chunk | Failure] = []
        self._bytes: Counter[int] = Counter()
        self.arrived: Callable[[], None] = lambda: None
        """Called when there is something to take, or to be done about a position."""
        self.freed: Callable[[], None] = lambda: None
        """Called when something was taken or dropped."""

    def waiting_bytes(self, broker: int) -> int:
        """What a broker sent and nobody has taken."""
        return self._bytes[broker]

    def add(self, chunk: Chunk) -> None:
        self._bytes[chunk.broker] += chunk.size_in_bytes
        self._ready.append(chunk)
        self.arrived()

    def add_failure(self, place: Place | None, error: KafkaError) -> None:
        """To be raised once everything that came before is taken."""
        self._ready.append(Failure(place, error))
        self.arrived()

    def put_back(self, chunk: Chunk) -> None:
        """It was not handed out, or not to its end: it is the next to be taken."""
        self._bytes[chunk.broker] += chunk.size_in_bytes
        self._ready.appendleft(chunk)
        self.arrived()

    def resumed(self) -> None:
        """Something that was paused or held back no longer is, or is gone."""
        self._ready.extendleft(reversed(self._put_by))
        self._put_by.clear()
        self.arrived()
        self.freed()

    def take(self, only: Collection[TopicPartition] = ()) -> Chunk | None:
        """The next that may be handed out, of these partitions or, without any, of all; None when there is nothing.

        Raises KafkaError once for a partition that cannot be read on: it stays where it is until it is sought.
        """
        passed_over: list[Chunk | Failure] = []
        try:
            while self._ready:
                entry = self._ready.popleft()
                if isinstance(entry, Failure):
                    if entry.place is None or self._positions.is_current(entry.place):
                        raise entry.error
                elif not self._positions.is_current(entry.place):
                    self._free(entry)
                elif entry.place.paused or entry.place.held_back:
                    self._put_by.append(entry)
                elif only and entry.place.partition not in only:
                    passed_over.append(entry)
                else:
                    self._free(entry)
                    return entry
            return None
        finally:
            self._ready.extendleft(reversed(passed_over))

    def take_small(self, only: Collection[TopicPartition] = ()) -> Chunk | None:
        """The next, unless it is an error, or so large that it has to be prepared in a thread."""
        if not self._ready or isinstance(self._ready[0], Failure):
            return None
        if self._ready[0].is_large or (only and self._ready[0].place.partition not in only):
            return None
        return self.take(only)

    def take_next_of(self, place: Place) -> Chunk | None:
        """What is to be taken next, if it is of this place and small."""
        if not self._ready or isinstance(self._ready[0], Failure) or self._ready[0].place is not place:
            return None
        return self.take_small()

    def count_next_of(self, place: Place, enough: int) -> int:
        """About how many records of this place come next; `enough` as well if something else comes after them."""
        count = 0
        for entry in self._ready:
            if isinstance(entry, Failure) or entry.place is not place:
                return enough
            count += entry.batch.records_count if entry.batch is not None else 0
            if count >= enough:
                break
        return count

    def _free(self, chunk: Chunk) -> None:
        self._bytes[chunk.broker] -= chunk.size_in_bytes
        self.freed()
