"""Runs the group coordinator of one partition of `__consumer_offsets`: log, clock and replies around a pure machine.

The machine decides; its records are appended to the partition as one batch and applied; its replies leave when all that
was appended so far is committed. After a restart the same records, read back, make the same machine.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from ottla.broker.call import Call
from ottla.broker.partition import Partition
from ottla.core.clock import Clock
from ottla.core.decision import Ticket, carry_out
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.ids import random_uuid
from ottla.core.limits import REPLAY_CHUNK_BYTES
from ottla.groups.caller import Caller
from ottla.groups.decision import GroupDecision, Reply
from ottla.groups.records.codec import GroupRecord, decode, encode
from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.control import ControlType, read_end_transaction_marker
from ottla.records.reader import read_records
from ottla.wire.types import Buffer, WireError

if TYPE_CHECKING:  # most of the groups floor: not at start
    from ottla.groups.coordinator import GroupCoordinator

_log = logging.getLogger(__name__)

Decide = Callable[["GroupCoordinator", Caller, int], GroupDecision]
"""What a request asks of the machine: the machine, who asks, and the time in milliseconds."""


class GroupShard:
    """One partition's groups. Everything happens on the event loop. `durable`: replies wait for the disk."""

    def __init__(
        self, partition: Partition, machine: "GroupCoordinator", clock: Clock, *, durable: bool
    ) -> None:
        self.machine = machine
        self.partition = partition
        self._clock = clock
        self._durable = durable
        self._loop = asyncio.get_running_loop()
        self._tickets = itertools.count(1)
        self._waiting: dict[Ticket, asyncio.Future[Reply]] = {}
        self._undecided: list[GroupRecord] = []
        self._timer: asyncio.TimerHandle | None = None

    # Requests.

    async def ask(self, decide: Decide, call: Call) -> Reply:
        """The machine's answer once it is committed; it may come from a later decision (a join waits for others)."""
        ticket = next(self._tickets)
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting[ticket] = reply
        fresh_id = str(UUID(bytes=random_uuid()))
        caller = Caller(ticket, call.version, call.client_id or "", f"/{call.peer[0]}", fresh_id)
        try:
            self._carry_out(decide(self.machine, caller, self._clock.now_ms()), ticket)
            self._run_due()
            return await reply
        finally:
            del self._waiting[ticket]

    def _carry_out(self, decision: GroupDecision, ticket: Ticket | None = None) -> None:
        """Write, apply, and let the replies go; `ticket` is answered too when the disk refuses."""
        try:
            replies = carry_out(decision, self._append, self.machine.apply)
        except KafkaError as error:
            self._take_back(decision, ticket, error)
        else:
            self._send_when_committed(replies)

    def _append(self, records: Sequence[GroupRecord]) -> None:
        """The records as one batch. Raises KafkaError; `_undecided` are those that were not written."""
        now_ms = self._clock.now_ms()
        self._undecided = list(records)
        if self.partition.error:
            raise KafkaError(self.partition.error)
        builder = BatchBuilder()
        for record in records:
            builder.append(now_ms, *encode(record))
        self.partition.append(Batch(builder.build()), now_ms, durable=self._durable)

    def _take_back(self, decision: GroupDecision, ticket: Ticket | None, error: KafkaError) -> None:
        """Nothing was written: the groups in question go back to what is, and whoever waits in them is sent away."""
        away = KafkaError(ErrorCode.NOT_COORDINATOR, f"the coordinator cannot write: {error.message}")
        refused = {each for each, _ in decision.replies} | ({ticket} if ticket is not None else set())
        self._answer([(each, away) for each in refused])
        for group in dict.fromkeys(_group_of(record) for record in self._undecided):
            again = self.machine.forget_undecided(group, away, self._clock.now_ms())
            self._answer([*again.replies])

    def _send_when_committed(self, replies: list[tuple[Ticket, Reply]]) -> None:
        if not replies:
            return
        committed = self.partition.committed(self.partition.log.log_end_offset)
        if committed is None:
            self._answer(replies)
        else:
            committed.add_done_callback(lambda future: self._answer_after(future.result(), replies))

    def _answer_after(self, error: ErrorCode, replies: list[tuple[Ticket, Reply]]) -> None:
        away = KafkaError(ErrorCode.NOT_COORDINATOR, f"the commit failed: {error.name}") if error else None
        self._answer([(ticket, away or reply) for ticket, reply in replies])

    def _answer(self, replies: Sequence[tuple[Ticket, Reply]]) -> None:
        """A ticket that nobody holds any more belonged to a connection that is gone."""
        for ticket, reply in replies:
            future = self._waiting.get(ticket)
            if future is not None and not future.done():
                future.set_result(reply)

    # Time.

    def _run_due(self) -> None:
        """Carry out what is due, and be woken for what comes next."""
        now_ms = self._clock.now_ms()
        while (decision := self.machine.tick(now_ms)) is not None:
            self._carry_out(decision)
        if self._timer is not None:
            self._timer.cancel()
        wake_at_ms = self.machine.wake_at_ms
        delay = None if wake_at_ms is None else max(wake_at_ms - now_ms, 0) / 1000
        self._timer = None if delay is None else self._loop.call_later(delay, self._run_due)

    def close(self) -> None:
        """Stop waking; whoever waits is sent to the next coordinator."""
        if self._timer is not None:
            self._timer.cancel()
        away = KafkaError(ErrorCode.NOT_COORDINATOR, "the coordinator stops")
        self._answer([(ticket, away) for ticket in self._waiting])

    # Replay.

    async def load(self) -> None:
        """Read the partition back into the machine, giving the loop a turn after each chunk."""
        log = self.partition.log
        offset, end_offset = log.log_start_offset, log.log_end_offset
        while offset < end_offset:
            read = log.read(offset, REPLAY_CHUNK_BYTES, end_offset)
            records = await self._loop.run_in_executor(None, read.load) if read.cold else read.records
            if not records:
                break
            self._replay(records)
            offset = read.next_offset
            await asyncio.sleep(0)
        self._carry_out(self.machine.loaded(self._clock.now_ms()))
        self._run_due()

    def _replay(self, data: Buffer) -> None:
        for batch in batches(data):
            if batch.is_control:
                marker = read_end_transaction_marker(batch)
                if marker is not None:
                    committed = marker.control_type is ControlType.COMMIT
                    self.machine.end_transaction(batch.producer_id, committed=committed)
            else:
                self._replay_batch(batch)

    def _replay_batch(self, batch: Batch) -> None:
        producer_id = batch.producer_id if batch.is_transactional else -1
        for each in read_records(batch):
            try:
                record = decode(each.key or b"", each.value)
            except WireError as error:
                _log.error(
                    "%s: the record at offset %d is passed over: %s", self.partition, each.offset, error
                )
                continue
            if record is not None:
                self.machine.apply(record, producer_id)


def _group_of(record: GroupRecord) -> str:
    """Every key names its group; the classic ones say `group`, the others `group_id`."""
    return str(getattr(record.key, "group", "") or getattr(record.key, "group_id", ""))
