"""Runs a producer's transactions: the machine decides what may be, the requests ask, the sender is let through.

What ends a transaction runs to its end also when whoever asked for it is cancelled: half an end helps nobody.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.idempotence import ProducerIdentity
from ottla.client.transactions.machine import TRANSITIONS, Event, State, TransactionMachine
from ottla.client.transactions.requests import TransactionRequests
from ottla.core.errors import AbortableError, ErrorCode, FatalError, KafkaError
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")

_LAST_PRODUCE_VERSION_OF_FIRST_PROTOCOL = 11


class Transactor:
    """Of one transactional id. It is the sender's gate (`ottla.client.transactions.gate`)."""

    def __init__(self, cluster: Cluster, accumulator: Accumulator, transactional_id: str) -> None:
        self.machine = TransactionMachine()
        self.wake: Callable[[], None] = lambda: None
        """Called when batches may leave that might not before."""
        self._accumulator = accumulator
        self._requests = TransactionRequests(cluster, accumulator.settings, transactional_id)
        self._tasks = Tasks("transactions")
        self._adding: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[KafkaError | None] | None = None

    async def init(self) -> None:
        """Take over the transactional id; a transaction that its last producer left open is aborted."""
        if self.machine.state is State.UNINITIALIZED:
            await self._to_the_end(self._init())

    async def begin(self) -> None:
        """A new transaction."""
        await self._ended()
        self.machine.check(Event.BEGIN)
        version = await self._requests.version()
        self.machine.begin(version)

    async def send_offsets(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: GroupMetadata
    ) -> None:
        """A group's offsets become part of the transaction."""
        machine = self.machine
        machine.check_may_add()
        if not offsets:
            return
        try:
            if machine.version < 2 and group.group_id not in machine.groups:
                await self._requests.add_offsets(machine.identity, group.group_id)
            machine.group_added(group.group_id)
            await self._requests.commit_offsets(machine.identity, offsets, group, machine.version)
        except KafkaError as error:
            self._failed(error)
            raise

    async def commit(self) -> None:
        """Everything in the transaction becomes visible at once. Raises AbortableError when it has to be aborted."""
        await self._ended()
        self.machine.check(Event.COMMIT)
        self.machine.move(Event.COMMIT)
        await self._to_the_end(self._commit())

    async def abort(self) -> None:
        """Nothing of the transaction becomes visible."""
        await self._ended()
        self.machine.check(Event.ABORT)
        self.machine.move(Event.ABORT)
        await self._to_the_end(self._abort())

    async def close(self) -> None:
        """Leave what is under way: the coordinator aborts it when its time is over."""
        await self._tasks.close()

    @property
    def may_abort(self) -> bool:
        """Whether there is a transaction that can be aborted."""
        return Event.ABORT in TRANSITIONS[self.machine.state]

    # What the sender asks.

    @property
    def max_produce_version(self) -> int | None:
        return _LAST_PRODUCE_VERSION_OF_FIRST_PROTOCOL if self.machine.version < 2 else None

    @property
    def is_ending_badly(self) -> bool:
        return self.machine.is_ending_badly

    def may_leave(self, partition: TopicPartition) -> bool:
        allowed = self.machine.may_leave(partition)
        if not allowed and self.machine.wanted and (self._adding is None or self._adding.done()):
            self._adding = self._tasks.start(self._add_partitions(), "partitions")
        return allowed

    def batch_failed(self, error: KafkaError) -> KafkaError:
        machine = self.machine
        machine.records_failed(error)
        if machine.is_failed:
            asyncio.get_running_loop().call_soon(self._drop_waiting)
        if machine.state is State.ABORTABLE_ERROR and isinstance(error, FatalError):
            return machine.error or error  # nobody is to end the producer for it
        return error

    # One task each.

    async def _init(self) -> None:
        self.machine.move(Event.INIT)
        try:
            identity = await self._requests.init_producer_id()
        except FatalError as error:
            self.machine.failed(error)
            raise
        except BaseException:
            self.machine.move(Event.NOT_INITIALIZED)
            raise
        self.machine.initialized(identity)
        self._accumulator.identify(identity)

    async def _add_partitions(self) -> None:
        machine = self.machine
        while machine.wanted and not machine.is_ending_badly:
            wanted = frozenset(machine.wanted)
            try:
                await self._requests.add_partitions(machine.identity, wanted)
            except KafkaError as error:
                self._failed(error)
                return
            machine.added(wanted)
            self.wake()

    async def _commit(self) -> None:
        await self._delivered()
        machine = self.machine
        if machine.error is not None and machine.is_failed:
            raise machine.error.with_traceback(None)
        await self._end(committed=True)

    async def _abort(self) -> None:
        self._drop_waiting()
        if self._adding is not None and not self._adding.done():
            await asyncio.wait([self._adding])
        await self._delivered()
        had_content, machine = self.machine.has_content, self.machine
        identity = await self._ended_identity(committed=False)
        if had_content and machine.version < 2:
            try:
                identity = await self._requests.init_producer_id(machine.identity)
            except KafkaError as error:
                self._failed(error)
                raise
        self._finish(identity)

    async def _end(self, *, committed: bool) -> None:
        self._finish(await self._ended_identity(committed=committed))

    async def _ended_identity(self, *, committed: bool) -> ProducerIdentity | None:
        machine = self.machine
        if not machine.has_content:
            return None
        try:
            return await self._requests.end(machine.identity, machine.version, committed=committed)
        except (AbortableError, FatalError) as error:
            self._failed(error)
            raise

    def _finish(self, identity: ProducerIdentity | None) -> None:
        self.machine.ended(identity)
        self._accumulator.identify(self.machine.identity)

    async def _delivered(self) -> None:
        """Wait until everything is delivered or given up."""
        while outcomes := self._accumulator.press():
            self.wake()
            for outcome in outcomes:
                if not outcome.is_settled:
                    await outcome.stand_by()

    def _failed(self, error: KafkaError) -> None:
        if isinstance(error, AbortableError | FatalError):
            self.machine.failed(error)
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        """Records that have not left fail with their transaction."""
        reason = f": {self.machine.error}" if self.machine.error is not None else ""
        problem = KafkaError(ErrorCode.TRANSACTION_ABORTABLE, f"the transaction is aborted{reason}")
        self._accumulator.drop(problem)

    async def _to_the_end(self, work: Coroutine[Any, Any, None]) -> None:
        self._ending = ending = self._tasks.start(_outcome(work), "end")
        error = await asyncio.shield(ending)
        if error is not None:
            raise error

    async def _ended(self) -> None:
        """An end that nobody waits for any more, because they were cancelled, comes first."""
        if self._ending is not None and not self._ending.done():
            await asyncio.wait([self._ending])


async def _outcome(work: Coroutine[Any, Any, None]) -> KafkaError | None:
    """The error that `work` ends with, as a value: whoever waits raises it, and if nobody does it is no news."""
    try:
        await work
    except KafkaError as error:
        return error
    return None
