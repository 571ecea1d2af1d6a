"""KIP-848 groups: what time, topics and regular expressions do to them, and the way from one protocol to
the other."""

import dataclasses

import pytest
from tests.support.group_questions import OurTalker, beat_request, commit_request, join_request, stable
from tests.support.groups import DEVELOPMENT, GroupShell, topic_id

from ottla.core.errors import ErrorCode
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.config import REGEX_REFRESH_AFTER_CHANGE_MS, GroupConfig, Migration
from ottla.groups.consumer.current import Current, MemberState, reconcile
from ottla.groups.consumer.group import ConsumerGroup
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse, TopicPartitions
from ottla.wire.messages.heartbeat import HeartbeatRequest

A = topic_id("a")


@pytest.fixture
def shell() -> GroupShell:
    return GroupShell(a=4, b=2)


def group(shell: GroupShell) -> ConsumerGroup:
    found = shell.coordinator.groups["g"]
    assert isinstance(found, ConsumerGroup)
    return found


def beat(
    shell: GroupShell, member_id: str, epoch: int = 0, **changes: object
) -> ConsumerGroupHeartbeatResponse:
    reply = shell.ask(beat_request("g", member_id, epoch, **changes))
    assert isinstance(reply, ConsumerGroupHeartbeatResponse)
    return reply


def had(reply: ConsumerGroupHeartbeatResponse) -> dict[bytes, list[int]] | None:
    if reply.assignment is None:
        return None
    return {entry.topic_id: entry.partitions for entry in reply.assignment.topic_partitions}


def test_a_member_that_keeps_what_it_should_give_up_is_out(shell: GroupShell) -> None:
    beat(shell, "m1")
    beat(shell, "m2")
    assert had(beat(shell, "m1", 1)) == {A: [0, 1]}
    shell.advance(9_999)
    assert beat(shell, "m1", 1).error_code == 0  # alive, but it does not say that it gave anything up
    shell.advance(1)
    assert beat(shell, "m1", 1).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert had(beat(shell, "m2", 2)) == {A: [0, 1, 2, 3]}


def test_a_session_that_ends_frees_the_partitions(shell: GroupShell) -> None:
    beat(shell, "m1")
    shell.advance(44_000)
    assert had(beat(shell, "m2")) == {}
    shell.advance(1_000)
    assert had(beat(shell, "m2", 2)) == {A: [0, 1, 2, 3]}


def test_a_static_member_keeps_its_place_until_its_session_ends(shell: GroupShell) -> None:
    beat(shell, "m1", instance_id="i")
    beat(shell, "m1", -2, instance_id="i")
    assert had(beat(shell, "m2")) == {}
    shell.restart()
    assert had(beat(shell, "m3", instance_id="i")) == {A: [0, 1]}
    beat(shell, "m3", -2, instance_id="i")
    shell.advance(44_999)
    beat(shell, "m2", 2)
    shell.advance(1)
    assert group(shell).members.keys() == {"m2"}


def test_a_topic_that_grows_is_noticed_at_the_next_heartbeat(shell: GroupShell) -> None:
    beat(shell, "m1")
    assert had(beat(shell, "m1", 1)) is None
    shell.set_topics(a=5, b=2)
    reply = beat(shell, "m1", 1)
    assert (reply.member_epoch, had(reply)) == (2, {A: [0, 1, 2, 3, 4]})
    shell.set_topics(a=5, b=3)  # nobody wants b
    assert beat(shell, "m1", 2).member_epoch == 2


def test_a_topic_that_does_not_exist_yet_may_be_subscribed_to(shell: GroupShell) -> None:
    assert had(beat(shell, "m1", subscribed_topic_names=["later"])) == {}
    shell.set_topics(a=4, b=2, later=1)
    assert had(beat(shell, "m1", 1)) == {topic_id("later"): [0]}


def test_expressions_follow_topics_but_not_at_every_change(shell: GroupShell) -> None:
    told = {"subscribed_topic_names": [], "subscribed_topic_regex": "a|c.*"}
    assert had(beat(shell, "m1", **told)) == {A: [0, 1, 2, 3]}
    shell.set_topics(a=4, b=2, c1=1)
    assert had(beat(shell, "m1", 1)) is None
    shell.advance(REGEX_REFRESH_AFTER_CHANGE_MS)
    assert had(beat(shell, "m1", 1)) == {A: [0, 1, 2, 3], topic_id("c1"): [0]}
    assert group(shell).expressions["a|c.*"].topics == ["a", "c1"]
    beat(shell, "m1", 2, subscribed_topic_regex="")
    assert group(shell).expressions == {}


def test_members_choose_the_assignor_by_majority(shell: GroupShell) -> None:
    for number in range(3):
        name = None if number == 0 else "range"
        beat(shell, f"m{number}", subscribed_topic_names=["a", "b"], server_assignor=name)
    assert group(shell).assignor(DEVELOPMENT.group_consumer_assignors) == "range"
    sizes = [len({p for t, p in group(shell).target(f"m{n}") if t == A}) for n in range(3)]
    assert sizes == [2, 1, 1]


def test_a_group_has_no_more_members_than_it_may() -> None:
    shell = GroupShell(dataclasses.replace(DEVELOPMENT, group_consumer_max_size=1), a=1)
    beat(shell, "m1")
    assert beat(shell, "m2").error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert beat(shell, "m1").error_code == ErrorCode.NONE


def test_an_old_client_is_given_its_id(shell: GroupShell) -> None:
    reply = shell.ask(beat_request("g", ""), 0)
    assert isinstance(reply, ConsumerGroupHeartbeatResponse)
    assert reply.member_id == "uuid-1"
    assert beat(shell, "uuid-1", 1).error_code == ErrorCode.NONE


# From what a member has to what it is to have

P = [(A, number) for number in range(4)]


def parts(*numbers: int) -> frozenset[tuple[bytes, int]]:
    return frozenset(P[number] for number in numbers)


@pytest.mark.parametrize(
    ("current", "owned", "taken", "wanted"),
    [
        # The target is 0 and 1, at epoch 5.
        (Current(), None, parts(), Current(5, 0, MemberState.STABLE, parts(0, 1))),
        (Current(), None, parts(1), Current(5, 0, MemberState.UNRELEASED_PARTITIONS, parts(0))),
        (Current(4, 3, 0, parts(0, 2)), None, parts(), Current(4, 4, 1, parts(0), parts(2))),
        (Current(4, 3, 0, parts(0, 2)), parts(0, 2), parts(), Current(4, 4, 1, parts(0), parts(2))),
        (Current(4, 3, 0, parts(0, 2)), parts(0), parts(), Current(5, 4, 0, parts(0, 1))),
        (Current(4, 4, 1, parts(0), parts(2)), None, parts(), Current(4, 4, 1, parts(0), parts(2))),
        (Current(4, 4, 1, parts(0), parts(2)), parts(0, 2), parts(), Current(4, 4, 1, parts(0), parts(2))),
        (Current(4, 4, 1, parts(0), parts(2)), parts(0), parts(1), Current(5, 4, 2, parts(0))),
        (Current(5, 4, 2, parts(0)), None, parts(1), Current(5, 5, 2, parts(0))),
        (Current(5, 4, 2, parts(0)), None, parts(), Current(5, 5, 0, parts(0, 1))),
        (Current(5, 5, 0, parts(0, 1)), parts(), parts(), Current(5, 5, 0, parts(0, 1))),
        (Current(4, 4, 1, parts(3), parts(2)), parts(3), parts(), Current(4, 4, 1, parts(), parts(3))),
        (Current(5, 5, 127, parts(0)), None, parts(), Current(5, 5, 0, parts(0, 1))),  # a state of the future
    ],
)
def test_one_step(
    current: Current,
    owned: frozenset[tuple[bytes, int]] | None,
    taken: frozenset[tuple[bytes, int]],
    wanted: Current,
) -> None:
    assert reconcile(current, parts(0, 1), 5, owned, lambda partition: partition not in taken) == wanted


# From one protocol to the other


@pytest.mark.parametrize("policy", list(Migration))
def test_the_policy_decides_which_way_is_open(policy: Migration) -> None:
    talker = OurTalker()
    shell = talker.shell = GroupShell(
        GroupConfig(group_initial_rebalance_delay_ms=0, group_consumer_migration_policy=policy), a=3
    )
    stable(talker, "g")
    code = beat(shell, "m1").error_code
    assert code == (ErrorCode.NONE if policy.upgrades else ErrorCode.GROUP_ID_NOT_FOUND)
    if policy.upgrades:
        beat(shell, "m1", -1)
        assert isinstance(shell.coordinator.groups["g"], ClassicGroup) == policy.downgrades


def test_who_waits_in_a_group_that_changes_is_asked_to_join_again() -> None:
    talker = OurTalker()
    shell = talker.shell
    stable(talker, "g")
    waiting = shell.send(join_request("g"), 3)
    beat(shell, "m1")
    assert shell.replies[waiting].error_code == ErrorCode.REBALANCE_IN_PROGRESS  # type: ignore[attr-defined]
    assert len(group(shell).members) == 3


def test_who_takes_over_from_a_static_member_that_had_nothing_yet_is_assigned_partitions() -> None:
    shell = GroupShell(a=3)
    shell.send(join_request("g", group_instance_id="i"), 5)  # it leads, and dies before it assigns
    joined = beat(shell, "m1", instance_id="i")
    assert had(joined) == {A: [0, 1, 2]}
    assert len(group(shell).members) == 1


def test_offsets_stay_when_a_group_changes() -> None:
    talker = OurTalker()
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    shell.ask(commit_request(talker, "g", generation_id, member_id), 8)
    beat(shell, "m1")
    beat(shell, "m1", -1)
    shell.restart()
    assert shell.coordinator.offsets.count("g") == 1
    assert shell.replayed().offsets.count("g") == 1


def test_a_group_that_only_has_offsets_becomes_what_its_first_member_is() -> None:
    talker = OurTalker()
    shell = talker.shell
    for group_id in ("g", "h"):
        shell.ask(commit_request(talker, group_id), 9)
    beat(shell, "m1")
    stable(talker, "h")
    assert isinstance(shell.coordinator.groups["g"], ConsumerGroup)
    assert isinstance(shell.coordinator.groups["h"], ClassicGroup)
    assert [shell.coordinator.offsets.count(group_id) for group_id in ("g", "h")] == [1, 1]


def test_an_empty_group_changes_its_kind_and_goes_on_counting() -> None:
    talker = OurTalker()
    shell = talker.shell
    stable(talker, "g")
    shell.advance(10_000)
    assert beat(shell, "m1").member_epoch == 3
    beat(shell, "m1", -1)
    assert stable(talker, "g")[1] == 5
    assert shell.replayed().groups.keys() == {"g"}


def test_a_classic_member_that_does_not_come_again_is_out() -> None:
    """It may send as many heartbeats as it likes."""
    talker = OurTalker()
    shell = talker.shell
    member_id, generation_id = stable(talker, "g")
    beat(shell, "m1")
    request = HeartbeatRequest(group_id="g", generation_id=generation_id, member_id=member_id)
    for _ in range(2):
        assert shell.ask(request).error_code == ErrorCode.REBALANCE_IN_PROGRESS  # type: ignore[attr-defined]
        beat(shell, "m1", 2)
        shell.advance(5_000)
    assert shell.ask(request).error_code == ErrorCode.UNKNOWN_MEMBER_ID  # type: ignore[attr-defined]
    assert had(beat(shell, "m1", 2)) == {A: [0, 1, 2]}


def test_owned_partitions_are_told_by_topic(shell: GroupShell) -> None:
    owned = [TopicPartitions(topic_id=A, partitions=[0, 1, 2, 3])]
    beat(shell, "m1")
    assert had(
        beat(shell, "m1", 1, topic_partitions=owned, rebalance_timeout_ms=1, subscribed_topic_names=["a"])
    ) == {A: [0, 1, 2, 3]}
