"""Runs the group coordinator of one partition of `__consumer_offsets`: log, clock and replies around a pure machine.

The machine decides; its records are appended to the partition as one batch and applied; its replies leave when all that
was appended so far is committed. After a restart the same records, read back, make the same machine.
"""

import asyncio
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from ottla.broker.call import Call
from ottla.broker.group_replay import offsets_of_lost_topics, replay
from ottla.broker.partition import Partition
from ottla.core.clock import Clock
from ottla.core.decision import Ticket, carry_out
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.ids import random_uuid
from ottla.core.limits import (
    GROUP_APPEND_RETRY_MS,
    GROUP_DECISIONS_PER_TURN,
    GROUP_RECORDS_PER_BATCH,
    REPLAY_CHUNK_BYTES,
)
from ottla.groups.caller import Caller
from ottla.groups.decision import GroupDecision, Reply
from ottla.groups.records.codec import GroupRecord, encode
from ottla.groups.topics import Topics
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder

if TYPE_CHECKING:  # most of the groups floor: not at start
    from ottla.groups.coordinator import GroupCoordinator

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
        self._steady_since_ms = clock.now_ms() - round(clock.monotonic() * 1000)
        self._durable = durable
        self._loop = asyncio.get_running_loop()
        self._tickets = itertools.count(1)
        self._waiting: dict[Ticket, asyncio.Future[Reply]] = {}
        self._undecided: list[GroupRecord] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def _now_ms(self) -> int:
        """The machine's time: a step of the wall clock must not end sessions."""
        return self._steady_since_ms + round(self._clock.monotonic() * 1000)

    # Requests.

    async def ask(self, decide: Decide, call: Call) -> Reply:
        """The machine's answer once it is committed; it may come from a later decision (a join waits for others)."""
        if (error := self.partition.error) or self._closed:
            return _away(f"the coordinator has stopped: {error.name}")
        ticket = next(self._tickets)
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting[ticket] = reply
        fresh_id = str(UUID(bytes=random_uuid()))
        caller = Caller(ticket, call.version, call.client_id or "", f"/{call.peer[0]}", fresh_id)
        try:
            self._carry_out(decide(self.machine, caller, self._now_ms()), ticket)
            self._run_due()
            return await reply
        finally:
            del self._waiting[ticket]

    def _carry_out(self, decision: GroupDecision, ticket: Ticket | None = None) -> bool:
        """Write, apply, and let the replies go. False when the disk refuses; `ticket` is answered then too."""
        replies: list[tuple[Ticket, Reply]] = []
        try:
            carry_out(decision, self._append, self.machine.apply, replies)
        except KafkaError as error:
            refused = {each for each, _ in replies} | ({ticket} if ticket is not None else set())
            self._take_back(refused, error)
            return False
        self._send_when_committed(replies)
        return True

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

    def _take_back(self, refused: Collection[Ticket], error: KafkaError) -> None:
        """Nothing was written: the groups in question go back to what is, and whoever waits in them is sent away."""
        away = _away(f"the coordinator cannot write: {error.message}")
        self._answer([(ticket, away) for ticket in refused])
        for group in dict.fromkeys(_group_of(record) for record in self._undecided):
            again = self.machine.forget_undecided(group, away, self._now_ms())
            self._answer(again.replies)

    def _send_when_committed(self, replies: list[tuple[Ticket, Reply]]) -> None:
        if not replies:
            return
        if self.partition.error:  # nothing more will be committed
            self._answer_after(self.partition.error, replies)
            return
        committed = self.partition.committed(self.partition.log.log_end_offset)
        if committed is None:
            self._answer(replies)
        else:
            committed.add_done_callback(lambda future: self._answer_after(future.result(), replies))

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
        for _ in range(GROUP_DECISIONS_PER_TURN):
            decision = self.machine.tick(self._now_ms())
            if decision is None:
                break
            if not self._carry_out(decision):
                earliest_ms = GROUP_APPEND_RETRY_MS
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

    # Topics.

    def set_topics(self, topics: Topics) -> None:
        """From now on these exist. Groups notice with their members' next request; offsets of the others go."""
        self.machine.set_topics(topics)
        self._forget_lost_topics()

    def _forget_lost_topics(self) -> None:
        """A topic made anew under an old name must not begin where the old one was left."""
        records = list(offsets_of_lost_topics(self.machine))
        for first in range(0, len(records), GROUP_RECORDS_PER_BATCH):
            if not self._carry_out(GroupDecision(records=records[first : first + GROUP_RECORDS_PER_BATCH])):
                break  # the next change of topics, or restart, tries again

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
            replay(self.machine, records, str(self.partition))
            offset = read.next_offset
            await asyncio.sleep(0)
        self._carry_out(self.machine.loaded(self._now_ms()))
        self._forget_lost_topics()
        self._run_due()


def _away(why: str) -> KafkaError:
    """The client is to look for the coordinator again."""
    return KafkaError(ErrorCode.NOT_COORDINATOR, why)


def _group_of(record: GroupRecord) -> str:
    """Every key names its group; the classic ones say `group`, the others `group_id`."""
    return str(getattr(record.key, "group", "") or getattr(record.key, "group_id", ""))
