"""The transaction coordinator of one partition of `__transaction_state`: what a shard of transactions adds to a shard.

Once the record of an end is committed, the end is carried to its partitions and reported to the machine, in the
background; what a crash interrupts begins again when the partition is loaded.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ottla.broker.partition import Partition
from ottla.broker.shard import Reply, Shard
from ottla.broker.transaction_markers import Markers, TopicPartition
from ottla.core.clock import Clock
from ottla.core.decision import Decision, Ticket
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import MARKER_RETRY_MAX_SECONDS, MARKER_RETRY_SECONDS
from ottla.net.tasks import Tasks
from ottla.records.batch import Batch
from ottla.records.reader import read_records
from ottla.transactions.decision import EndOfTransaction, TransactionDecision
from ottla.transactions.records import TransactionRecord, decode, encode
from ottla.wire.types import WireError

if TYPE_CHECKING:  # most of the transactions floor: not at start
    from ottla.transactions.coordinator import TransactionCoordinator

Decide = Callable[["TransactionCoordinator", Ticket, int], TransactionDecision]
"""What a request asks of the machine: the machine, a ticket, and the time in milliseconds."""

_OVER = frozenset({ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.INVALID_PRODUCER_EPOCH})
"""The marker is there, its partition is gone, or the producer has gone on there, which it does after a marker only."""

_log = logging.getLogger(__name__)


class TransactionShard(Shard["TransactionCoordinator", TransactionRecord]):
    """One partition's transactional ids. `tasks` runs what goes on in the background."""

    def __init__(
        self,
        partition: Partition,
        machine: "TransactionCoordinator",
        clock: Clock,
        markers: Markers,
        tasks: Tasks,
        *,
        durable: bool,
    ) -> None:
        super().__init__(partition, machine, clock, durable=durable)
        self._markers = markers
        self._tasks = tasks
        self._ending: dict[str, asyncio.Task[None]] = {}
        """Transactional id → what carries its end out."""
        machine.set_coordinator_epoch(partition.leader_epoch)

    async def ask(self, decide: Decide) -> Reply:
        """The machine's answer once it is committed."""
        return await self.answer(lambda ticket, now_ms: decide(self.machine, ticket, now_ms))

    @property
    def now_ms(self) -> int:
        """The time that the machine goes by."""
        return self._now_ms()

    def _encode(self, record: TransactionRecord) -> tuple[bytes, bytes | None]:
        return encode(record, 1 if self.machine.transaction_version > 0 else 0)

    def _key_of(self, record: TransactionRecord) -> str:
        return record.key.transactional_id

    def _forget_undecided(self, key: str, away: KafkaError) -> None:  # noqa: ARG002  nobody else waits for it
        self.machine.forget_undecided(key, self._now_ms())

    # Ends.

    async def until_ended(self, transactional_id: str, seconds: float) -> None:
        """Wait until an end that is under way is complete, but not for longer."""
        ending = self._ending.get(transactional_id)
        if ending is None:  # not yet begun, or just over
            await asyncio.sleep(seconds)
        else:
            await asyncio.wait([ending], timeout=seconds)

    def _carried_out(self, decision: Decision[TransactionRecord, Reply]) -> None:
        assert isinstance(decision, TransactionDecision)
        if decision.ends:
            self._when_committed(lambda error: self._begin(error, decision.ends))

    def _begin(self, error: ErrorCode, ends: Sequence[EndOfTransaction]) -> None:
        """What is decided is committed: carry it out. If it never will be, a restart finds out what holds."""
        if error or self._closed:
            return
        for end in ends:
            task = self._tasks.start(self._finish(end), f"end the transaction of {end.transactional_id}")
            self._ending[end.transactional_id] = task
            task.add_done_callback(partial(self._ended, end.transactional_id))

    def _ended(self, transactional_id: str, task: asyncio.Task[None]) -> None:
        """The id's next end may have begun already."""
        if self._ending.get(transactional_id) is task:
            del self._ending[transactional_id]

    async def _finish(self, end: EndOfTransaction) -> None:
        """Write the markers of one transaction, for as long as it takes."""
        missing: set[TopicPartition] = set(end.partitions)
        delay = MARKER_RETRY_SECONDS
        while missing:
            outcomes = await self._markers.write(end, missing)
            if ErrorCode.TRANSACTION_COORDINATOR_FENCED in outcomes.values():
                _log.error("%s: another coordinator has taken over %s", self.partition, end.transactional_id)
                return
            over = {each for each, outcome in outcomes.items() if outcome in _OVER}
            if over:
                self._report(end, over)
            missing -= over
            if missing:
                self._complain(end, {each: outcomes[each] for each in missing}, delay)
                await asyncio.sleep(delay)
                delay = min(2 * delay, MARKER_RETRY_MAX_SECONDS)

    def _report(self, end: EndOfTransaction, partitions: set[TopicPartition]) -> None:
        decision = self.machine.markers_written(
            end.transactional_id, end.producer_id, end.producer_epoch, partitions, self._now_ms()
        )
        self._carry_out(decision)
        self._run_due()

    def _complain(
        self, end: EndOfTransaction, missing: dict[TopicPartition, ErrorCode], delay: float
    ) -> None:
        """Not at once: a partition that is just being opened or moved is no reason."""
        if delay >= MARKER_RETRY_MAX_SECONDS:
            (topic, index), error = next(iter(missing.items()))
            _log.warning(
                "the transaction of %s cannot end yet in %d partitions, among them %s-%d: %s",
                end.transactional_id,
                len(missing),
                topic,
                index,
                error.name,
            )

    def close(self) -> None:
        """Stop; ends that are not finished are resumed by whoever loads the partition next."""
        super().close()
        for task in self._ending.values():
            task.cancel()

    # Replay.

    def _replay(self, batch: Batch) -> None:
        """Apply one batch. Raises CorruptRecordError. A record that is none of ours is passed over with a word."""
        if batch.is_control:
            return
        for each in list(read_records(batch)):
            try:
                record = decode(each.key or b"", each.value)
            except WireError as error:
                _log.error(
                    "%s: the record at offset %d is passed over: %s", self.partition, each.offset, error
                )
                continue
            if record is not None:
                self.machine.apply(record)
