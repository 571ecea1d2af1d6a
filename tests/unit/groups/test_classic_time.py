"""What time does to classic groups: sessions, rebalance timeouts, the first rebalance's delay, and a full disk."""

import dataclasses

import pytest
from tests.support.group_questions import OurTalker, join_request, stable
from tests.support.groups import DEVELOPMENT, GroupShell

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.states import TRANSITIONS, Event, State
from ottla.groups.config import NEW_MEMBER_JOIN_TIMEOUT_MS, GroupConfig
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.join_group import JoinGroupRequestProtocol, JoinGroupResponse
from ottla.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.wire.messages.sync_group import SyncGroupRequest


@pytest.fixture
def talker() -> OurTalker:
    return OurTalker()


def group(shell: GroupShell, group_id: str = "g") -> ClassicGroup:
    found = shell.coordinator.groups[group_id]
    assert isinstance(found, ClassicGroup)
    return found


def beat(shell: GroupShell, member_id: str, generation_id: int) -> int:
    request = HeartbeatRequest(group_id="g", member_id=member_id, generation_id=generation_id)
    return int(shell.ask(request).error_code)  # type: ignore[attr-defined]


def joined(shell: GroupShell, ticket: int) -> JoinGroupResponse:
    reply = shell.replies[ticket]
    assert isinstance(reply, JoinGroupResponse)
    return reply


def test_every_state_can_be_left_and_reached() -> None:
    alive = set(State) - {State.DEAD}
    assert {state for state, _ in TRANSITIONS} == alive
    assert set(TRANSITIONS.values()) == alive
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_a_session_lasts_as_long_as_heartbeats_come(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    for _ in range(5):
        shell.advance(9_999)
        assert beat(shell, member_id, generation_id) == ErrorCode.NONE
    shell.advance(10_000)
    assert group(shell).state is State.EMPTY
    assert group(shell).generation_id == generation_id + 1
    assert beat(shell, member_id, generation_id) == ErrorCode.UNKNOWN_MEMBER_ID


def test_heartbeats_in_a_rebalance_keep_the_session_but_not_the_place(talker: OurTalker) -> None:
    """Who does not rejoin within the rebalance timeout is out, however alive."""
    shell = talker.shell
    member_id, generation_id = stable(talker, "g", rebalance_timeout_ms=30_000)
    second = shell.send(join_request("g", rebalance_timeout_ms=30_000), 3)
    for _ in range(5):
        shell.advance(5_000)
        assert beat(shell, member_id, generation_id) == ErrorCode.REBALANCE_IN_PROGRESS
    assert second not in shell.replies
    shell.advance(5_000)
    reply = joined(shell, second)
    assert (reply.generation_id, reply.leader, len(reply.members)) == (generation_id + 1, reply.member_id, 1)
    assert beat(shell, member_id, generation_id) == ErrorCode.UNKNOWN_MEMBER_ID


def test_an_id_given_out_must_come_back_within_a_session(talker: OurTalker) -> None:
    shell = talker.shell
    required = shell.ask(join_request("g"), 9)
    assert isinstance(required, JoinGroupResponse)
    assert group(shell).pending_members == {required.member_id}
    shell.advance(10_000)
    assert group(shell).pending_members == set()
    late = shell.ask(join_request("g", required.member_id), 9)
    assert late.error_code == ErrorCode.UNKNOWN_MEMBER_ID  # type: ignore[attr-defined]


def test_a_rebalance_waits_for_ids_given_out(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, _ = stable(talker, "g")
    required = shell.ask(join_request("g"), 9)
    assert isinstance(required, JoinGroupResponse)
    again = shell.send(join_request("g", member_id), 9)
    assert again not in shell.replies
    second = shell.send(join_request("g", required.member_id), 9)
    assert len(joined(shell, again).members) == 2
    assert joined(shell, second).members == []


def test_a_new_members_first_join_may_wait_five_minutes() -> None:
    """It cannot send heartbeats, so its session is the parked request's."""
    shell = GroupShell(dataclasses.replace(DEVELOPMENT, group_initial_rebalance_delay_ms=400_000), a=1)
    ticket = shell.send(join_request("g", session_timeout_ms=10_000, rebalance_timeout_ms=400_000), 3)
    shell.advance(NEW_MEMBER_JOIN_TIMEOUT_MS - 1)
    assert ticket not in shell.replies
    shell.advance(1)
    assert joined(shell, ticket).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_members_that_do_not_sync_are_out(talker: OurTalker) -> None:
    shell = talker.shell
    first = shell.send(join_request("g", session_timeout_ms=60_000), 3)
    assert group(shell).state is State.COMPLETING_REBALANCE
    shell.advance(10_000)
    assert group(shell).state is State.EMPTY
    assert beat(shell, joined(shell, first).member_id, 1) == ErrorCode.UNKNOWN_MEMBER_ID


def test_the_first_rebalance_waits_for_more_members() -> None:
    """Each newcomer buys another delay, up to the rebalance timeout."""
    shell = GroupShell(GroupConfig(), a=1)
    tickets = [shell.send(join_request("g", rebalance_timeout_ms=7_000), 3)]
    for _ in range(2):
        shell.advance(2_500)
        tickets.append(shell.send(join_request("g", rebalance_timeout_ms=7_000), 3))
    assert not shell.replies.keys() & set(tickets)
    shell.advance(1_999)
    assert not shell.replies.keys() & set(tickets)
    shell.advance(1)
    assert {joined(shell, ticket).generation_id for ticket in tickets} == {1}


def test_a_group_holds_so_many_members_and_no_more() -> None:
    shell = GroupShell(dataclasses.replace(DEVELOPMENT, group_max_size=1), a=1)
    talker = OurTalker()
    talker.shell = shell
    member_id, generation_id = stable(talker, "g")
    for version in (3, 9):
        reply = shell.ask(join_request("g"), version)
        assert reply.error_code == ErrorCode.GROUP_MAX_SIZE_REACHED  # type: ignore[attr-defined]
    assert beat(shell, member_id, generation_id) == ErrorCode.NONE


def test_after_a_restart_members_have_a_session_to_come_back(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    shell.advance(9_000)
    shell.restart()
    shell.advance(9_000)
    assert beat(shell, member_id, generation_id) == ErrorCode.NONE
    request = SyncGroupRequest(group_id="g", generation_id=generation_id, member_id=member_id)
    assert shell.ask(request, 4).assignment  # type: ignore[attr-defined]
    shell.restart()
    shell.advance(10_000)
    assert group(shell).state is State.EMPTY


def test_who_asks_late_for_its_part_has_shown_itself(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    shell.advance(9_000)
    request = SyncGroupRequest(group_id="g", generation_id=generation_id, member_id=member_id)
    assert shell.ask(request, 4).assignment  # type: ignore[attr-defined]
    shell.advance(9_000)
    assert beat(shell, member_id, generation_id) == ErrorCode.NONE


def test_a_restart_knows_what_members_said_last(talker: OurTalker) -> None:
    """What they said first would pass for what they own, and a member that says it again would not be heard."""
    shell = talker.shell
    member_id, _ = stable(talker, "g")
    said = [JoinGroupRequestProtocol(name="range", metadata=b"anew")]
    again = join_request("g", member_id, protocols=said, session_timeout_ms=20_000)
    generation_id = joined(shell, shell.send(again, 5)).generation_id
    shell.ask(SyncGroupRequest(group_id="g", generation_id=generation_id, member_id=member_id), 4)
    shell.restart()
    member = group(shell).members[member_id]
    assert member.protocols == [("range", b"anew")]
    assert member.session_timeout_ms == 20_000


def test_a_group_that_became_too_large_shrinks_at_a_restart(talker: OurTalker) -> None:
    shell = talker.shell
    stable(talker, "g")
    shell.config = dataclasses.replace(DEVELOPMENT, group_max_size=0)
    shell.restart()
    assert group(shell).state is State.PREPARING_REBALANCE


def test_a_static_member_that_is_away_is_no_reason_to_rebalance(talker: OurTalker) -> None:
    shell = talker.shell
    stable(talker, "g", group_instance_id="i", session_timeout_ms=60_000)
    records = len(shell.log)
    shell.advance(50_000)
    returned = shell.ask(join_request("g", group_instance_id="i", session_timeout_ms=60_000), 9)
    assert isinstance(returned, JoinGroupResponse)
    assert (returned.error_code, returned.generation_id, returned.skip_assignment) == (0, 1, True)
    assert len(shell.log) == records + 1
    shell.restart()
    assert group(shell).static_members == {"i": returned.member_id}


def test_an_append_that_fails_puts_the_group_back(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    second = shell.send(join_request("g"), 3)
    first = shell.send(join_request("g", member_id), 3)
    stored = group(shell).stored
    leader = joined(shell, first).member_id
    follower_sync = SyncGroupRequest(group_id="g", generation_id=2, member_id=joined(shell, second).member_id)
    waiting = shell.send(follower_sync, 4)
    shell.fails = True
    with pytest.raises(OSError, match="full"):
        shell.send(SyncGroupRequest(group_id="g", generation_id=2, member_id=leader), 4)
    shell.fails = False
    error = KafkaError(ErrorCode.NOT_COORDINATOR)
    shell.run(shell.coordinator.forget_undecided("g", error, shell.now_ms))
    assert shell.replies[waiting].error_code == ErrorCode.NOT_COORDINATOR  # type: ignore[attr-defined]
    assert (group(shell).state, group(shell).stored) == (State.STABLE, stored)
    assert beat(shell, member_id, generation_id) == ErrorCode.NONE


def test_who_leaves_while_waiting_is_answered(talker: OurTalker) -> None:
    shell = talker.shell
    member_id, _ = stable(talker, "g")
    shell.send(join_request("g"), 3)  # another one, so that the group waits for both
    required = shell.ask(join_request("g"), 9)
    assert isinstance(required, JoinGroupResponse)
    waiting = shell.send(join_request("g", member_id), 3)
    assert waiting not in shell.replies
    shell.ask(LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id=member_id)]))
    assert joined(shell, waiting).error_code == ErrorCode.UNKNOWN_MEMBER_ID
