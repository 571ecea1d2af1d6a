"""JoinGroup of a classic group, versions 0 to 9.

A dynamic member that comes without an id is, from version 4 on, told one and asked to come again with it
(MEMBER_ID_REQUIRED, KIP-394); before version 4 it is taken in at once. A static member (KIP-345) that comes
back gets a new id in place of its old one, without a rebalance if it speaks what it spoke.
"""

from dataclasses import dataclass, field

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller, Parked
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.member import ClassicMember, offered
from ottla.groups.classic.rebalance import Rebalancing, everyone, joined
from ottla.groups.classic.states import Rejoin, State, rejoin
from ottla.groups.config import NEW_MEMBER_JOIN_TIMEOUT_MS
from ottla.groups.deadline import Deadline, Wait
from ottla.groups.decision import GroupDecision
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse

MEMBER_ID_REQUIRED_SINCE = 4
SKIP_ASSIGNMENT_SINCE = 9


def join(
    rebalancing: Rebalancing, group: ClassicGroup, request: JoinGroupRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """Park the request, or answer it. Raises KafkaError for a request that the group cannot take."""
    return _Join(rebalancing, group, request, caller, now_ms).decide()


@dataclass(slots=True)
class _Join:
    """One JoinGroup on its way."""

    rebalancing: Rebalancing
    group: ClassicGroup
    request: JoinGroupRequest
    caller: Caller
    now_ms: int
    out: GroupDecision = field(default_factory=GroupDecision)

    def decide(self) -> GroupDecision:
        if not self.has_room():
            self.turn_away()
            return self.out
        if not self.group.supports(self.request.protocol_type, offered(self.request)):
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if not self.request.member_id:
            self.join_unknown()
        elif self.request.member_id in self.group.pending_members:
            self.admit(self.request.member_id)
        else:
            self.join_again()
        return self.out

    def has_room(self) -> bool:
        """While members rejoin, places go to the first that do, so that a group that is too large shrinks."""
        group, limit = self.group, self.rebalancing.config.group_max_size
        member = group.members.get(self.request.member_id)
        if group.state is State.EMPTY:
            return True
        if group.state is State.PREPARING_REBALANCE:
            return (member is not None and member.join_call is not None) or group.awaiting_join < limit
        return member is not None or len(group.members) < limit

    def turn_away(self) -> None:
        self.rebalancing.drop(self.group, self.request.member_id, self.out)
        self.out.reply(self.caller.ticket, KafkaError(ErrorCode.GROUP_MAX_SIZE_REACHED))
        self.rebalancing.go_on(self.group, self.now_ms, self.out)

    def join_unknown(self) -> None:
        instance_id = self.request.group_instance_id
        member_id = f"{self.caller.client_id if instance_id is None else instance_id}-{self.caller.fresh_id}"
        if instance_id is not None and instance_id in self.group.static_members:
            self.replace_static(self.group.static_members[instance_id], member_id)
        elif instance_id is None and self.caller.version >= MEMBER_ID_REQUIRED_SINCE:
            self.give_id(member_id)
        else:
            self.admit(member_id)

    def give_id(self, member_id: str) -> None:
        self.group.pending_members.add(member_id)
        self.arm_session(member_id, self.request.session_timeout_ms)
        response = JoinGroupResponse(
            error_code=ErrorCode.MEMBER_ID_REQUIRED,
            member_id=member_id,
            protocol_name=None if self.caller.version >= 7 else "",
        )
        self.out.reply(self.caller.ticket, response)

    def admit(self, member_id: str) -> None:
        """A new member: it waits with its JoinGroup for the generation that has it."""
        member = ClassicMember.joining(member_id, self.request, self.caller)
        member.is_new = True
        member.join_call = Parked(self.caller.ticket, self.caller.version)
        if self.group.state is State.PREPARING_REBALANCE and self.group.initial_delay_left_ms is not None:
            self.group.new_member_added = True
        self.group.add(member, self.request.protocol_type)
        self.arm_session(member_id, NEW_MEMBER_JOIN_TIMEOUT_MS)
        self.rebalancing.start_or_go_on(self.group, self.now_ms, self.out)

    def join_again(self) -> None:
        group = self.group
        member = group.known(self.request.member_id, self.request.group_instance_id)
        what = rejoin(
            group.state,
            is_leader=group.leader == member.member_id,
            same_metadata=member.protocols == offered(self.request),
        )
        if what is Rejoin.REPEAT:
            self.out.reply(self.caller.ticket, self.repeated(member))
        else:
            self.wait_as(member)

    def repeated(self, member: ClassicMember) -> JoinGroupResponse:
        """A follower of a stable group gets no members even if it has come to lead since: there is nothing
        to assign."""
        response = joined(self.group, member)
        if self.group.state is State.STABLE:
            response.members = []
        return response

    def wait_as(self, member: ClassicMember) -> None:
        member.update(self.request)
        self.rebalancing.park_join(member, Parked(self.caller.ticket, self.caller.version), self.out)
        self.rebalancing.start_or_go_on(self.group, self.now_ms, self.out)

    def replace_static(self, old_id: str, new_id: str) -> None:
        """The instance came back: whoever still uses its old id is fenced."""
        group, leader_before = self.group, self.group.leader
        member = self.rename(old_id, new_id)
        speaks_as_before = self.still_chosen(member)
        if group.state is State.STABLE and speaks_as_before:
            member.update(self.request)
            # Written down under its new id before it learns of it; the assignment stays what it was.
            self.out.write(
                group.record(self.now_ms, {m.member_id: m.assignment for m in group.members.values()})
            )
            self.out.reply(self.caller.ticket, self.returned(member, leader_before))
        else:
            # While the leader works on an assignment it names the old id, so the group must start over.
            self.wait_as(member)

    def still_chosen(self, member: ClassicMember) -> bool:
        """Whether the group would choose the same protocol with what the member speaks now."""
        spoken, member.protocols = member.protocols, offered(self.request)
        chosen = self.group.choose_protocol()
        member.protocols = spoken
        return chosen == self.group.protocol_name

    def rename(self, old_id: str, new_id: str) -> ClassicMember:
        group = self.group
        member, led = group.members[old_id], group.leader == old_id
        self.rebalancing.deadlines.cancel(Deadline(Wait.SESSION, group.group_id, old_id))
        self.rebalancing.dismiss(member, ErrorCode.FENCED_INSTANCE_ID, self.out)
        group.remove(old_id)
        member.member_id = new_id
        group.add(member, group.protocol_type or "")
        if led:
            group.leader = new_id
        self.arm_session(new_id, self.request.session_timeout_ms)
        return member

    def returned(self, member: ClassicMember, leader_before: str | None) -> JoinGroupResponse:
        """Nobody may assign anew. From version 9 a leader is told that it leads and to skip that; before,
        it is told the old id of the leader, so that it takes itself for a follower."""
        group, skips = self.group, self.caller.version >= SKIP_ASSIGNMENT_SINCE
        leads = group.leader == member.member_id
        return JoinGroupResponse(
            generation_id=group.generation_id,
            protocol_type=group.protocol_type,
            protocol_name=group.protocol_name,
            leader=(group.leader if skips else leader_before) or "",
            skip_assignment=skips and leads,
            member_id=member.member_id,
            members=everyone(group) if skips and leads else [],
        )

    def arm_session(self, member_id: str, timeout_ms: int) -> None:
        deadline = Deadline(Wait.SESSION, self.group.group_id, member_id)
        self.rebalancing.deadlines.arm(deadline, self.now_ms + timeout_ms)
