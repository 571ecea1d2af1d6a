"""The classic member, answer by answer. How it does with the coordinator is in tests/property/client."""

from typing import Any

import pytest
from tests.support.groups import GroupShell
from tests.support.members import Node, advance, classic, config

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.assignment import assignors_named
from ottla.client.membership.classic import ClassicMembership
from ottla.client.membership.machine import ChangeKind, Wanted
from ottla.client.membership.phases import REMEDIES, TRANSITIONS, Event, Phase, Remedy
from ottla.core.errors import ErrorCode, FencedError, KafkaError
from ottla.groups.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    decode,
    encode,
)
from ottla.groups.consumer_protocol import TopicPartition as Listed
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember
from ottla.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupResponse

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def member(*strategies: str, **changes: Any) -> ClassicMembership:
    machine = ClassicMembership(config(assignors=assignors_named(strategies or ("range",)), **changes), 0)
    machine.subscribe(Wanted(frozenset("a")), 0)
    return machine


def share(*numbers: int) -> bytes:
    listed = [Listed(topic="a", partitions=list(numbers))] if numbers else []
    return encode(ConsumerProtocolAssignment(assigned_partitions=listed))


def join(machine: ClassicMembership, generation_id: int = 1, now_ms: int = 0, strategy: str = "range") -> Any:
    request = machine.request(now_ms)
    assert isinstance(request, JoinGroupRequest)
    machine.answered(
        JoinGroupResponse(
            generation_id=generation_id, protocol_name=strategy, leader="other", member_id="me"
        ),
        now_ms,
    )
    return request


def sync(machine: ClassicMembership, *numbers: int, now_ms: int = 0) -> None:
    assert isinstance(machine.request(now_ms), SyncGroupRequest)
    machine.answered(SyncGroupResponse(assignment=share(*numbers)), now_ms)


def stable(*numbers: int, strategy: str = "range", **changes: Any) -> ClassicMembership:
    """A follower that owns these, at time 0."""
    machine = member(strategy, **changes)
    join(machine, strategy=strategy)
    sync(machine, *numbers)
    machine.done()
    return machine


def beat(machine: ClassicMembership, code: ErrorCode, now_ms: int = 3_000) -> None:
    assert isinstance(machine.request(now_ms), HeartbeatRequest)
    machine.answered(HeartbeatResponse(error_code=code), now_ms)


def test_every_transition_starts_and_ends_somewhere() -> None:
    assert {phase for phase, _ in TRANSITIONS} == set(Phase)
    assert set(TRANSITIONS.values()) == set(Phase)
    assert {event for _, event in TRANSITIONS} == set(Event)
    assert set(REMEDIES.values()) | {Remedy.END} == set(Remedy)


def test_the_first_visit_only_gets_an_id() -> None:
    machine = member()
    request = machine.request(0)
    assert isinstance(request, JoinGroupRequest)
    assert request.member_id == ""
    assert machine.request(0) is None, "one at a time"
    machine.answered(JoinGroupResponse(error_code=ErrorCode.MEMBER_ID_REQUIRED, member_id="me"), 0)
    again = machine.request(0)
    assert isinstance(again, JoinGroupRequest)
    assert again.member_id == "me"


def test_a_follower_is_assigned_and_its_application_told() -> None:
    machine = member()
    join(machine)
    request = machine.request(0)
    assert isinstance(request, SyncGroupRequest)
    assert request.assignments == []
    machine.answered(SyncGroupResponse(assignment=share(0, 1)), 0)
    assert machine.change is not None
    assert (machine.change.kind, machine.change.partitions) == (ChangeKind.ASSIGNED, {A0, A1})
    assert machine.owned == {A0, A1}


def test_the_leader_waits_for_counts_and_hands_in_everybodys_share() -> None:
    machine = member()
    assert machine.request(0) is not None
    metadata = encode(ConsumerProtocolSubscription(topics=["a"]))
    members = [JoinGroupResponseMember(member_id=name, metadata=metadata) for name in ("me", "you")]
    machine.answered(
        JoinGroupResponse(
            generation_id=1, protocol_name="range", leader="me", member_id="me", members=members
        ),
        0,
    )
    assert machine.waits_for_counts
    assert machine.request(0) is None
    assert machine.topics_to_count == {"a"}
    machine.counted({"a": 2})
    request = machine.request(0)
    assert isinstance(request, SyncGroupRequest)
    shares = {
        each.member_id: decode(ConsumerProtocolAssignment, each.assignment) for each in request.assignments
    }
    assert [shares[name].assigned_partitions[0].partitions for name in ("me", "you")] == [[0], [1]]
    machine.answered(SyncGroupResponse(assignment=share(0)), 0)
    machine.done()
    machine.counted({"a": 2})
    assert machine.phase is Phase.STABLE
    machine.counted({"a": 3})
    assert machine.phase is Phase.PREPARING, "more partitions than were assigned"


def test_a_leader_that_keeps_its_assignment_takes_the_first_counts_for_what_it_is_of() -> None:
    """KIP-814: a static leader that was away."""
    machine = member(instance_id="i")
    assert machine.request(0) is not None
    metadata = encode(ConsumerProtocolSubscription(topics=["a"]))
    machine.answered(
        JoinGroupResponse(
            generation_id=1,
            protocol_name="range",
            leader="me",
            member_id="me",
            skip_assignment=True,
            members=[JoinGroupResponseMember(member_id="me", metadata=metadata)],
        ),
        0,
    )
    request = machine.request(0)
    assert isinstance(request, SyncGroupRequest)
    assert request.assignments == []
    machine.answered(SyncGroupResponse(assignment=share(0)), 0)
    machine.done()
    machine.counted({"a": 1})
    assert machine.phase is Phase.STABLE
    machine.counted({"a": 2})
    assert machine.phase is Phase.PREPARING


def test_an_eager_member_gives_everything_up_before_it_joins_and_beats_meanwhile() -> None:
    machine = stable(0, 1)
    beat(machine, ErrorCode.REBALANCE_IN_PROGRESS)
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.REVOKED
    assert not machine.abandons
    assert isinstance(machine.request(6_000), HeartbeatRequest)
    machine.answered(HeartbeatResponse(error_code=ErrorCode.REBALANCE_IN_PROGRESS), 6_000)
    machine.done()
    assert machine.owned == frozenset()
    assert isinstance(machine.request(6_000), JoinGroupRequest)


def test_a_cooperative_member_keeps_what_it_has_and_joins_twice() -> None:
    machine = stable(0, 1, strategy="cooperative-sticky")
    beat(machine, ErrorCode.REBALANCE_IN_PROGRESS)
    assert machine.change is None
    request = join(machine, 2, 3_000, "cooperative-sticky")
    told = decode(ConsumerProtocolSubscription, request.protocols[0].metadata)
    assert (told.generation_id, told.owned_partitions[0].partitions) == (1, [0, 1])
    sync(machine, 0, now_ms=3_000)
    assert machine.change is not None
    assert (machine.change.kind, machine.change.partitions) == (ChangeKind.REVOKED, {A1})
    machine.done()
    assert machine.owned == {A0}
    assert isinstance(machine.request(3_000), JoinGroupRequest)


@pytest.mark.parametrize(
    ("code", "member_id"), [(ErrorCode.UNKNOWN_MEMBER_ID, ""), (ErrorCode.ILLEGAL_GENERATION, "me")]
)
def test_who_is_not_known_any_more_has_lost_everything(code: ErrorCode, member_id: str) -> None:
    machine = stable(0)
    beat(machine, code)
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.LOST
    assert machine.request(3_000) is None, "it joins when the application is done"
    machine.done()
    request = machine.request(3_000)
    assert isinstance(request, JoinGroupRequest)
    assert request.member_id == member_id


def test_what_is_lost_meanwhile_need_not_be_given_up_in_order() -> None:
    machine = stable(0, 1)
    beat(machine, ErrorCode.REBALANCE_IN_PROGRESS)
    beat(machine, ErrorCode.UNKNOWN_MEMBER_ID, 6_000)
    assert machine.abandons
    machine.done()
    assert machine.change is None, "it had given up everything by then"


def test_silence_for_a_session_is_the_end_of_what_it_owns() -> None:
    machine = stable(0)
    assert isinstance(machine.request(3_000), HeartbeatRequest)
    machine.failed(KafkaError(ErrorCode.NETWORK_EXCEPTION, "cut"), 3_001)
    machine.tick(9_999)
    assert machine.change is None
    assert machine.wake_at_ms() is not None
    machine.tick(10_000)
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.LOST


def parked(**changes: Any) -> ClassicMembership:
    """A cooperative follower of generation 1 that owns both, was last heard at 3 s, and has sent JoinGroup."""
    machine = stable(0, 1, strategy="cooperative-sticky", **changes)
    beat(machine, ErrorCode.REBALANCE_IN_PROGRESS)
    assert isinstance(machine.request(3_000), JoinGroupRequest)
    return machine


def test_who_waits_with_partitions_for_the_group_loses_them_after_a_session_and_waits_on() -> None:
    machine = parked()
    assert machine.wake_at_ms() == 13_000
    machine.tick(12_999)
    assert machine.change is None
    machine.tick(13_000)
    assert machine.change is not None
    assert (machine.change.kind, machine.change.partitions) == (ChangeKind.LOST, {A0, A1})
    machine.done()
    assert not machine.owned
    assert machine.request(13_000) is None
    assert machine.phase is Phase.JOINING


def test_what_was_claimed_and_lost_before_the_answer_is_asked_for_again() -> None:
    machine = parked()
    machine.tick(13_000)
    machine.done()
    answer = JoinGroupResponse(
        generation_id=2, protocol_name="cooperative-sticky", leader="other", member_id="me"
    )
    machine.answered(answer, 14_000)
    sync(machine, 0, now_ms=14_000)  # the other one is for somebody else, once it is given up
    assert machine.owned == {A0}
    machine.done()
    request = join(machine, 3, 14_000, "cooperative-sticky")
    claim = decode(ConsumerProtocolSubscription, request.protocols[0].metadata)
    assert claim.owned_partitions == [Listed(topic="a", partitions=[0])]
    sync(machine, 0, now_ms=14_000)
    assert machine.phase is Phase.STABLE


def test_a_coordinator_that_restarts_under_a_parked_join_does_not_make_two_readers() -> None:
    """It counts the session anew and lets it run out, while the member still waits for the coordinator before it."""
    shell = GroupShell(a=2)
    hanging, other = (Node(shell, classic(shell, ("cooperative-sticky",)), frozenset("a")) for _ in range(2))
    for _ in range(8):
        hanging.everything()
    assert hanging.reads == {A0, A1}
    hanging.machine.subscribe(Wanted(frozenset("ab")), shell.now_ms)
    other.everything()
    other.everything()  # has its id, and its JoinGroup waits for the other's
    hanging.send()
    shell.restart()
    for _ in range(12):
        advance(shell, [hanging, other], 1_000)
        for _ in range(4):
            other.everything()
            assert not hanging.reads & other.reads
    assert other.reads == {A0, A1}


def test_old_answers_prove_no_more_than_that_the_question_arrived() -> None:
    machine = parked()
    answer = JoinGroupResponse(
        generation_id=2, protocol_name="cooperative-sticky", leader="other", member_id="me"
    )
    machine.answered(answer, 9_000)
    assert machine.heard_ms == 3_000
    assert isinstance(machine.request(9_000), SyncGroupRequest)
    machine.answered(SyncGroupResponse(assignment=share(0, 1)), 12_000)
    assert machine.heard_ms == 9_000


def test_who_does_not_poll_leaves_and_comes_back_with_the_next_poll() -> None:
    machine = stable(0, max_poll_interval_ms=5_000)
    machine.tick(5_000)
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.LOST
    assert isinstance(machine.request(5_000), LeaveGroupRequest), "others wait for its partitions"
    machine.answered(LeaveGroupResponse(), 5_000)
    machine.done()
    assert machine.is_out
    assert machine.request(6_000) is None
    machine.polled(7_000)
    assert isinstance(machine.request(7_000), JoinGroupRequest)


def test_leaving_gives_up_first_and_a_static_member_leaves_without_a_word() -> None:
    machine = stable(0)
    machine.quit()
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.REVOKED
    assert machine.request(1) is None
    machine.done()
    assert isinstance(machine.request(1), LeaveGroupRequest)
    machine.failed(KafkaError(ErrorCode.NETWORK_EXCEPTION, "cut"), 1)
    assert machine.is_out
    static = stable(0, instance_id="i")
    static.quit()
    static.done()
    assert static.request(1) is None
    assert static.is_out


def test_fenced_is_the_end_and_says_by_whom() -> None:
    machine = stable(0, instance_id="i")
    beat(machine, ErrorCode.FENCED_INSTANCE_ID)
    assert isinstance(machine.failure, FencedError)
    assert "group_instance_id, i" in str(machine.failure)
    assert machine.change is not None
    assert machine.change.kind is ChangeKind.LOST
    assert machine.request(60_000) is None
    assert machine.wake_at_ms() is None


def test_a_coordinator_that_moved_is_tried_again_after_a_while() -> None:
    machine = stable(0)
    beat(machine, ErrorCode.NOT_COORDINATOR)
    assert machine.owned == {A0}
    assert machine.request(3_000) is None
    assert isinstance(machine.request(6_100), HeartbeatRequest)


def test_an_assignment_of_topics_that_are_not_wanted_any_more_is_not_taken() -> None:
    machine = member()
    join(machine)
    assert isinstance(machine.request(0), SyncGroupRequest)
    foreign = encode(ConsumerProtocolAssignment(assigned_partitions=[Listed(topic="b", partitions=[0])]))
    machine.answered(SyncGroupResponse(assignment=foreign), 0)
    assert machine.owned == frozenset()
    assert isinstance(machine.request(0), JoinGroupRequest)


def test_another_subscription_is_told_by_joining_again() -> None:
    machine = stable(0)
    machine.subscribe(Wanted(frozenset("ab")), 1)
    machine.done()
    request = machine.request(1)
    assert isinstance(request, JoinGroupRequest)
    assert decode(ConsumerProtocolSubscription, request.protocols[0].metadata).topics == ["a", "b"]


def test_strategies_by_java_class_and_unknown_ones() -> None:
    java = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
    assert [each.name for each in assignors_named((java, "range"))] == ["cooperative-sticky", "range"]
    with pytest.raises(ValueError, match="known are range"):
        assignors_named(("fair",))
