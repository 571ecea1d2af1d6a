"""Runs a coordinator's machine over one partition of an internal topic: log, clock and replies around a pure machine.

The machine decides; its records are appended to the partition as one batch and applied; its replies leave when all that
was appended so far is committed. After a restart the same records, read back, make the same machine.
"""

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ottla.broker.in_thread import in_thread
from ottla.broker.partition import Partition
from ottla.core.clock import Clock
from ottla.core.decision import Decision, Ticket, carry_out
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import (
    COORDINATOR_APPEND_RETRY_MS,
    COORDINATOR_DECISIONS_PER_TURN,
    REPLAY_CHUNK_BYTES,
)
from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.errors import CorruptRecordError
from ottla.wire.schema import Message
from ottla.wire.types import Buffer

Reply = Message | KafkaError
RecordT = TypeVar("RecordT")

_log = logging.getLogger(__name__)


class Machine(Protocol[RecordT]):
    """What a shard asks of its machine besides requests."""

    def apply(self, record: RecordT) -> None: ...

    def loaded(self, now_ms: int) -> Decision[RecordT, Reply]: ...

    def tick(self, now_ms: int) -> Decision[RecordT, Reply] | None: ...

    @property
    def wake_at_ms(self) -> int | None: ...


MachineT = TypeVar("MachineT", bound=Machine[Any])


class Shard(ABC, Generic[MachineT, RecordT]):
    """One partition's coordinator. Everything happens on the event loop. `durable`: replies wait for the disk."""

    def __init__(self, partition: Partition, machine: MachineT, clock: Clock, *, durable: bool) -> None:
        self.machine = machine
        self.partition = partition
        self._clock = clock
        self._steady_since_ms = clock.now_ms() - round(clock.monotonic() * 1000)
        self._durable = durable
        self._loop = asyncio.get_running_loop()
        self._tickets = itertools.count(1)
        self._waiting: dict[Ticket, asyncio.Future[Reply]] = {}
        self._undecided: list[RecordT] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    # What the kinds of coordinators differ in.

    @abstractmethod
    def _encode(self, record: RecordT) -> tuple[bytes, bytes | None]:
        """The record's key and value as they lie in a batch."""

    @abstractmethod
    def _key_of(self, record: RecordT) -> str:
        """The group or transactional id that the record belongs to."""

    @abstractmethod
    def _replay(self, batch: Batch) -> None:
        """Hand what the batch says to the machine. Raises CorruptRecordError."""

    @abstractmethod
    def _forget_undecided(self, key: str, away: KafkaError) -> None:
        """What was decided about this group or transactional id could not be written."""

    def _builder(self, records: Sequence[RecordT]) -> BatchBuilder:  # noqa: ARG002  some kinds look at them
        """What the records become a batch with."""
        return BatchBuilder()

    def _carried_out(self, decision: Decision[RecordT, Reply]) -> None:
        """The decision's records are appended and applied; nothing is committed yet."""

    # Requests.

    async def answer(self, decide: Callable[[Ticket, int], Decision[RecordT, Reply]]) -> Reply:
        """The machine's answer once it is committed; it may come from a later decision (a join waits for others).

        `decide` puts the request to the machine, with a ticket and the time in milliseconds.
        """
        if (error := self.partition.error) or self._closed:
            return _away(f"the coordinator has stopped: {error.name}")
        ticket = next(self._tickets)
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting[ticket] = reply
        try:
            self._carry_out(decide(ticket, self._now_ms()), ticket)
            self._run_due()
            return await reply
        finally:
            del self._waiting[ticket]

    def _now_ms(self) -> int:
        """The machine's time: a step of the wall clock must not end sessions."""
        return self._steady_since_ms + round(self._clock.monotonic() * 1000)

    def _carry_out(self, decision: Decision[RecordT, Reply], ticket: Ticket | None = None) -> bool:
        """Write, apply, and let the replies go. False when the disk refuses; `ticket` is answered then too."""
        replies: list[tuple[Ticket, Reply]] = []
        try:
            carry_out(decision, self._append, self.machine.apply, replies, self._carried_out)
        except KafkaError as error:
            refused = {each for each, _ in replies} | ({ticket} if ticket is not None else set())
            self._take_back(refused, error)
            return False
        if replies:
            self._when_committed(lambda error: self._answer_after(error, replies))
        return True

    def _append(self, records: Sequence[RecordT]) -> None:
        """The records as one batch. Raises KafkaError; `_undecided` are those that were not written."""
        now_ms = self._clock.now_ms()
        self._undecided = list(records)
        if self.partition.error:
            raise KafkaError(self.partition.error)
        builder = self._builder(records)
        for record in records:
            builder.append(now_ms, *self._encode(record))
        self.partition.append(Batch(builder.build()), now_ms, durable=self._durable)

    def _take_back(self, refused: Collection[Ticket], error: KafkaError) -> None:
        """Nothing was written: what it was about goes back to what is, and whoever waits for it is sent away."""
        away = _away(f"the coordinator cannot write: {error.message}")
        self._answer([(ticket, away) for ticket in refused])
        for key in dict.fromkeys(self._key_of(record) for record in self._undecided):
            self._forget_undecided(key, away)

    def _when_committed(self, then: Callable[[ErrorCode], None]) -> None:
        """Call `then` once all that is appended now is committed, or with the error because of which it will not be."""
        if self.partition.error:
            then(self.partition.error)
            return
        committed = self.partition.committed(self.partition.log.log_end_offset)
        if committed is None:
            then(ErrorCode.NONE)
        else:
            committed.add_done_callback(lambda future: then(future.result()))

    def _answer_after(self, error: ErrorCode, replies: list[tuple[Ticket, Reply]]) -> None:
        away = _away(f"the commit failed: {error.name}") if error else None
        self._answer([(ticket, away or reply) for ticket, reply in replies])

    def _answer(self, replies: Sequence[tuple[Ticket, Reply]]) -> None:
        """A ticket that nobody holds any more belonged to a connection that is gone."""
        for ticket, reply in replies:
            future = self._waiting.get(ticket)
            if future is not None and not future.done():
                future.set_result(reply)

    # Time.

    def _run_due(self) -> None:
        """Carry out what is due, and be woken for what comes next, or when the disk may be well again."""
        if self._closed:
            return
        earliest_ms = 0
        for _ in range(COORDINATOR_DECISIONS_PER_TURN):
            decision = self.machine.tick(self._now_ms())
            if decision is None:
                break
            if not self._carry_out(decision):
                earliest_ms = COORDINATOR_APPEND_RETRY_MS
                break
        if self._timer is not None:
            self._timer.cancel()
        wake_at_ms = self.machine.wake_at_ms
        if wake_at_ms is not None:
            delay_ms = max(wake_at_ms - self._now_ms(), earliest_ms)
            self._timer = self._loop.call_later(delay_ms / 1000, self._run_due)

    def close(self) -> None:
        """Stop waking; whoever waits, or still comes, is sent to the next coordinator."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        away = _away("the coordinator stops")
        self._answer([(ticket, away) for ticket in self._waiting])

    # Replay.

    async def load(self) -> None:
        """Read the partition back into the machine, giving the loop a turn after each chunk."""
        log = self.partition.log
        offset, end_offset = log.log_start_offset, log.log_end_offset
        while offset < end_offset:
            read = log.read(offset, REPLAY_CHUNK_BYTES, end_offset)
            records = await in_thread(read.load) if read.cold else read.records
            if not records:
                break
            self._replay_all(records)
            offset = read.next_offset
            await asyncio.sleep(0)
        self._loaded()

    def _replay_all(self, data: Buffer) -> None:
        """What cannot be read is passed over with a word: the others need their coordinator."""
        for batch in batches(data):
            try:
                if not batch.crc_is_valid():
                    raise CorruptRecordError("its checksum is wrong")
                self._replay(batch)
            except CorruptRecordError as error:
                _log.error(
                    "%s: the batch at offset %d is passed over: %s", self.partition, batch.base_offset, error
                )

    def _loaded(self) -> None:
        self._carry_out(self.machine.loaded(self._now_ms()))
        self._run_due()


def _away(why: str) -> KafkaError:
    """The client is to look for the coordinator again."""
    return KafkaError(ErrorCode.NOT_COORDINATOR, why)
