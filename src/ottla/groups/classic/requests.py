"""SyncGroup, Heartbeat and LeaveGroup of a classic group, and what OffsetCommit asks of it."""

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller, Parked
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.rebalance import Rebalancing, assigned
from ottla.groups.classic.states import COMMIT_ANSWERS, HEARTBEAT_ANSWERS, SYNC_REFUSALS, State
from ottla.groups.consumer_protocol import PROTOCOL_TYPE
from ottla.groups.decision import GroupDecision
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.leave_group import LeaveGroupResponse, MemberIdentity, MemberResponse
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.sync_group import SyncGroupRequest


def sync(
    rebalancing: Rebalancing, group: ClassicGroup, request: SyncGroupRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """The leader's brings the assignment, which is written down; everyone's is answered with their part of it."""
    member = group.known(request.member_id, request.group_instance_id)
    _check_generation(group, request.generation_id)
    for theirs, ours in (
        (request.protocol_type, group.protocol_type),
        (request.protocol_name, group.protocol_name),
    ):
        if theirs is not None and theirs != ours:
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    _raise_unless_none(SYNC_REFUSALS.get(group.state, ErrorCode.NONE))
    rebalancing.synced(group, member.member_id)
    out = GroupDecision()
    if group.state is State.STABLE:
        # A sign of life: its session has run since the answer to its JoinGroup (a deviation, see the handler).
        rebalancing.renew_session(group, member, now_ms)
        out.reply(caller.ticket, assigned(group, member))
        return out
    if member.sync_call is not None:  # sent twice: the first one's connection is gone
        out.reply(member.sync_call.ticket, KafkaError(ErrorCode.REBALANCE_IN_PROGRESS))
    member.sync_call = Parked(caller.ticket, caller.version)
    if group.leader == member.member_id:
        parts = {entry.member_id: bytes(entry.assignment) for entry in request.assignments}
        out.write(group.record(now_ms, parts))
        out.then = lambda: rebalancing.hand_out(group, now_ms)
    return out


def heartbeat(
    rebalancing: Rebalancing, group: ClassicGroup, request: HeartbeatRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """A sign of life; the answer says whether to join again."""
    member = group.known(request.member_id, request.group_instance_id)
    _check_generation(group, request.generation_id)
    code = HEARTBEAT_ANSWERS[group.state]
    rebalancing.renew_session(group, member, now_ms)
    return GroupDecision(replies=[(caller.ticket, HeartbeatResponse(error_code=code))])


def leave(
    rebalancing: Rebalancing, group: ClassicGroup, members: list[MemberIdentity], caller: Caller, now_ms: int
) -> GroupDecision:
    """Each member gets an answer of its own. An administrator may name an instance without its member id."""
    out = GroupDecision()
    answers: list[MemberResponse] = []
    were_members = False
    for identity in members:
        member_id = identity.member_id or group.static_members.get(identity.group_instance_id or "", "")
        code = ErrorCode.NONE
        if member_id not in group.pending_members:
            try:
                group.known(member_id, identity.group_instance_id)
                were_members = True
            except KafkaError as error:
                code = error.code
        if code is ErrorCode.NONE:
            rebalancing.drop(group, member_id, out)
        answers.append(
            MemberResponse(
                member_id=identity.member_id, group_instance_id=identity.group_instance_id, error_code=code
            )
        )
    rebalancing.left(group, now_ms, out, was_member=were_members)
    out.reply(caller.ticket, leave_response(answers, caller.version))
    return out


def leave_response(answers: list[MemberResponse], version: int) -> LeaveGroupResponse:
    """Before version 3 one member leaves at a time, and its code is the response's."""
    if version >= 3:
        return LeaveGroupResponse(members=answers)
    return LeaveGroupResponse(error_code=answers[0].error_code)


def check_commit(
    rebalancing: Rebalancing, group: ClassicGroup, request: OffsetCommitRequest, now_ms: int
) -> None:
    """May these offsets be committed? Raises KafkaError. A member's commit is a sign of life."""
    generation_id = request.generation_id_or_member_epoch
    if generation_id < 0 and group.state is State.EMPTY:
        return  # an administrator, or a consumer that assigns itself
    if generation_id < 0 and not request.member_id and request.group_instance_id is None:
        raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
    member = group.known(request.member_id, request.group_instance_id)
    _check_generation(group, generation_id)
    _raise_unless_none(COMMIT_ANSWERS[group.state])
    rebalancing.renew_session(group, member, now_ms)


def check_offset_delete(group: ClassicGroup) -> None:
    """May offsets be deleted? While there are members, only of groups whose topics are known. Raises
    KafkaError."""
    if group.state is not State.EMPTY and group.protocol_type != PROTOCOL_TYPE:
        raise KafkaError(ErrorCode.NON_EMPTY_GROUP)


def _check_generation(group: ClassicGroup, generation_id: int) -> None:
    if generation_id != group.generation_id:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def _raise_unless_none(code: ErrorCode) -> None:
    if code is not ErrorCode.NONE:
        raise KafkaError(code)
