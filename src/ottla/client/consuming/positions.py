"""Where a consumer stands in each of its partitions: what is fetched, handed out and finished. No I/O.

    finished ≤ position ≤ fetch_offset

The application has done with everything before `finished`, has been handed everything before `position`, and what
lies before `fetch_offset` has been fetched. Only `finished` is committed without being asked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError

UNKNOWN = -1
"""An offset that is still to be found: the committed one, or what auto_offset_reset says."""


@dataclass(slots=True, eq=False)
class Place:
    """One partition that is read, from the moment it is assigned or sought until the next such moment.

    What is fetched for one place is of no use for another one of the same partition.
    """

    partition: TopicPartition
    finished: int = UNKNOWN
    position: int = UNKNOWN
    fetch_offset: int = UNKNOWN
    epoch: int = -1
    """The leader epoch of the last record before `position`; -1 when it is not known."""
    fetch_epoch: int = -1
    """The same before `fetch_offset`."""
    checked_epoch: int = -1
    """The partition's leader epoch when the place was last found to be in its log (KIP-320)."""
    asked_epoch: int = -1
    """The partition's leader epoch that the last fetch was sent under; its leader has agreed if that was answered."""
    reset_to: int | None = None
    """A timestamp, or one of ListOffsets' special ones, to start from; None for where the group has got to."""
    wants_reset: bool = False
    """What was fetched next is not there any more."""
    held_back: bool = False
    """Nothing of it is handed out now: it is being assigned, or given up."""
    paused: bool = False
    committed: int = UNKNOWN
    high_watermark: int = UNKNOWN
    last_stable_offset: int = UNKNOWN
    log_start_offset: int = UNKNOWN
    read_replica: int | None = None
    """A broker nearby, which the leader has named (KIP-392)."""
    read_replica_until: float = 0.0
    problem: KafkaError | None = None
    """Why it cannot be read on, as the application is told; until that changes."""
    failures: int = 0
    failing_since: float = 0.0
    not_before: float = 0.0

    @property
    def is_located(self) -> bool:
        """Whether it is known what to fetch next."""
        return self.fetch_offset != UNKNOWN and not self.wants_reset

    @property
    def is_in_hand(self) -> bool:
        """Whether the application has something of it that it is not done with."""
        return self.finished < self.position

    def locate(self, offset: int, epoch: int = -1) -> None:
        """Go on from `offset`. What was fetched before and not handed out yet is still good."""
        if self.position == UNKNOWN:
            self.finished = self.position = offset
            self.epoch = epoch
        self.fetch_offset, self.fetch_epoch = offset, epoch
        self.reset_to, self.wants_reset, self.failures, self.problem = None, False, 0, None

    def finish(self) -> None:
        """The application is done with everything that it was handed."""
        self.finished = self.position

    def end_offset(self, *, committed_only: bool) -> int:
        """What the last fetch said the end is, for a reader of this isolation."""
        return (
            self.last_stable_offset
            if committed_only and self.last_stable_offset >= 0
            else self.high_watermark
        )

    def failed(self, now: float, delay_s: float) -> float:
        """An attempt was in vain; the next comes after the delay. Returns for how many seconds that goes on."""
        if not self.failures:
            self.failing_since = now
        self.failures += 1
        self.not_before = now + delay_s
        return now - self.failing_since


def advance(place: Place, offset: int, epoch: int) -> None:
    """Over what holds nothing more to hand out."""
    was_finished = not place.is_in_hand
    place.position = offset
    if epoch >= 0:
        place.epoch = epoch
    if was_finished:
        place.finished = offset


class Positions:
    """The places of everything that is assigned."""

    def __init__(self) -> None:
        self._places: dict[TopicPartition, Place] = {}

    def __iter__(self) -> Iterator[Place]:
        return iter(list(self._places.values()))

    def __contains__(self, partition: object) -> bool:
        return partition in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def partitions(self) -> frozenset[TopicPartition]:
        return frozenset(self._places)

    def is_current(self, place: Place) -> bool:
        """Whether the partition is still read from this place on."""
        return self._places.get(place.partition) is place

    def get(self, partition: TopicPartition) -> Place | None:
        return self._places.get(partition)

    def of(self, partition: TopicPartition) -> Place:
        """Raises KafkaError for a partition that is not assigned."""
        place = self._places.get(partition)
        if place is None:
            text = f"{partition} is not assigned to this consumer"
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)
        return place

    def all_of(self, partitions: Collection[TopicPartition]) -> list[Place]:
        """Those that are assigned."""
        return [self._places[partition] for partition in partitions if partition in self._places]

    def add(self, partitions: Iterable[TopicPartition], *, held_back: bool = False) -> None:
        """Assigned from now on; where to start is still to be found."""
        for partition in partitions:
            self._places[partition] = Place(partition, held_back=held_back)

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            self._places.pop(partition, None)

    def seek(self, partition: TopicPartition, offset: int, epoch: int = -1) -> None:
        """Go on from `offset`; what was fetched is dropped, what is in hand counts as finished elsewhere."""
        self._anew(partition).locate(offset, epoch)

    def reset(self, partition: TopicPartition, timestamp: int) -> None:
        """Go on from where a timestamp is, or one of the special ones of ListOffsets."""
        self._anew(partition).reset_to = timestamp

    def _anew(self, partition: TopicPartition) -> Place:
        old = self.of(partition)
        place = Place(
            partition,
            checked_epoch=old.checked_epoch,
            held_back=old.held_back,
            paused=old.paused,
            high_watermark=old.high_watermark,
            last_stable_offset=old.last_stable_offset,
            log_start_offset=old.log_start_offset,
        )
        self._places[partition] = place
        return place

    def finished(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """What can be committed without asking, where that has moved since the last commit."""
        return {
            place.partition: OffsetAndMetadata(place.finished, place.epoch)
            for place in self._places.values()
            if place.finished not in (UNKNOWN, place.committed)
        }

    def handed_out(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """What is committed when the application asks for it."""
        return {
            place.partition: OffsetAndMetadata(place.position, place.epoch)
            for place in self._places.values()
            if place.position != UNKNOWN
        }

    def committed(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """These have been stored."""
        for partition, stored in offsets.items():
            if (place := self._places.get(partition)) is not None:
                place.committed = stored.offset
