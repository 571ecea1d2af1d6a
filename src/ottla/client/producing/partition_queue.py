"""One partition's batches, and the rules that keep their records in order, each there once.

1. A batch is numbered (sequence numbers, KIP-98) when it leaves for the first time, and keeps its numbers as long
   as it might be in the log: so a broker that has it already knows it again.
2. Batches that come back stand in front of those that never left, in the order of their numbers.
3. A batch that was away before leaves only when nothing else of its partition is away. Otherwise up to
   `window` batches are away at once: five with idempotence, as many as a broker remembers; one without, for
   only numbers keep those behind a lost one from being appended before it.
   A broker that knows nothing of a producer takes any sequence: so until a batch of this epoch has been acknowledged,
   and again after a long rest, one at a time is away.
4. An epoch begins at sequence 0, and only when nothing with an older one is away or to be sent again.
5. A broker that lost the thread (OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID) at the oldest batch has
   appended neither it nor any after it: so they may be numbered anew, in a new epoch (KIP-360). At a later batch it
   only says that an earlier one has not been appended yet: that one comes first, with its old numbers.
6. What is refused for good gives its numbers back if nothing was numbered after it and it left only once.
"""

from bisect import bisect_left
from collections import deque

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.producing.delivery import Outcome
from ottla.client.producing.idempotence import NO_IDENTITY, ProducerIdentity, sequence_after
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.core.limits import PRODUCER_REST_SECONDS
from ottla.records.builder import BatchBuilder


class PartitionQueue:
    """The batches of one partition that are not settled yet."""

    __slots__ = (
        "_numbers",
        "away",
        "builder",
        "failures",
        "filled_bytes",
        "identity",
        "is_known",
        "is_pressed",
        "is_watched",
        "limit_bytes",
        "may_grow",
        "must_restart",
        "next_sequence",
        "not_before",
        "open_limit_bytes",
        "opened_at",
        "outcome",
        "partition",
        "waiting",
        "window",
    )

    def __init__(self, partition: TopicPartition, limit_bytes: int, window: int) -> None:
        self.partition = partition
        self.limit_bytes = limit_bytes
        """Of a batch; less than at first once a broker has said that they are too large."""
        self.may_grow = True
        """Whether a batch may be larger than that when it cannot leave soon anyway."""
        self.open_limit_bytes = limit_bytes
        """Of the batch that takes records."""
        self.window = window
        self.builder: BatchBuilder | None = None
        """Of the last waiting batch, while that takes records."""
        self.outcome: Outcome | None = None
        """Of the same batch."""
        self.waiting: deque[OutgoingBatch] = deque()
        self.away: list[OutgoingBatch] = []
        """Oldest first."""
        self.failures = 0
        """Attempts in a row that did not do; back-off goes by it."""
        self.not_before = 0.0
        """When the first waiting batch may be sent again."""
        self.identity = NO_IDENTITY
        self.next_sequence = 0
        self.is_known = False
        """Whether the broker has acknowledged a batch of this identity, and will not have forgotten it."""
        self.opened_at = 0.0
        """When the last batch was begun."""
        self.must_restart = False
        """Rule 5: what waits gets new numbers as soon as nothing is away."""
        self.filled_bytes = 0
        """Of all batches so far; what the sticky partitioner goes by."""
        self.is_pressed = False
        """What waits is not to linger."""
        self.is_watched = False
        """Whether something will look after the oldest batch's deadline."""
        self._numbers = 0

    @property
    def is_idle(self) -> bool:
        return not self.waiting and not self.away

    @property
    def is_behind(self) -> bool:
        """Whether as much waits or is away as may be away at once: what comes now has time to grow."""
        return len(self.waiting) + len(self.away) >= self.window

    @property
    def oldest(self) -> OutgoingBatch | None:
        """The first in the order of sending, wherever it is."""
        heads = [*self.away[:1], *([self.waiting[0]] if self.waiting else ())]
        return min(heads, key=lambda batch: batch.place, default=None)

    @property
    def next_bytes(self) -> int:
        """Of the first waiting batch, before compression."""
        if self.builder is not None and len(self.waiting) == 1:
            return self.builder.size_in_bytes
        return self.waiting[0].size_bytes

    def add(self, batch: OutgoingBatch) -> None:
        """A new batch that takes records from now on; the one before it is closed."""
        self.close_open()
        if self.is_idle and batch.created_at - self.opened_at > PRODUCER_REST_SECONDS:
            self.is_known = False
        self.opened_at = batch.created_at
        batch.number = self._numbers
        self._numbers += 1
        self.waiting.append(batch)
        self.builder, self.outcome = batch.builder, batch.outcome

    def close_open(self) -> None:
        """The last batch takes no more records."""
        if self.builder is not None:
            self.waiting[-1].close()
            self.filled_bytes += self.waiting[-1].size_bytes
            self.builder = self.outcome = None

    def may_take(self, identity: ProducerIdentity) -> bool:
        """Whether the rules let the first waiting batch leave, now that the producer has this identity."""
        if not self.waiting or self.must_restart:
            return False
        if not self.away:
            return True
        unsent = not self.waiting[0].attempts
        return unsent and self.is_known and len(self.away) < self.window and identity == self.identity

    def take(self, identity: ProducerIdentity) -> OutgoingBatch:
        """The first waiting batch, numbered, to be sent now."""
        assert self.may_take(identity)
        if len(self.waiting) == 1:
            self.close_open()
        batch = self.waiting.popleft()
        if identity is not NO_IDENTITY and batch.base_sequence < 0:
            self._begin(identity)
            self.next_sequence = batch.assign(identity, self.next_sequence)
        batch.attempts += 1
        self.away.append(batch)
        assert all(one.place < other.place for one, other in zip(self.away, self.away[1:], strict=False))
        return batch

    def returned(self, batch: OutgoingBatch) -> None:
        """It is not away any more."""
        if batch in self.away:
            self.away.remove(batch)

    def acknowledged(self, batch: OutgoingBatch) -> None:
        """The broker has it, and so knows its producer."""
        self.failures = 0
        self.is_known = self.is_known or batch.identity == self.identity

    def put_back(self, *batches: OutgoingBatch) -> None:
        """To be sent again, each at its place (rule 2). Not one that was given up while it was away."""
        for batch in batches:
            if not batch.is_settled:
                places = [each.place for each in self.waiting]
                self.waiting.insert(bisect_left(places, batch.place), batch)

    def is_oldest(self, batch: OutgoingBatch) -> bool:
        """Whether all before it are settled and back."""
        return self.oldest is batch

    def refused(self, batch: OutgoingBatch) -> None:
        """Rule 6: the broker refused it, and surely did not append it."""
        is_last = sequence_after(batch.base_sequence, batch.records_count) == self.next_sequence
        if batch.attempts == 1 and batch.base_sequence >= 0 and batch.identity == self.identity and is_last:
            self.next_sequence = batch.base_sequence

    def restart(self, identity: ProducerIdentity) -> None:
        """Rule 5: new numbers, from 0, for everything that had some."""
        assert not self.away
        self.must_restart = False
        self._begin(identity)
        for batch in self.waiting:
            if batch.base_sequence >= 0:
                self.next_sequence = batch.reassign(identity, self.next_sequence)

    def _begin(self, identity: ProducerIdentity) -> None:
        if self.identity != identity:
            assert not self.away, "rule 4"
            self.identity, self.next_sequence, self.is_known = identity, 0, False
