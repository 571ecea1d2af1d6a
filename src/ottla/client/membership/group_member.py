"""Runs a group membership: sends what it wants sent, has the application carry out its changes, tells it the time."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.membership.classic import ClassicMembership
from ottla.client.membership.consumer import ConsumerMembership
from ottla.client.membership.group_metadata import GroupMetadata
from ottla.client.membership.group_topics import GroupTopics
from ottla.client.membership.lane import Lane
from ottla.client.membership.machine import Change, ChangeKind, Membership, Partitions, Wanted
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks
from ottla.wire.messages.leave_group import LeaveGroupRequest
from ottla.wire.registry import api_named
from ottla.wire.schema import Message

_log = logging.getLogger("ottla.client")
_FIRST_LEAVE_OF_MANY = 3
_MOVED = {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}


class Application(Protocol):
    """Who carries out changes. What it raises is its own affair: the membership goes on."""

    @property
    def is_here(self) -> bool:
        """Whether it waits for records at this moment."""
        ...

    async def assigned(self, partitions: Partitions) -> None: ...

    async def revoked(self, partitions: Partitions, overtaken: asyncio.Event) -> None:
        """Finish and give up. Once `overtaken` is set, they are somebody else's already."""
        ...

    async def lost(self, partitions: Partitions) -> None: ...

    def failed(self, error: KafkaError) -> None:
        """It cannot be a member any more."""
        ...


class GroupMember:
    """One membership and its task."""

    def __init__(self, cluster: Cluster, machine: Membership, application: Application) -> None:
        self.machine = machine
        self._cluster = cluster
        self._application = application
        self._lane = Lane(cluster)
        self._tasks = Tasks("group member")
        self._asking: asyncio.Task[None] | None = None
        self._changing: tuple[Change, asyncio.Task[None]] | None = None
        self._overtaken = asyncio.Event()
        self._woken = asyncio.Event()
        self._topics = GroupTopics(cluster, machine, self._tasks, self.wake)
        self._told: KafkaError | None = None
        self.changed: Callable[[], None] = lambda: None
        """Called whenever the membership may have moved on."""

    # What the consumer tells and asks

    @property
    def metadata(self) -> GroupMetadata:
        """Who this is in the group, now."""
        machine = self.machine
        instance_id, group_id = machine.config.instance_id, machine.config.group_id
        if isinstance(machine, ClassicMembership):
            return GroupMetadata(group_id, machine.generation_id, machine.member_id, instance_id)
        assert isinstance(machine, ConsumerMembership)
        if machine.epoch <= 0:
            return GroupMetadata(group_id, group_instance_id=instance_id)
        return GroupMetadata(group_id, machine.epoch, machine.member_id, instance_id)

    def subscribe(self, wanted: Wanted) -> None:
        """From now on; nothing leaves the group."""
        self.machine.subscribe(wanted, self._now_ms())
        self.wake()

    def polled(self) -> None:
        """The application came for records."""
        self.machine.polled(self._now_ms())
        self.wake()

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    def start(self) -> None:
        """Run until `close`."""
        self._tasks.start(self._run(), "membership")

    async def leave(self) -> None:
        """Give up what is owned, say goodbye and be out."""
        if self._asking is not None and not self.machine.is_out:
            self._asking.cancel()  # what is parked at the coordinator is not waited for
            await asyncio.gather(self._asking, return_exceptions=True)
            await self._lane.hang_up()
        self.machine.quit()
        self.wake()
        while not self.machine.is_out and not self._tasks_are_done():
            await self._until_changed()

    async def close(self) -> None:
        """End at once; who has not left is missed when its session is over."""
        await self._tasks.close()
        await self._lane.close()

    # The task

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            now_ms = self._now_ms()
            if self._application.is_here:
                self.machine.polled(now_ms)
            request = self.machine.request(now_ms)
            if request is not None:
                self._asking = self._tasks.start(self._ask(request), type(request).__name__)
            self._see_to_change()
            self._topics.see_to()
            self._see_to_failure()
            self.changed()
            await self._wait()

    async def _wait(self) -> None:
        wake_ms = self.machine.wake_at_ms()
        delay_s = None if wake_ms is None else max(0, wake_ms - self._now_ms()) / 1000
        try:
            async with asyncio.timeout(delay_s):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _until_changed(self) -> None:
        changed = asyncio.Event()
        before, self.changed = self.changed, changed.set
        try:
            await changed.wait()
        finally:
            self.changed = before

    def _tasks_are_done(self) -> bool:
        return not len(self._tasks)

    def _now_ms(self) -> int:
        return int(self._cluster.clock.monotonic() * 1000)

    # Requests

    async def _ask(self, request: Message) -> None:
        group_id = self.machine.config.group_id
        try:
            node = await self._cluster.coordinator(group_id, CoordinatorType.GROUP)
            api = api_named(type(request).__name__.removesuffix("Request"))
            response = await self._lane.ask(
                node, partial(_shaped, request), api.response, timeout_ms=self.machine.timeout_ms(request)
            )
        except KafkaError as error:
            if error.retriable:
                self._cluster.forget_coordinator(group_id, CoordinatorType.GROUP)
            _log.info("group %s: %s", group_id, error)
            self.machine.failed(error, self._now_ms())
        except Exception as error:
            problem = f"group {group_id}: {type(request).__name__}: {error!r}"
            self.machine.failed(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem), self._now_ms())
            raise
        else:
            if ErrorCode(getattr(response, "error_code", 0)) in _MOVED:
                self._cluster.forget_coordinator(group_id, CoordinatorType.GROUP)
            self.machine.answered(response, self._now_ms())
        finally:
            self._asking = None
            self.wake()

    # Changes

    def _see_to_change(self) -> None:
        change = self.machine.change
        if self.machine.abandons:
            self._overtaken.set()
        if change is None or (self._changing is not None and self._changing[0] is change):
            return
        assert self._changing is None, "one change at a time"
        self._overtaken.clear()
        self._changing = change, self._tasks.start(self._carry_out(change), change.kind.value)

    async def _carry_out(self, change: Change) -> None:
        _log.info(
            "group %s: %s %s", self.machine.config.group_id, change.kind.value, sorted(change.partitions)
        )
        if change.kind is ChangeKind.ASSIGNED:
            await self._application.assigned(change.partitions)
        elif change.kind is ChangeKind.REVOKED:
            await self._application.revoked(change.partitions, self._overtaken)
        else:
            await self._application.lost(change.partitions)
        self._changing = None
        self.machine.done()
        self.wake()

    # Topics

    @property
    def topics_of_group(self) -> frozenset[str]:
        """Topics whose metadata the leader of a classic group keeps fresh, beside its own."""
        return self._topics.of_group

    def topics_changed(self) -> None:
        """Metadata has been refreshed: the leader of a classic group compares partition counts."""
        self._topics.changed()

    # Failure

    def _see_to_failure(self) -> None:
        failure = self.machine.failure
        if failure is not None and failure is not self._told:
            self._told = failure
            self._application.failed(failure)


def _shaped(request: Message, version: int) -> Message:
    """The request for an older version: one member to a LeaveGroup."""
    if isinstance(request, LeaveGroupRequest) and version < _FIRST_LEAVE_OF_MANY:
        return LeaveGroupRequest(group_id=request.group_id, member_id=request.members[0].member_id)
    return request
