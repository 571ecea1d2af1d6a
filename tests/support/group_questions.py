"""Questions about groups, put to any coordinator; the answers are codes and counts, nothing that differs by run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ottla.groups.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    encode,
)
from ottla.wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest, TopicPartitions
from ottla.wire.messages.delete_groups import DeleteGroupsRequest
from ottla.wire.messages.describe_groups import DescribeGroupsRequest
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.wire.messages.list_groups import ListGroupsRequest
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.wire.schema import Message
from tests.support.groups import GroupShell, topic_id


class Talker(Protocol):
    """Somebody to ask. There is one topic, `a`, with three partitions."""

    topic_id: bytes

    def ask(self, request: Message, version: int) -> Any:
        """The response."""
        ...

    def park(self, request: Message, version: int) -> Callable[[], Any]:
        """Send the request; what comes back waits for the response."""
        ...


Answers = list[Any]
SUBSCRIPTION = encode(ConsumerProtocolSubscription(topics=["a"]))
ASSIGNMENT = encode(
    ConsumerProtocolAssignment(assigned_partitions=[TopicPartition(topic="a", partitions=[0, 1, 2])])
)


def join_request(group: str, member_id: str = "", **changes: Any) -> JoinGroupRequest:
    values: dict[str, Any] = {
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 10_000,
        "protocol_type": "consumer",
        "protocols": [JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTION)],
    }
    return JoinGroupRequest(group_id=group, member_id=member_id, **(values | changes))


def beat_request(group: str, member_id: str, epoch: int = 0, **changes: Any) -> ConsumerGroupHeartbeatRequest:
    values: dict[str, Any] = {}
    if epoch == 0:
        values = {"rebalance_timeout_ms": 10_000, "subscribed_topic_names": ["a"], "topic_partitions": []}
    return ConsumerGroupHeartbeatRequest(
        group_id=group, member_id=member_id, member_epoch=epoch, **(values | changes)
    )


def commit_request(
    talker: Talker, group: str, epoch: int = -1, member_id: str = "", **changes: Any
) -> OffsetCommitRequest:
    partition = OffsetCommitRequestPartition(**({"partition_index": 0, "committed_offset": 7} | changes))
    topic = OffsetCommitRequestTopic(name="a", topic_id=talker.topic_id, partitions=[partition])
    return OffsetCommitRequest(
        group_id=group, generation_id_or_member_epoch=epoch, member_id=member_id, topics=[topic]
    )


def commit(
    talker: Talker, group: str, version: int = 9, epoch: int = -1, member_id: str = "", **changes: Any
) -> int:
    response = talker.ask(commit_request(talker, group, epoch, member_id, **changes), version)
    return int(response.topics[0].partitions[0].error_code)


def stable(talker: Talker, group: str, **changes: Any) -> tuple[str, int]:
    """A classic group with one member, stable. Returns member id and generation."""
    joined = talker.ask(join_request(group, **changes), 3 if "group_instance_id" not in changes else 5)
    assert joined.error_code == 0, joined
    assignments = [SyncGroupRequestAssignment(member_id=joined.member_id, assignment=ASSIGNMENT)]
    request = SyncGroupRequest(
        group_id=group,
        generation_id=joined.generation_id,
        member_id=joined.member_id,
        group_instance_id=changes.get("group_instance_id"),
        protocol_type=joined.protocol_type or changes.get("protocol_type", "consumer"),
        protocol_name=joined.protocol_name,
        assignments=assignments,
    )
    assert talker.ask(request, 5).error_code == 0
    return joined.member_id, joined.generation_id


def shape(joined: Any) -> tuple[Any, ...]:
    """What of a JoinGroup response does not differ by run."""
    leads = joined.leader == joined.member_id and joined.leader != ""
    return (
        joined.error_code, joined.generation_id, joined.protocol_type, joined.protocol_name, leads,
        bool(joined.leader), bool(joined.member_id), len(joined.members), joined.skip_assignment,
    )  # fmt: skip


# Classic groups


def joining(talker: Talker) -> Answers:
    answers = [shape(talker.ask(join_request("j1"), version)) for version in (4, 9)]
    answers += [shape(talker.ask(join_request(f"j2-{version}"), version)) for version in (0, 1, 2, 3)]
    required = talker.ask(join_request("j3"), 4)
    answers.append(shape(talker.ask(join_request("j3", required.member_id), 4)))
    answers.append(shape(talker.ask(join_request("j4", group_instance_id="i"), 5)))
    return answers


def bad_joins(talker: Talker) -> Answers:
    member_id, _ = stable(talker, "bj1")
    other = [JoinGroupRequestProtocol(name="other", metadata=b"x")]
    return [
        shape(talker.ask(request, version))
        for version in (3, 5, 6, 7, 9)
        for request in (
            join_request(""),
            join_request("bj2", session_timeout_ms=5_999),
            join_request("bj2", session_timeout_ms=1_800_001),
            join_request("bj2", "nobody"),
            join_request("bj1", "nobody"),
            join_request("bj1", protocol_type="connect"),
            join_request("bj1", protocols=other),
            join_request("bj1", member_id, protocols=other),
            join_request("bj3", protocols=[]),
            join_request("bj4", protocol_type=""),
        )
    ]


def bad_syncs(talker: Talker) -> Answers:
    member_id, generation_id = stable(talker, "bs")

    def sync(group: str, generation: int, member: str, **changes: Any) -> tuple[Any, ...]:
        request = SyncGroupRequest(group_id=group, generation_id=generation, member_id=member, **changes)
        response = talker.ask(request, 5)
        return response.error_code, response.protocol_type, response.protocol_name, len(response.assignment)

    consumer = {"protocol_type": "consumer", "protocol_name": "range"}
    return [
        sync("", generation_id, member_id, **consumer),
        sync("bs-none", generation_id, member_id, **consumer),
        sync("bs", generation_id, "nobody", **consumer),
        sync("bs", generation_id + 1, member_id, **consumer),
        sync("bs", generation_id, member_id, protocol_type="connect", protocol_name="range"),
        sync("bs", generation_id, member_id, protocol_type="consumer", protocol_name="sticky"),
        sync("bs", generation_id, member_id, group_instance_id="i", **consumer),
        sync("bs", generation_id, member_id),
        sync("bs", generation_id, member_id, **consumer),
    ]


def heartbeats(talker: Talker) -> Answers:
    member_id, generation_id = stable(talker, "hb")

    def beat(group: str, generation: int, member: str, instance: str | None = None) -> int:
        request = HeartbeatRequest(
            group_id=group, generation_id=generation, member_id=member, group_instance_id=instance
        )
        return int(talker.ask(request, 4).error_code)

    answers: Answers = [
        beat("", generation_id, member_id),
        beat("hb-none", generation_id, member_id),
        beat("hb", generation_id, "nobody"),
        beat("hb", generation_id + 1, member_id),
        beat("hb", generation_id - 1, member_id),
        beat("hb", generation_id, member_id, "i"),
        beat("hb", generation_id, member_id),
    ]
    second = talker.park(join_request("hb"), 3)
    answers.append(until(lambda: beat("hb", generation_id, member_id), 27))
    first = talker.park(join_request("hb", member_id), 3)
    shapes = [shape(first()), shape(second())]
    answers += shapes
    answers.append(beat("hb", generation_id + 1, member_id))  # CompletingRebalance
    answers.append(commit(talker, "hb", 7, generation_id + 1, member_id))
    return answers


def until(ask: Callable[[], int], wanted: int) -> int:
    """A parked request takes effect a moment after it is sent."""
    return next((code for code in (ask() for _ in range(200)) if code == wanted), -99)


def rejoining(talker: Talker) -> Answers:
    member_id, generation_id = stable(talker, "rj")
    second = talker.park(join_request("rj"), 3)
    until(
        lambda: (
            talker.ask(
                HeartbeatRequest(group_id="rj", generation_id=generation_id, member_id=member_id), 3
            ).error_code
        ),
        27,
    )
    leader = talker.ask(join_request("rj", member_id), 3)
    follower = second()
    again = talker.ask(join_request("rj", follower.member_id), 5)  # CompletingRebalance, same metadata
    leader_again = talker.ask(join_request("rj", member_id), 5)
    return [shape(leader), shape(follower), shape(again), shape(leader_again)]


def static_members(talker: Talker) -> Answers:
    member_id, generation_id = stable(talker, "st", group_instance_id="i")
    returned = talker.ask(join_request("st", group_instance_id="i"), 9)
    older = talker.ask(join_request("st", group_instance_id="i"), 5)
    beats = [
        talker.ask(
            HeartbeatRequest(group_id="st", generation_id=generation_id, member_id=m, group_instance_id=i),
            4,
        ).error_code
        for m, i in ((member_id, "i"), (older.member_id, "i"), (older.member_id, "other"), (member_id, None))
    ]
    fenced = talker.ask(join_request("st", member_id, group_instance_id="i"), 9)
    unknown = talker.ask(join_request("st", "nobody", group_instance_id="x"), 9)
    return [shape(returned), shape(older), beats, shape(fenced), shape(unknown)]


def leaving(talker: Talker) -> Answers:
    member_id, _ = stable(talker, "lv")
    stable(talker, "lv2", group_instance_id="i")

    def leave(group: str, *members: MemberIdentity, version: int = 5) -> Any:
        response = talker.ask(LeaveGroupRequest(group_id=group, members=list(members)), version)
        return response.error_code, [
            (m.member_id != "", m.group_instance_id, m.error_code) for m in response.members
        ]

    answers: Answers = [
        talker.ask(LeaveGroupRequest(group_id=g, member_id="nobody"), 2).error_code
        for g in ("", "none", "lv")
    ]
    nobody, me = MemberIdentity(member_id="nobody"), MemberIdentity(member_id=member_id)
    answers += [leave("", nobody), leave("none", nobody), leave("lv", nobody, me, me), leave("lv", me)]
    answers += [
        leave("lv2", MemberIdentity(member_id="nobody", group_instance_id="i")),
        leave("lv2", MemberIdentity(group_instance_id="other")),
        leave("lv2", MemberIdentity(group_instance_id="i")),
    ]
    required = talker.ask(join_request("lv3"), 5)
    answers.append(leave("lv3", MemberIdentity(member_id=required.member_id)))
    return answers


# Offsets


def commits(talker: Talker) -> Answers:
    member_id, generation_id = stable(talker, "oc")
    answers: Answers = [commit(talker, "oc-new", version) for version in (2, 5, 8, 9, 10)]
    answers += [commit(talker, "oc-none", version, 3, "m") for version in (8, 9)]
    answers += [
        commit(talker, "", 9),
        commit(talker, "", 9, 3, "m"),
        commit(talker, "oc", 9),
        commit(talker, "oc", 9, generation_id, member_id),
        commit(talker, "oc", 9, generation_id - 1, member_id),
        commit(talker, "oc", 9, generation_id + 1, member_id),
        commit(talker, "oc", 9, generation_id, "nobody"),
        commit(talker, "oc", 9, generation_id, ""),
        commit(talker, "oc", 9, -1, member_id),
        commit(talker, "oc", 9, generation_id, member_id, committed_metadata="x" * 4096),
        commit(talker, "oc", 9, generation_id, member_id, committed_metadata="x" * 4097),
        commit(talker, "oc", 9, generation_id, member_id, committed_metadata=None),
    ]
    return answers


def fetches(talker: Talker) -> Answers:
    commit(talker, "of", 9, committed_metadata="words", committed_leader_epoch=3)
    topics = [OffsetFetchRequestTopic(name="a", partition_indexes=[0, 1])]
    answers: Answers = []
    for version in (1, 2, 5, 7):
        for wanted in (topics, None) if version > 1 else (topics,):
            response = talker.ask(OffsetFetchRequest(group_id="of", topics=wanted), version)
            found = [(t.name, _offsets(t.partitions)) for t in response.topics]
            answers.append((response.error_code, found))
    for version in (8, 9, 10):
        one = [OffsetFetchRequestTopics(name="a", topic_id=talker.topic_id, partition_indexes=[0, 1])]
        for group, wanted_topics in (
            ("of", one),
            ("of", None),
            ("of-none", one),
            ("of-none", None),
            ("", one),
        ):
            asked = OffsetFetchRequestGroup(group_id=group, topics=wanted_topics)
            (got,) = talker.ask(OffsetFetchRequest(groups=[asked]), version).groups
            answers.append((got.group_id, got.error_code, [_offsets(t.partitions) for t in got.topics]))
    return answers


def _offsets(partitions: list[Any]) -> list[tuple[Any, ...]]:
    return [
        (p.partition_index, p.committed_offset, p.committed_leader_epoch, p.metadata, p.error_code)
        for p in partitions
    ]


def offset_deletes(talker: Talker) -> Answers:
    stable(talker, "od")
    other = [JoinGroupRequestProtocol(name="v0", metadata=b"")]
    stable(talker, "od-other", protocol_type="other", protocols=other)
    commit(talker, "od-simple")
    request = [
        OffsetDeleteRequestTopic(
            name="a", partitions=[OffsetDeleteRequestPartition(partition_index=i) for i in (0, 1)]
        )
    ]
    answers: Answers = []
    for group in ("od", "od-other", "od-simple", "od-none", ""):
        response = talker.ask(OffsetDeleteRequest(group_id=group, topics=request), 0)
        codes = [p.error_code for t in response.topics for p in t.partitions]
        answers.append((group, response.error_code, codes))
    return answers


# Administration


def describing(talker: Talker) -> Answers:
    stable(talker, "ds")
    commit(talker, "ds-simple")
    talker.ask(beat_request("ds-new", "m1"), 1)
    answers: Answers = []
    for version in (0, 5, 6):
        for group in ("ds", "ds-simple", "ds-new", "ds-none", ""):
            (got,) = talker.ask(DescribeGroupsRequest(groups=[group]), version).groups
            members = [(len(m.member_metadata), len(m.member_assignment)) for m in got.members]
            answers.append(
                (
                    group,
                    got.error_code,
                    bool(got.error_message),
                    got.group_state,
                    got.protocol_type,
                    got.protocol_data,
                    members,
                )
            )
    return answers


def describing_consumer_groups(talker: Talker) -> Answers:
    stable(talker, "dc-classic")
    talker.ask(beat_request("dc", "m1"), 1)
    talker.ask(beat_request("dc", "m2", subscribed_topic_names=None, subscribed_topic_regex="x+"), 1)
    answers: Answers = []
    for group in ("dc", "dc-classic", "dc-none", ""):
        (got,) = talker.ask(ConsumerGroupDescribeRequest(group_ids=[group]), 1).groups
        members = [
            (
                m.member_id, m.instance_id, m.rack_id, m.member_epoch, m.subscribed_topic_names,
                m.subscribed_topic_regex, m.member_type, [t.partitions for t in m.assignment.topic_partitions],
                [t.partitions for t in m.target_assignment.topic_partitions],
            )
            for m in sorted(got.members, key=lambda m: m.member_id)
        ]  # fmt: skip
        answers.append(
            (group, got.error_code, bool(got.error_message), got.group_state, got.assignor_name, members)
        )
    return answers


def listing(talker: Talker) -> Answers:
    stable(talker, "ls")
    commit(talker, "ls-simple")
    talker.ask(beat_request("ls-new", "m1"), 1)
    answers: Answers = []
    for states, types in (
        ([], []),
        (["stable"], []),
        (["EMPTY"], []),
        ([], ["Consumer"]),
        (["Dead"], []),
        ([], ["none"]),
    ):
        response = talker.ask(ListGroupsRequest(states_filter=states, types_filter=types), 5)
        lines = [
            (g.group_id, g.protocol_type, g.group_state, g.group_type)
            for g in response.groups
            if g.group_id.startswith("ls")
        ]
        answers.append((response.error_code, sorted(lines)))
    return answers


def deleting(talker: Talker) -> Answers:
    stable(talker, "dl")
    commit(talker, "dl-simple")
    talker.ask(beat_request("dl-new", "m1"), 1)
    talker.ask(beat_request("dl-gone", "m1"), 1)
    talker.ask(beat_request("dl-gone", "m1", -1), 1)
    groups = ["dl", "dl-simple", "dl-new", "dl-gone", "dl-none", "", "dl-simple"]
    results = talker.ask(DeleteGroupsRequest(groups_names=groups), 2).results
    return sorted((r.group_id, r.error_code) for r in results)


# Consumer groups


def _told(response: Any) -> tuple[Any, ...]:
    assignment = response.assignment
    return (
        response.error_code, bool(response.error_message), response.member_epoch, response.heartbeat_interval_ms,
        None if assignment is None else [t.partitions for t in assignment.topic_partitions],
    )  # fmt: skip


def bad_beats(talker: Talker) -> Answers:
    talker.ask(beat_request("bb", "m1"), 1)
    requests = [
        (beat_request("", "m1"), 1),
        (beat_request("bb", ""), 1),
        (beat_request("bb", "", 1), 0),
        (beat_request("bb", "m2", instance_id=""), 1),
        (beat_request("bb", "m2", rack_id=""), 1),
        (beat_request("bb", "m2", rebalance_timeout_ms=-1), 1),
        (beat_request("bb", "m2", topic_partitions=None), 1),
        (beat_request("bb", "m2", subscribed_topic_names=None), 1),
        (beat_request("bb", "m2", -3), 1),
        (beat_request("bb", "m1", -2), 1),
        (beat_request("bb", "m2", server_assignor="mine"), 1),
        (beat_request("bb", "m2", subscribed_topic_regex="("), 1),
        (beat_request("bb", "m2", subscribed_topic_regex="(?=a)"), 1),
        (beat_request("bb", "m2", subscribed_topic_regex="a++"), 1),
        (beat_request("bb", "m2", subscribed_topic_regex="(a)\\1"), 1),
        (beat_request("bb", "nobody", 1), 1),
        (beat_request("bb", "nobody", -1), 1),
        (beat_request("bb", "m1", 9), 1),
        (beat_request("bb", "m1", instance_id="i", epoch=1), 1),
        (beat_request("bb-none", "m1", 1), 1),
        (beat_request("bb-none", "m1", -1), 1),
    ]
    return [_told(talker.ask(request, version)) for request, version in requests]


def epochs(talker: Talker) -> Answers:
    """Two members share, in heartbeats that are made by hand."""
    owned = [TopicPartitions(topic_id=talker.topic_id, partitions=[0, 1, 2])]
    answers = [_told(talker.ask(beat_request("ep", "m1"), 1))]
    answers.append(_told(talker.ask(beat_request("ep", "m1", 1), 1)))
    answers.append(_told(talker.ask(beat_request("ep", "m1", 1, topic_partitions=owned), 1)))
    answers.append(_told(talker.ask(beat_request("ep", "m2"), 1)))
    asked = _told(talker.ask(beat_request("ep", "m1", 1, topic_partitions=owned), 1))
    answers.append(asked)
    answers.append(_told(talker.ask(beat_request("ep", "m1", 1), 1)))
    kept = [TopicPartitions(topic_id=talker.topic_id, partitions=asked[4][0])]
    answers.append(_told(talker.ask(beat_request("ep", "m1", 1, topic_partitions=kept), 1)))
    answers.append(
        _told(talker.ask(beat_request("ep", "m1", 1, topic_partitions=kept), 1))
    )  # the answer was lost
    answers.append(_told(talker.ask(beat_request("ep", "m1", 1), 1)))  # and it does not say what it has
    answers.append(_told(talker.ask(beat_request("ep", "m2", 2), 1)))
    answers.append(_told(talker.ask(beat_request("ep", "m2", -1), 1)))
    answers.append(_told(talker.ask(beat_request("ep", "m1", 2), 1)))
    answers.append(_told(talker.ask(beat_request("ep", "m1", 3), 1)))
    return answers


def joining_with_nothing(talker: Talker) -> Answers:
    answers = [_told(talker.ask(beat_request("en", "m1", subscribed_topic_names=[]), 1))]
    answers.append(_told(talker.ask(beat_request("en", "m2", subscribed_topic_names=[]), 1)))
    answers.append(_told(talker.ask(beat_request("en", "m1"), 1)))
    answers.append(_told(talker.ask(beat_request("en", "", subscribed_topic_names=["a"]), 0)))
    return answers


def static_beats(talker: Talker) -> Answers:
    answers = [_told(talker.ask(beat_request("sb", "m1", instance_id="i"), 1))]
    answers.append(_told(talker.ask(beat_request("sb", "m1", instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m2", instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m2", 1, instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m1", -2, instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m2", instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m1", 1, instance_id="i"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m2", -1, instance_id="x"), 1)))
    answers.append(_told(talker.ask(beat_request("sb", "m2", -1, instance_id="i"), 1)))
    return answers


def consumer_offsets(talker: Talker) -> Answers:
    talker.ask(beat_request("co", "m1"), 1)
    answers: Answers = [
        commit(talker, "co", version, epoch, member)
        for version, epoch, member in (
            (8, 1, "m1"),
            (9, 1, "m1"),
            (9, 0, "m1"),
            (9, 2, "m1"),
            (9, 1, "nobody"),
            (9, -1, ""),
            (9, -1, "m1"),
        )
    ]
    topics = [OffsetFetchRequestTopics(name="a", partition_indexes=[0])]
    for member, epoch in ((None, -1), ("m1", 1), ("m1", 2), ("nobody", 1), ("", -1), (None, 1), ("m1", -1)):
        asked = OffsetFetchRequestGroup(group_id="co", member_id=member, member_epoch=epoch, topics=topics)
        (got,) = talker.ask(OffsetFetchRequest(groups=[asked]), 9).groups
        answers.append((member, epoch, got.error_code, [_offsets(t.partitions) for t in got.topics]))
    return answers


def kinds(talker: Talker) -> Answers:
    """Requests of one kind of group to the other."""
    other = [JoinGroupRequestProtocol(name="v0", metadata=b"")]
    stable(talker, "kd-other", protocol_type="other", protocols=other)
    stable(talker, "kd")
    talker.ask(beat_request("kd-new", "m1"), 1)
    answers: Answers = [
        _told(talker.ask(beat_request("kd-other", "m1"), 1)),
        _told(talker.ask(beat_request("kd", "m1", 1), 1)),
        _told(talker.ask(beat_request("kd", "m1", -1), 1)),
        shape(talker.ask(join_request("kd-new", protocol_type="other", protocols=other), 5)),
        shape(talker.ask(join_request("kd-new"), 5)),
        shape(talker.ask(join_request("kd-new", "nobody"), 5)),
        shape(
            talker.ask(
                join_request("kd-new", protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")]), 3
            )
        ),
        talker.ask(SyncGroupRequest(group_id="kd-new", generation_id=1, member_id="m1"), 3).error_code,
        talker.ask(HeartbeatRequest(group_id="kd-new", generation_id=1, member_id="m1"), 3).error_code,
        talker.ask(LeaveGroupRequest(group_id="kd-new", members=[MemberIdentity(member_id="m1")]), 5)
        .members[0]
        .error_code,
    ]
    return answers


def migrating(talker: Talker) -> Answers:
    """Up with the first heartbeat, a classic member in the new group, and down again."""
    classic_id, generation_id = stable(talker, "mg")
    answers: Answers = [_told(talker.ask(beat_request("mg", "m1"), 1))]

    def beat(generation: int) -> int:
        request = HeartbeatRequest(group_id="mg", generation_id=generation, member_id=classic_id)
        return int(talker.ask(request, 3).error_code)

    answers.append([beat(generation_id), beat(generation_id + 1)])
    joined = talker.ask(join_request("mg", classic_id), 5)
    answers.append(shape(joined))
    request = SyncGroupRequest(group_id="mg", generation_id=joined.generation_id, member_id=classic_id)
    synced = talker.ask(request, 4)
    answers.append((synced.error_code, synced.protocol_type, synced.protocol_name, len(synced.assignment)))
    answers.append(beat(joined.generation_id))
    answers.append(commit(talker, "mg", 8, joined.generation_id, classic_id))
    answers.append(commit(talker, "mg", 8, joined.generation_id + 1, classic_id))
    answers.append(_told(talker.ask(beat_request("mg", "m1", joined.generation_id), 1)))
    answers.append(_told(talker.ask(beat_request("mg", "m1", -1), 1)))
    (described,) = talker.ask(DescribeGroupsRequest(groups=["mg"]), 5).groups
    answers.append((described.group_state, described.protocol_type, len(described.members)))
    answers.append(beat(joined.generation_id))
    answers.append(shape(talker.ask(join_request("mg", classic_id), 5)))
    return answers


QUESTIONS: tuple[Callable[[Talker], Answers], ...] = (
    joining, bad_joins, bad_syncs, heartbeats, rejoining, static_members, leaving, commits, fetches, offset_deletes,
    describing, describing_consumer_groups, listing, deleting, bad_beats, epochs, joining_with_nothing, static_beats,
    consumer_offsets, kinds, migrating,
)  # fmt: skip

DIFFERENCES = {
    (
        "static_beats",
        1,
    ): "a static member may rejoin under its own id; Kafka lets it wait for its session to end",
    (
        "consumer_offsets",
        12,
    ): "a member epoch without a member id is UNKNOWN_MEMBER_ID; Kafka has a null pointer",
    (
        "kinds",
        6,
    ): "metadata that is no subscription is INCONSISTENT_GROUP_PROTOCOL; Kafka's is an unknown error",
}
"""Question and place in its answers → why ours is another."""

ANSWERS = Path(__file__).parents[1] / "unit" / "groups" / "kafka_answers.txt"
"""What Apache Kafka 4.2 answered."""


class OurTalker:
    """The pure coordinator."""

    topic_id = topic_id("a")

    def __init__(self) -> None:
        self.shell = GroupShell(a=3)

    def ask(self, request: Message, version: int) -> Any:
        return self.shell.ask(request, version)

    def park(self, request: Message, version: int) -> Callable[[], Any]:
        ticket = self.shell.send(request, version)
        return lambda: self.shell.replies[ticket]
