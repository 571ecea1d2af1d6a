"""The member of KIP-848, heartbeat by heartbeat. How it does with the coordinator is in tests/property/client."""

from typing import Any

import pytest
from tests.support.groups import topic_id
from tests.support.members import config

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.consumer import ConsumerMembership, Stage
from ottla.client.membership.machine import ChangeKind, Wanted
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.consumer_group_heartbeat import (
    Assignment,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)

A = topic_id("a")
A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def member(wanted: Wanted | None = None, **changes: Any) -> ConsumerMembership:
    machine = ConsumerMembership(config(session_timeout_ms=45_000, **changes), "me", 0)
    machine.named({A: "a"})
    machine.subscribe(wanted or Wanted(frozenset("a")), 0)
    return machine


def ask(machine: ConsumerMembership, now_ms: int) -> ConsumerGroupHeartbeatRequest:
    request = machine.request(now_ms)
    assert isinstance(request, ConsumerGroupHeartbeatRequest)
    return request


def answer(
    machine: ConsumerMembership, epoch: int, *numbers: int, now_ms: int = 0, unchanged: bool = False
) -> None:
    listed = [TopicPartitions(topic_id=A, partitions=list(numbers))] if numbers else []
    assignment = None if unchanged else Assignment(topic_partitions=listed)
    response = ConsumerGroupHeartbeatResponse(
        member_id="me", member_epoch=epoch, heartbeat_interval_ms=5_000, assignment=assignment
    )
    machine.answered(response, now_ms)


def refuse(machine: ConsumerMembership, code: ErrorCode, now_ms: int) -> None:
    machine.answered(ConsumerGroupHeartbeatResponse(error_code=code), now_ms)


def owning(*numbers: int, **changes: Any) -> ConsumerMembership:
    """A member that owns these and has said so, at time 0."""
    machine = member(**changes)
    ask(machine, 0)
    answer(machine, 1, *numbers)
    machine.done()
    ask(machine, 0)
    answer(machine, 1, unchanged=True)
    return machine


def kind(machine: ConsumerMembership) -> ChangeKind:
    assert machine.change is not None
    return machine.change.kind


def test_joining_says_everything_and_staying_nothing() -> None:
    machine = member(instance_id="i", server_assignor="range")
    request = ask(machine, 0)
    assert (request.member_id, request.member_epoch, request.instance_id) == ("me", 0, "i")
    assert (request.rebalance_timeout_ms, request.server_assignor) == (60_000, "range")
    assert (request.subscribed_topic_names, request.topic_partitions) == (["a"], [])
    answer(machine, 1)
    assert machine.request(4_999) is None
    request = ask(machine, 5_000)
    assert request.member_epoch == 1
    assert (request.rebalance_timeout_ms, request.subscribed_topic_names) == (-1, None)
    assert (request.topic_partitions, request.server_assignor) == (None, None)


def test_what_is_assigned_is_taken_and_told_at_once() -> None:
    machine = member()
    ask(machine, 0)
    answer(machine, 1, 0, 1)
    assert kind(machine) is ChangeKind.ASSIGNED
    request = ask(machine, 0)
    assert request.topic_partitions is not None
    assert request.topic_partitions[0].partitions == [0, 1]


def test_what_is_taken_away_is_given_up_before_anything_new_is_taken() -> None:
    machine = owning(0)
    ask(machine, 5_000)
    answer(machine, 2, 1, now_ms=5_000)
    assert kind(machine) is ChangeKind.REVOKED
    assert machine.owned == {A0}
    machine.done()
    request = ask(machine, 5_000)
    assert request.topic_partitions == []
    assert machine.change is None, "somebody waits for what was given up: that is said first"
    answer(machine, 3, 1, now_ms=5_000)
    assert kind(machine) is ChangeKind.ASSIGNED
    assert machine.owned == {A1}


def test_after_a_lost_answer_everything_is_said_again() -> None:
    machine = owning(0)
    ask(machine, 5_000)
    machine.failed(KafkaError(ErrorCode.NETWORK_EXCEPTION, "cut"), 5_000)
    assert machine.request(5_000) is None
    request = ask(machine, 5_200)
    assert (request.member_epoch, request.subscribed_topic_names) == (1, ["a"])
    assert request.topic_partitions is not None
    assert request.topic_partitions[0].partitions == [0]


@pytest.mark.parametrize(
    "code", [ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.GROUP_ID_NOT_FOUND]
)
def test_fenced_it_loses_everything_and_joins_at_epoch_0(code: ErrorCode) -> None:
    machine = owning(0)
    ask(machine, 5_000)
    refuse(machine, code, 5_000)
    assert kind(machine) is ChangeKind.LOST
    assert machine.request(5_000) is None
    machine.done()
    request = ask(machine, 5_000)
    assert (request.member_epoch, request.member_id, request.topic_partitions) == (0, "me", [])


def test_a_static_member_waits_until_the_one_before_it_is_given_up() -> None:
    machine = member(instance_id="i")
    ask(machine, 0)
    refuse(machine, ErrorCode.UNRELEASED_INSTANCE_ID, 0)
    assert machine.failure is None
    assert ask(machine, 200).member_epoch == 0


def test_what_will_never_do_is_the_end() -> None:
    machine = owning(0)
    ask(machine, 5_000)
    refuse(machine, ErrorCode.UNSUPPORTED_ASSIGNOR, 5_000)
    assert machine.failure is not None
    assert kind(machine) is ChangeKind.LOST
    assert machine.wake_at_ms() is None


def test_a_group_that_stays_classic_is_joined_in_vain() -> None:
    machine = member()
    ask(machine, 0)
    refuse(machine, ErrorCode.GROUP_ID_NOT_FOUND, 0)
    assert machine.failure is not None
    assert machine.wake_at_ms() is None


def test_leaving_and_leaving_for_a_while() -> None:
    for instance_id, epoch in ((None, -1), ("i", -2)):
        machine = owning(0, instance_id=instance_id)
        machine.quit()
        assert kind(machine) is ChangeKind.REVOKED
        assert machine.request(1) is None
        machine.done()
        assert ask(machine, 1).member_epoch == epoch
        answer(machine, epoch, unchanged=True)
        assert machine.is_out


def test_who_was_never_heard_of_leaves_without_a_word() -> None:
    machine = member()
    machine.quit()
    assert machine.request(0) is None
    assert machine.is_out


def test_who_does_not_poll_leaves_at_once_and_joins_with_the_next_poll() -> None:
    machine = owning(0, max_poll_interval_ms=4_000)
    machine.tick(4_000)
    assert kind(machine) is ChangeKind.LOST
    assert ask(machine, 4_000).member_epoch == -1
    answer(machine, -1, unchanged=True, now_ms=4_000)
    machine.done()
    assert machine.is_out
    machine.polled(9_000)
    assert ask(machine, 9_000).member_epoch == 0


def test_topics_whose_names_are_not_known_wait() -> None:
    machine = member()
    ask(machine, 0)
    other = topic_id("other")
    listed = [TopicPartitions(topic_id=other, partitions=[3])]
    machine.answered(
        ConsumerGroupHeartbeatResponse(
            member_id="me", member_epoch=1, assignment=Assignment(topic_partitions=listed)
        ),
        0,
    )
    assert machine.change is None
    assert machine.topic_ids_to_name == {other}
    machine.named({other: "other"})
    assert machine.owned == {TopicPartition("other", 3)}


def test_a_topic_made_anew_is_given_up_before_it_is_taken() -> None:
    machine = owning(0)
    anew = b"n" * 16
    machine.named({anew: "a"})
    ask(machine, 5_000)
    machine.answered(
        ConsumerGroupHeartbeatResponse(
            member_epoch=2,
            assignment=Assignment(topic_partitions=[TopicPartitions(topic_id=anew, partitions=[0])]),
        ),
        5_000,
    )
    assert kind(machine) is ChangeKind.REVOKED
    machine.done()
    assert ask(machine, 5_000).topic_partitions == []


def test_expressions_are_the_brokers_and_are_taken_back_by_an_empty_one() -> None:
    machine = member(Wanted(frozenset(), "a.*"))
    request = ask(machine, 0)
    assert (request.subscribed_topic_names, request.subscribed_topic_regex) == ([], "a.*")
    answer(machine, 1)
    machine.subscribe(Wanted(frozenset("a")), 1)
    request = ask(machine, 1)
    assert (request.subscribed_topic_names, request.subscribed_topic_regex) == (["a"], "")


def test_silence_for_a_session_is_the_end_of_what_it_owns() -> None:
    machine = owning(0)
    machine.polled(40_000)
    machine.tick(44_999)
    assert machine.stage is Stage.MEMBER
    machine.tick(45_000)
    assert kind(machine) is ChangeKind.LOST


def test_an_answer_that_comes_after_everything_was_lost_makes_no_member() -> None:
    machine = owning(0)
    machine.polled(40_000)
    ask(machine, 40_000)
    machine.tick(45_000)
    machine.done()
    answer(machine, 2, now_ms=46_000, unchanged=True)
    request = ask(machine, 46_000)
    assert (request.member_epoch, request.topic_partitions) == (0, [])
    answer(machine, 2, 0, now_ms=46_000)
    assert kind(machine) is ChangeKind.ASSIGNED
