"""The group coordinator of one partition of `__consumer_offsets`: all its groups and their offsets.

It routes each request to the group's own machine and each record to what it changes. `ottla.core.decision`
says how its decisions are to be carried out. A reply that is a `KafkaError` becomes a response by
`ottla.groups.refusals`.
"""

from collections.abc import Collection
from functools import partial

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups import migration
from ottla.groups.caller import Caller
from ottla.groups.classic import join as classic_join
from ottla.groups.classic import requests as classic
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.rebalance import Rebalancing
from ottla.groups.classic.states import State
from ottla.groups.config import GroupConfig
from ottla.groups.consumer import classic_members, writes
from ottla.groups.consumer import heartbeat as consumer
from ottla.groups.consumer.current import JOIN_EPOCH
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer.machine import ConsumerMachine
from ottla.groups.deadline import Deadline, GroupDeadlines, Wait
from ottla.groups.decision import GroupDecision, decided
from ottla.groups.offsets import decisions as offset_decisions
from ottla.groups.offsets.expiry import expire
from ottla.groups.records.classic import GroupMetadataKey, GroupMetadataValue
from ottla.groups.records.codec import GroupRecord
from ottla.groups.state import Group, GroupState
from ottla.groups.topics import Topics
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.join_group import JoinGroupRequest
from ottla.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity, MemberResponse
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.offset_delete import OffsetDeleteRequest
from ottla.wire.messages.offset_fetch import OffsetFetchRequestGroup
from ottla.wire.messages.sync_group import SyncGroupRequest


class GroupCoordinator(GroupState):
    """All groups of one partition, and what is waited for in them."""

    def __init__(self, config: GroupConfig, topics: Topics | None = None) -> None:
        super().__init__(config, topics or Topics())
        self.deadlines = GroupDeadlines()
        self.rebalancing = Rebalancing(config, self.deadlines)
        self.consumers = ConsumerMachine(config, self.deadlines, self._downgrade)
        self.consumers.topics = self.topics

    def set_topics(self, topics: Topics) -> None:
        """From now on these topics exist. Groups notice at their members' next heartbeat."""
        self.topics = self.consumers.topics = topics

    # The beginning, and a second one

    def loaded(self, now_ms: int) -> GroupDecision:
        """The log is replayed: from now on members are waited for."""
        out = GroupDecision()
        for group in self.groups.values():
            self._resume(group, now_ms, out)
        self.deadlines.arm(
            Deadline(Wait.EXPIRE_OFFSETS), now_ms + self.config.offsets_retention_check_interval_ms
        )
        return out

    def _resume(self, group: Group, now_ms: int, out: GroupDecision) -> None:
        if isinstance(group, ConsumerGroup):
            self.consumers.resume(group, now_ms)
        else:
            self.rebalancing.resume(group, now_ms, out)

    def forget_undecided(self, group_id: str, error: KafkaError, now_ms: int) -> GroupDecision:
        """After an append that failed: the group goes back to what is written down, and nobody waits in it."""
        out = GroupDecision()
        group = self.groups.get(group_id)
        if isinstance(group, ClassicGroup):
            for member in group.members.values():
                self.rebalancing.dismiss(member, error.code, out)
            self.deadlines.cancel(Deadline(Wait.JOIN, group_id))
            self.deadlines.cancel(Deadline(Wait.SYNC, group_id))
            stored = group.stored
            group = self.groups[group_id] = ClassicGroup(group_id)
            if stored is not None:
                group.apply(stored)
        elif group is not None:
            group.resolved.clear()
            group.checked_version = None
        if group is not None:
            self._resume(group, now_ms, out)
        return out

    # Time

    @property
    def wake_at_ms(self) -> int | None:
        """When `tick` has something to do next; None when nothing is waited for."""
        return self.deadlines.earliest_ms()

    def tick(self, now_ms: int) -> GroupDecision | None:
        """What one passed deadline leads to; None when none has passed. Call until it is None."""
        deadline = self.deadlines.pop_due(now_ms)
        if deadline is None:
            return None
        out = GroupDecision()
        group = self.groups.get(deadline.group_id)
        if deadline.wait is Wait.EXPIRE_OFFSETS:
            self._expire_offsets(now_ms, out)
        elif isinstance(group, ConsumerGroup):
            self.consumers.time_is_up(group, deadline.member_id, now_ms, out)
        elif deadline.wait is Wait.SESSION and group is not None:
            self.rebalancing.session_is_over(group, deadline.member_id, now_ms, out)
        elif deadline.wait is Wait.JOIN and group is not None:
            self.rebalancing.join_time_is_up(group, now_ms, out)
        elif deadline.wait is Wait.SYNC and group is not None:
            self.rebalancing.sync_time_is_up(group, now_ms, out)
        return out

    def _expire_offsets(self, now_ms: int, out: GroupDecision) -> None:
        done = expire(self, now_ms, self.config.offsets_retention_ms, out)
        delay_ms = self.config.offsets_retention_check_interval_ms if done else 0
        self.deadlines.arm(Deadline(Wait.EXPIRE_OFFSETS), now_ms + delay_ms)

    # Members of classic groups, and classic members of consumer groups

    def join_group(self, request: JoinGroupRequest, caller: Caller, now_ms: int) -> GroupDecision:
        """JoinGroup."""
        return decided(caller.ticket, partial(self._join, request, caller, now_ms))

    def _join(self, request: JoinGroupRequest, caller: Caller, now_ms: int) -> GroupDecision:
        self._check_group_id(request.group_id)
        if not (
            self.config.group_min_session_timeout_ms
            <= request.session_timeout_ms
            <= self.config.group_max_session_timeout_ms
        ):
            raise KafkaError(ErrorCode.INVALID_SESSION_TIMEOUT)
        group = self.groups.get(request.group_id)
        if isinstance(group, ConsumerGroup) and group.members:
            return classic_members.join(self.consumers, group, request, caller, now_ms)
        if isinstance(group, ClassicGroup):
            return classic_join.join(self.rebalancing, group, request, caller, now_ms)
        if request.member_id:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        out = GroupDecision(records=list(writes.without_group(group)) if group is not None else [])
        # Unlike Kafka's, a group that changes its kind while it is empty goes on counting.
        value = _new_group(now_ms, group.epoch if group is not None else 0)
        out.write(GroupRecord(GroupMetadataKey(group=request.group_id), value))
        out.then = partial(self._join, request, caller, now_ms)
        return out

    def sync_group(self, request: SyncGroupRequest, caller: Caller, now_ms: int) -> GroupDecision:
        """SyncGroup."""

        def decide() -> GroupDecision:
            if caller.version >= 5 and None in {request.protocol_type, request.protocol_name}:
                raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
            group = self._group_of_member(request.group_id)
            if isinstance(group, ConsumerGroup):
                return classic_members.sync(self.consumers, group, request, caller, now_ms)
            return classic.sync(self.rebalancing, group, request, caller, now_ms)

        return decided(caller.ticket, decide)

    def heartbeat(self, request: HeartbeatRequest, caller: Caller, now_ms: int) -> GroupDecision:
        """Heartbeat."""

        def decide() -> GroupDecision:
            group = self._group_of_member(request.group_id)
            if isinstance(group, ConsumerGroup):
                return classic_members.heartbeat(self.consumers, group, request, caller, now_ms)
            return classic.heartbeat(self.rebalancing, group, request, caller, now_ms)

        return decided(caller.ticket, decide)

    def leave_group(self, request: LeaveGroupRequest, caller: Caller, now_ms: int) -> GroupDecision:
        """LeaveGroup. A group that does not exist has none of the members, and no error of its own."""
        members = request.members
        if caller.version < 3:
            members = [MemberIdentity(member_id=request.member_id)]

        def decide() -> GroupDecision:
            self._check_group_id(request.group_id)
            group = self.groups.get(request.group_id)
            if isinstance(group, ConsumerGroup):
                return classic_members.leave(self.consumers, group, members, caller, now_ms)
            if group is not None:
                return classic.leave(self.rebalancing, group, members, caller, now_ms)
            code = ErrorCode.UNKNOWN_MEMBER_ID
            answers = [
                MemberResponse(member_id=m.member_id, group_instance_id=m.group_instance_id, error_code=code)
                for m in members
            ]
            return GroupDecision(replies=[(caller.ticket, classic.leave_response(answers, caller.version))])

        return decided(caller.ticket, decide)

    # Members of consumer groups

    def consumer_group_heartbeat(
        self, request: ConsumerGroupHeartbeatRequest, caller: Caller, now_ms: int
    ) -> GroupDecision:
        """ConsumerGroupHeartbeat."""

        def decide() -> GroupDecision:
            consumer.check(request, caller.version, self.config)
            return self._beat(request, caller, now_ms)

        return decided(caller.ticket, decide)

    def _beat(self, request: ConsumerGroupHeartbeatRequest, caller: Caller, now_ms: int) -> GroupDecision:
        group = self.groups.get(request.group_id)
        if isinstance(group, ConsumerGroup):
            return consumer.heartbeat(self.consumers, group, request, caller, now_ms)
        if request.member_epoch != JOIN_EPOCH:
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"there is no consumer group {request.group_id}")
        if group is not None and (group.members or group.stored is not None):
            out = self._end_classic(group, now_ms)
            out.then = partial(self._beat, request, caller, now_ms)
            return out
        return consumer.heartbeat(self.consumers, ConsumerGroup(request.group_id), request, caller, now_ms)

    def _end_classic(self, group: ClassicGroup, now_ms: int) -> GroupDecision:
        """An empty classic group makes room, one with members is taken over with them."""
        if not group.members:
            out = GroupDecision(records=[GroupRecord(GroupMetadataKey(group=group.group_id), None)])
            out.write(
                writes.epoch(group.group_id, group.generation_id, 0)
            )  # it goes on counting, see `_join`
        else:
            out = migration.upgrade(group, self.config, self.topics)
        for member in group.members.values():
            self.rebalancing.dismiss(member, ErrorCode.REBALANCE_IN_PROGRESS, out)
            self.rebalancing.renew_session(group, member, now_ms)
        self.deadlines.cancel(Deadline(Wait.JOIN, group.group_id))
        self.deadlines.cancel(Deadline(Wait.SYNC, group.group_id))
        return out

    def _downgrade(self, group: ConsumerGroup, leaving: Collection[str], now_ms: int) -> GroupDecision | None:
        """Back to a classic group if all who stay are classic members; they are to join again."""
        if self.groups.get(group.group_id) is not group:
            return None
        if not migration.should_downgrade(group, self.config, leaving):
            return None
        for member_id in group.members:
            self.consumers.forget_deadlines(group, member_id)
        out = migration.downgrade(group, self.topics, leaving, now_ms)
        out.then = partial(self._rejoin_downgraded, group.group_id, now_ms)
        return out

    def _rejoin_downgraded(self, group_id: str, now_ms: int) -> GroupDecision:
        out = GroupDecision()
        group = self.groups[group_id]
        assert isinstance(group, ClassicGroup)
        self.rebalancing.resume(group, now_ms, out)
        if group.state is State.STABLE:
            self.rebalancing.start(group, now_ms, out)
        return out

    # Offsets

    def commit_offsets(self, request: OffsetCommitRequest, caller: Caller, now_ms: int) -> GroupDecision:
        """OffsetCommit of topics that exist, each with its name."""
        decide = partial(offset_decisions.commit, self, self.rebalancing, request, caller, now_ms)
        return decided(caller.ticket, decide)

    def fetch_offsets(
        self, request: OffsetFetchRequestGroup, caller: Caller, *, require_stable: bool
    ) -> GroupDecision:
        """OffsetFetch of one group; the reply is an OffsetFetchResponseGroup."""
        decide = partial(offset_decisions.fetch, self, request, caller, require_stable=require_stable)
        return decided(caller.ticket, decide)

    def delete_offsets(self, request: OffsetDeleteRequest, caller: Caller) -> GroupDecision:
        """OffsetDelete of topics that exist."""
        return decided(caller.ticket, partial(offset_decisions.delete, self, request, caller))

    # What requests share

    def _check_group_id(self, group_id: str) -> None:
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)

    def _group_of_member(self, group_id: str) -> Group:
        self._check_group_id(group_id)
        group = self.groups.get(group_id)
        if group is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return group


def _new_group(now_ms: int, generation_id: int) -> GroupMetadataValue:
    """A classic group as it begins, before its first member is in it."""
    return GroupMetadataValue(
        generation=generation_id, protocol=None, leader=None, current_state_timestamp=now_ms
    )
