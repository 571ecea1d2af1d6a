"""Records on their way: gathered into batches by partition, until the sender takes them; no I/O and no clock.

Times are seconds of the monotonic clock. A queue is `ready` when it may be worth a look: its first batch is full,
has lingered, or has come back and waited. Alarms say when to look at queues that are not.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.settings import ProducerSettings
from ottla.client.producing.buffer_memory import BufferMemory
from ottla.client.producing.delivery import Outcome
from ottla.client.producing.idempotence import NO_IDENTITY, ProducerIdentity
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.core.errors import KafkaError
from ottla.core.limits import GROWN_BATCH_BYTES, GROWN_BATCH_FACTOR
from ottla.records.builder import BatchBuilder

LINGER_MS = 5
"""As Java's client, when nobody says how long."""

_Alarm = tuple[float, int, PartitionQueue, bool]


class Accumulator:
    """The batches of all partitions that are not settled yet."""

    def __init__(self, settings: ProducerSettings) -> None:
        self.settings = settings
        self._linger_s = (LINGER_MS if settings.linger_ms is None else settings.linger_ms) / 1000
        self._queues: dict[TopicPartition, PartitionQueue] = {}
        self._alarms: list[_Alarm] = []
        self._numbers = count()
        self.memory = BufferMemory(settings.buffer_memory)
        self.ready: dict[PartitionQueue, None] = {}
        """In the order in which they became so."""
        self.busy: dict[PartitionQueue, None] = {}
        """Queues with anything unsettled, also what is away."""
        self.identity: ProducerIdentity | None = None if settings.enable_idempotence else NO_IDENTITY
        """Whose batches they are; None until it is known."""
        self.closed: KafkaError | None = None

    def queue(self, partition: TopicPartition) -> PartitionQueue:
        """The partition's, the same one every time."""
        queue = self._queues.get(partition)
        if queue is None:
            settings = self.settings
            window = settings.max_in_flight_requests_per_connection if settings.enable_idempotence else 1
            limit_bytes = min(settings.batch_size, settings.max_request_size)
            queue = self._queues[partition] = PartitionQueue(partition, limit_bytes, window)
        return queue

    def open(
        self, queue: PartitionQueue, size_bytes: int, now: float, expected_bytes: int = 0
    ) -> BatchBuilder:
        """A new batch for a record of about `size_bytes`. Raises BufferFull, or what it was closed with.

        It may grow beyond `batch.size` when more than that is to come at once, or waits already.
        """
        if self.closed is not None:
            raise self.closed
        limit_bytes = queue.limit_bytes
        if queue.may_grow and (expected_bytes > limit_bytes or queue.is_behind):
            grown_bytes = self._grown_bytes(limit_bytes)
            limit_bytes = grown_bytes if self.memory.has_room(grown_bytes) else limit_bytes
        reserved_bytes = max(limit_bytes, size_bytes)
        self.memory.reserve(reserved_bytes)
        queue.open_limit_bytes = limit_bytes
        builder = self.builder()
        batch = OutgoingBatch(queue, builder, Outcome(*queue.partition), now)
        batch.reserved_bytes = reserved_bytes
        queue.add(batch)
        self.busy[queue] = None
        if self._leaves_at_once(queue, size_bytes):
            self.ready[queue] = None
        if self._linger_s:  # also behind others: once those are gone it is the first, and lingers
            self._alarm(now + self._linger_s, queue)
        if not queue.is_watched:
            self._watch(queue, now)
        return builder

    def _grown_bytes(self, limit_bytes: int) -> int:
        most = min(GROWN_BATCH_BYTES, self.settings.max_request_size, self.settings.buffer_memory)
        return max(limit_bytes, min(limit_bytes * GROWN_BATCH_FACTOR, most))

    def _leaves_at_once(self, queue: PartitionQueue, size_bytes: int) -> bool:
        full = len(queue.waiting) > 1 or size_bytes >= queue.limit_bytes
        return full or not self._linger_s or self.memory.is_short

    def filled(self, queue: PartitionQueue) -> None:
        """The queue's open batch takes no more."""
        queue.close_open()
        self.ready[queue] = None

    def discard_empty(self, queue: PartitionQueue) -> None:
        """Nothing could be appended to the queue's open batch: if there is nothing else in it, forget it."""
        if queue.builder is not None and not queue.builder.records_count:
            queue.builder = queue.outcome = None
            self._free(queue.waiting.pop())
            self._tidy(queue)

    def builder(self) -> BatchBuilder:
        """An empty batch, as the settings say."""
        settings = self.settings
        return BatchBuilder(
            settings.compression_type,
            settings.compression_level,
            is_transactional=settings.transactional_id is not None,
        )

    def next_alarm(self) -> float | None:
        """The moment when `look` has something to do; None when there is none."""
        return self._alarms[0][0] if self._alarms else None

    def look(self, now: float) -> list[OutgoingBatch]:
        """Queues whose time has come are ready. Returns the batches whose `delivery.timeout.ms` is over."""
        expired: list[OutgoingBatch] = []
        while self._alarms and self._alarms[0][0] <= now:
            _, _, queue, is_deadline = heappop(self._alarms)
            if is_deadline:
                queue.is_watched = False
                expired += self._expired(queue, now)
                if not queue.is_idle:
                    self._watch(queue, now)
            elif queue.waiting:
                self.ready[queue] = None
        return expired

    def is_due(self, queue: PartitionQueue, now: float) -> bool:
        """Whether the queue's first waiting batch is to leave, as far as time goes."""
        if not queue.waiting or queue.not_before > now:
            return False
        head = queue.waiting[0]
        if head.attempts or len(queue.waiting) > 1 or queue.is_pressed or self.memory.is_short:
            return True
        full = queue.builder is None or queue.builder.size_in_bytes >= queue.limit_bytes
        return full or head.created_at + self._linger_s <= now

    def take(self, queue: PartitionQueue) -> OutgoingBatch:
        """The first waiting batch of a queue that `may_take`; it is away until `returned`."""
        assert self.identity is not None
        batch = queue.take(self.identity)
        self.memory.settle(batch.reserved_bytes - batch.size_bytes)
        batch.reserved_bytes = batch.size_bytes
        queue.is_pressed = queue.is_pressed and bool(queue.waiting)
        return batch

    def put_back(self, batch: OutgoingBatch, not_before: float) -> None:
        """It comes back to be sent again, not before this moment; no more than that if it was given up."""
        batch.queue.returned(batch)
        batch.queue.put_back(batch)
        self._tidy(batch.queue)
        if batch.queue.waiting:
            self.postpone(batch.queue, not_before)

    def postpone(self, queue: PartitionQueue, not_before: float) -> None:
        """Nothing of the queue is sent before this moment."""
        queue.not_before = not_before
        self.ready.pop(queue, None)
        self._alarm(not_before, queue)
        self.busy[queue] = None

    def split(self, batch: OutgoingBatch) -> int:
        """Smaller ones in the place of a batch that the broker found too large. Returns their limit in bytes."""
        queue = batch.queue
        if batch.size_bytes <= queue.limit_bytes:
            queue.limit_bytes = max(1, batch.size_bytes // 2)
        queue.may_grow = False
        parts = batch.split(queue.limit_bytes, self.builder())
        share = batch.reserved_bytes // len(parts)
        for part in parts:
            part.reserved_bytes = share
        self.memory.settle(batch.reserved_bytes - share * len(parts))
        queue.returned(batch)
        queue.put_back(*parts)
        self._tidy(queue)
        return queue.limit_bytes

    def delivered(self, batch: OutgoingBatch, base_offset: int, append_time_ms: int) -> None:
        """It comes back, and its records are saved."""
        batch.queue.acknowledged(batch)
        self._free(batch)
        batch.delivered(base_offset, append_time_ms)
        self._left(batch)

    def give_up(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """It comes back, and its records are not delivered, as far as is known."""
        self.fail(batch, error)
        self._left(batch)

    def fail(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """Its records are not delivered, as far as is known, whether or not it is still away."""
        self._free(batch)
        batch.failed(error)

    def drop(self, error: KafkaError) -> None:
        """Give up everything that waits, but not what is away."""
        for queue in list(self.busy):
            queue.close_open()
            waiting = list(queue.waiting)
            queue.waiting.clear()
            for batch in waiting:
                self.fail(batch, error)
            self._tidy(queue)

    def press_awaited(self, queue: PartitionQueue) -> None:
        """Somebody awaits a record in the queue's last batch: it lingers only if the settings say so."""
        if self.settings.linger_ms is None and queue.waiting:
            queue.is_pressed = True
            self.ready[queue] = None

    def press(self) -> list[Outcome]:
        """Nothing that waits is to linger. Returns the outcomes of everything unsettled."""
        for queue in self.busy:
            if queue.waiting:
                queue.is_pressed = True
                self.ready[queue] = None
        batches = (batch for queue in self.busy for batch in (*queue.away, *queue.waiting))
        return [batch.outcome for batch in batches if not batch.is_settled]

    def close(self, error: KafkaError) -> None:
        """Give up everything, also what is away, and take nothing more. Of several errors the first is told."""
        self.closed = self.closed or error
        self.drop(self.closed)
        for queue in self.busy:
            for batch in queue.away:
                self.fail(batch, self.closed)
        self.memory.close(self.closed)

    def _left(self, batch: OutgoingBatch) -> None:
        batch.queue.returned(batch)
        self._tidy(batch.queue)

    def _tidy(self, queue: PartitionQueue) -> None:
        """Something has left the queue or come back to it."""
        if queue.must_restart and not queue.away:
            self._restart(queue)
        if queue.waiting:
            self.ready[queue] = None
        elif queue.is_idle:
            self.busy.pop(queue, None)

    def _restart(self, queue: PartitionQueue) -> None:
        """Nothing is away: what waits gets a new epoch, or waits for a new producer id."""
        if self.identity is not None and queue.identity == self.identity:
            self.identity = self.identity.bumped()
        if self.identity is not None:
            queue.restart(self.identity)

    def identify(self, identity: ProducerIdentity) -> None:
        """The broker has given the producer its id."""
        self.identity = identity
        for queue in self.busy:
            if queue.must_restart and not queue.away:
                queue.restart(identity)

    def _free(self, batch: OutgoingBatch) -> None:
        self.memory.settle(batch.reserved_bytes)
        batch.reserved_bytes = 0

    def _expired(self, queue: PartitionQueue, now: float) -> Iterator[OutgoingBatch]:
        """What has waited or been away for too long; the former leave the queue."""
        deadline = now - self.settings.delivery_timeout_ms / 1000
        for batch in queue.away:
            if batch.created_at <= deadline and not batch.is_settled:
                yield batch
        while queue.waiting and queue.waiting[0].created_at <= deadline:
            if len(queue.waiting) == 1:
                queue.close_open()
            yield queue.waiting.popleft()
        if queue.is_idle:
            self.busy.pop(queue, None)

    def _watch(self, queue: PartitionQueue, now: float) -> None:
        """An alarm for the next deadline: one for each queue that has anything unsettled."""
        timeout = self.settings.delivery_timeout_ms / 1000
        batches = (batch for batch in (*queue.away, *queue.waiting) if batch.created_at + timeout > now)
        first = next(batches, None)
        self._alarm((first.created_at if first is not None else now) + timeout, queue, is_deadline=True)
        queue.is_watched = True

    def _alarm(self, moment: float, queue: PartitionQueue, *, is_deadline: bool = False) -> None:
        heappush(self._alarms, (moment, next(self._numbers), queue, is_deadline))
