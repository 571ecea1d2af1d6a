"""How a classic group rebalances: everyone joins, one leads, everyone gets a part; whoever is late is left out."""

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Parked
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.member import ClassicMember
from ottla.groups.classic.states import Event, State
from ottla.groups.config import GroupConfig
from ottla.groups.deadline import Deadline, GroupDeadlines, Wait
from ottla.groups.decision import GroupDecision
from ottla.wire.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from ottla.wire.messages.sync_group import SyncGroupResponse


class Rebalancing:
    """The mechanics that every request of a classic group shares. Each step adds to the decision `out`."""

    def __init__(self, config: GroupConfig, deadlines: GroupDeadlines) -> None:
        self.config = config
        self.deadlines = deadlines

    # The join phase

    def start(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """Ask everyone to join again. After Empty, wait a little for others before the first assignment is made."""
        self._break_off_sync(group, now_ms, out)
        first = group.state is State.EMPTY
        group.move(Event.REBALANCE)
        if first:
            delay_ms = self.config.group_initial_rebalance_delay_ms
            group.initial_delay_left_ms = max(group.rebalance_timeout_ms - delay_ms, 0)
            group.new_member_added = False
            self.deadlines.arm(Deadline(Wait.JOIN, group.group_id), now_ms + delay_ms)
        elif group.all_joined:
            self.finish_join(group, now_ms, out)
        else:
            self.deadlines.arm(Deadline(Wait.JOIN, group.group_id), now_ms + group.rebalance_timeout_ms)

    def start_or_go_on(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """A member changed: rebalance, or see whether that ends the join phase under way."""
        if group.state is State.PREPARING_REBALANCE:
            self.go_on(group, now_ms, out)
        else:
            self.start(group, now_ms, out)

    def go_on(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """End the join phase if nobody is missing. The first one after Empty always runs its time."""
        if (
            group.state is State.PREPARING_REBALANCE
            and group.initial_delay_left_ms is None
            and group.all_joined
        ):
            self.finish_join(group, now_ms, out)

    def join_time_is_up(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """The join phase has lasted long enough, unless it is the first and somebody has come since."""
        if group.state is not State.PREPARING_REBALANCE:
            return
        left_ms = group.initial_delay_left_ms
        if left_ms and group.new_member_added:
            delay_ms = min(self.config.group_initial_rebalance_delay_ms, left_ms)
            group.initial_delay_left_ms = left_ms - delay_ms
            group.new_member_added = False
            self.deadlines.arm(Deadline(Wait.JOIN, group.group_id), now_ms + delay_ms)
        else:
            self.finish_join(group, now_ms, out)

    def finish_join(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """Next generation, with the members that joined and the static ones, which may be late."""
        self.deadlines.cancel(Deadline(Wait.JOIN, group.group_id))
        for member in [m for m in group.members.values() if m.join_call is None and not m.group_instance_id]:
            self.drop(group, member.member_id, out)
        if not group.members:
            group.initial_delay_left_ms = None
            out.write(group.record(now_ms, {}, group.generation_id + 1))
            return
        if not self._elect_joined_leader(group):
            self.deadlines.arm(Deadline(Wait.JOIN, group.group_id), now_ms + group.rebalance_timeout_ms)
            return
        group.initial_delay_left_ms = None
        group.generation_id += 1
        group.protocol_name = group.choose_protocol()
        group.subscribed = group.find_subscribed_topics()
        group.move(Event.JOINED)
        self._announce(group, now_ms, out)

    def _elect_joined_leader(self, group: ClassicGroup) -> bool:
        """Only a member that waits for its answer can be told to lead."""
        joined = [member.member_id for member in group.members.values() if member.join_call is not None]
        if group.leader not in joined and joined:
            group.leader = joined[0]
        return bool(joined)

    def _announce(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        group.pending_sync = set(group.members)
        for member in group.members.values():
            call, member.join_call = member.join_call, None
            member.is_new = False
            if call is not None:
                out.reply(call.ticket, joined(group, member))
            self.renew_session(group, member, now_ms)
        self.deadlines.arm(Deadline(Wait.SYNC, group.group_id), now_ms + group.rebalance_timeout_ms)

    # The sync phase

    def synced(self, group: ClassicGroup, member_id: str) -> None:
        """The member has sent SyncGroup."""
        group.pending_sync.discard(member_id)
        if not group.pending_sync:
            self.deadlines.cancel(Deadline(Wait.SYNC, group.group_id))

    def sync_time_is_up(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """Members that joined and then did not ask for their part are gone."""
        if group.state in {State.COMPLETING_REBALANCE, State.STABLE} and group.pending_sync:
            for member_id in list(group.pending_sync):
                self.drop(group, member_id, out)
            self.start(group, now_ms, out)

    def hand_out(self, group: ClassicGroup, now_ms: int) -> GroupDecision:
        """The assignment is applied: tell everyone who waits for it."""
        out = GroupDecision()
        for member in group.members.values():
            call, member.sync_call = member.sync_call, None
            if call is not None:
                out.reply(call.ticket, assigned(group, member))
                self.renew_session(group, member, now_ms)
        return out

    def _break_off_sync(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        self.deadlines.cancel(Deadline(Wait.SYNC, group.group_id))
        group.pending_sync.clear()
        for member in group.members.values():
            call, member.sync_call = member.sync_call, None
            if call is not None:
                out.reply(call.ticket, KafkaError(ErrorCode.REBALANCE_IN_PROGRESS))
                self.renew_session(group, member, now_ms)

    # Members and their sessions

    def renew_session(self, group: ClassicGroup, member: ClassicMember, now_ms: int) -> None:
        """A sign of life."""
        deadline = Deadline(Wait.SESSION, group.group_id, member.member_id)
        self.deadlines.arm(deadline, now_ms + member.session_timeout_ms)

    def session_is_over(self, group: ClassicGroup, member_id: str, now_ms: int, out: GroupDecision) -> None:
        """No sign of life in time, or the id that was given out has not come back."""
        member = group.members.get(member_id)
        if member is None or not member.keeps_quiet:
            self.drop(group, member_id, out)
            self.left(group, now_ms, out, was_member=member is not None)

    def drop(self, group: ClassicGroup, member_id: str, out: GroupDecision) -> None:
        """Remove the member; what it still waits for ends with UNKNOWN_MEMBER_ID, so that it may come again."""
        self.deadlines.cancel(Deadline(Wait.SESSION, group.group_id, member_id))
        member = group.remove(member_id)
        if member is not None:
            self.dismiss(member, ErrorCode.UNKNOWN_MEMBER_ID, out)

    def dismiss(self, member: ClassicMember, code: ErrorCode, out: GroupDecision) -> None:
        """Answer whatever the member has parked."""
        for call in (member.join_call, member.sync_call):
            if call is not None:
                out.reply(call.ticket, KafkaError(code))
        member.join_call = member.sync_call = None

    def left(self, group: ClassicGroup, now_ms: int, out: GroupDecision, *, was_member: bool) -> None:
        """Somebody is gone: share out anew, or stop waiting for them."""
        if was_member and group.state in {State.STABLE, State.COMPLETING_REBALANCE}:
            self.start(group, now_ms, out)
        else:
            self.go_on(group, now_ms, out)

    def park_join(self, member: ClassicMember, call: Parked, out: GroupDecision) -> None:
        """Keep the JoinGroup; an earlier one of the same member will hardly be read by anybody any more."""
        if member.join_call is not None:
            out.reply(member.join_call.ticket, KafkaError(ErrorCode.REBALANCE_IN_PROGRESS))
        member.join_call = call

    def resume(self, group: ClassicGroup, now_ms: int, out: GroupDecision) -> None:
        """After a restart: give every member one session to show itself. Too large a group must shrink."""
        for member in group.members.values():
            self.renew_session(group, member, now_ms)
        if len(group.members) > self.config.group_max_size:
            self.start(group, now_ms, out)


def joined(group: ClassicGroup, member: ClassicMember) -> JoinGroupResponse:
    """The answer that ends a join phase: the leader, and only the leader, learns of all members."""
    return JoinGroupResponse(
        generation_id=group.generation_id,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=group.leader or "",
        member_id=member.member_id,
        members=everyone(group) if group.leader == member.member_id else [],
    )


def everyone(group: ClassicGroup) -> list[JoinGroupResponseMember]:
    """All members with what they say under the chosen protocol."""
    return [
        JoinGroupResponseMember(
            member_id=member.member_id,
            group_instance_id=member.group_instance_id,
            metadata=member.metadata(group.protocol_name),
        )
        for member in group.members.values()
    ]


def assigned(group: ClassicGroup, member: ClassicMember) -> SyncGroupResponse:
    """The member's part; an empty one is empty bytes."""
    return SyncGroupResponse(
        protocol_type=group.protocol_type, protocol_name=group.protocol_name, assignment=member.assignment
    )
