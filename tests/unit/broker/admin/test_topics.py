"""CreateTopics, DeleteTopics and CreatePartitions: every refusal by its code, and what comes to be."""

from typing import Any

import pytest
from tests.support.admin import Admin, OurAdmin, new_admin

from ottla.core.errors import ErrorCode as E
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from ottla.wire.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
    CreateTopicsRequest,
)
from ottla.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic

Assigned = list[tuple[int, list[int]]]


def topic(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    assigned: Assigned | None = None,
    configs: dict[str, str | None] | None = None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=ids) for index, ids in assigned or []
        ],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()],
    )


async def create(
    admin: Admin,
    *topics: CreatableTopic,
    version: int = 7,
    timeout_ms: int = 10_000,
    validate_only: bool = False,
) -> dict[str, CreatableTopicResult]:
    request = CreateTopicsRequest(topics=list(topics), timeout_ms=timeout_ms, validate_only=validate_only)
    results = (await admin.ask("CreateTopics", request, version)).topics
    assert len({result.name for result in results}) == len(results)
    return {result.name: result for result in results}


async def codes(admin: Admin, *topics: CreatableTopic, **rest: Any) -> dict[str, E]:
    return {name: E(result.error_code) for name, result in (await create(admin, *topics, **rest)).items()}


async def described(admin: Admin, *names: str) -> dict[str, Any]:
    await admin.settle()
    asked = [MetadataRequestTopic(name=name) for name in names]
    request = MetadataRequest(topics=asked, allow_auto_topic_creation=False)
    return {one.name: one for one in (await admin.ask("Metadata", request)).topics}


REFUSED = {
    "the empty name": (topic(""), E.INVALID_TOPIC_EXCEPTION),
    "one dot": (topic("."), E.INVALID_TOPIC_EXCEPTION),
    "two dots": (topic(".."), E.INVALID_TOPIC_EXCEPTION),
    "a blank": (topic("a b"), E.INVALID_TOPIC_EXCEPTION),
    "not ASCII": (topic("é"), E.INVALID_TOPIC_EXCEPTION),
    "a line end": (topic("a\n"), E.INVALID_TOPIC_EXCEPTION),
    "250 characters": (topic("a" * 250), E.INVALID_TOPIC_EXCEPTION),
    "the metadata topic": (topic("__cluster_metadata"), E.INVALID_REQUEST),
    "no partitions": (topic("x", 0), E.INVALID_PARTITIONS),
    "-2 partitions": (topic("x", -2), E.INVALID_PARTITIONS),
    "no replicas": (topic("x", 1, 0), E.INVALID_REPLICATION_FACTOR),
    "-2 replicas": (topic("x", 1, -2), E.INVALID_REPLICATION_FACTOR),
    "more replicas than brokers": (topic("x", 1, 2), E.INVALID_REPLICATION_FACTOR),
    "too many partitions": (topic("x", 20_000), E.POLICY_VIOLATION),
    "partitions and assignments": (topic("x", 1, -1, [(0, [1])]), E.INVALID_REQUEST),
    "replicas and assignments": (topic("x", -1, 1, [(0, [1])]), E.INVALID_REQUEST),
    "a gap": (topic("x", -1, -1, [(0, [1]), (2, [1])]), E.INVALID_REPLICA_ASSIGNMENT),
    "from one": (topic("x", -1, -1, [(1, [1])]), E.INVALID_REPLICA_ASSIGNMENT),
    "a partition twice": (topic("x", -1, -1, [(0, [1]), (0, [1])]), E.INVALID_REPLICA_ASSIGNMENT),
    "a broker twice": (topic("x", -1, -1, [(0, [1, 1])]), E.INVALID_REPLICA_ASSIGNMENT),
    "an unknown broker": (topic("x", -1, -1, [(0, [9])]), E.INVALID_REPLICA_ASSIGNMENT),
    "a negative broker": (topic("x", -1, -1, [(0, [-1])]), E.INVALID_REPLICA_ASSIGNMENT),
    "an empty assignment": (topic("x", -1, -1, [(0, [])]), E.INVALID_REPLICA_ASSIGNMENT),
    "uneven assignments": (topic("x", -1, -1, [(0, [1]), (1, [1, 2])]), E.INVALID_REPLICA_ASSIGNMENT),
    "a null config": (topic("x", configs={"retention.ms": None}), E.INVALID_CONFIG),
    "an unknown config": (topic("x", configs={"nope": "1"}), E.INVALID_CONFIG),
    "a bad config": (topic("x", configs={"retention.ms": "soon"}), E.INVALID_CONFIG),
    "an empty config": (topic("x", configs={"retention.ms": ""}), E.INVALID_CONFIG),
    "tiered storage": (topic("x", configs={"remote.storage.enable": "true"}), E.INVALID_CONFIG),
    "the config before the partitions": (topic("x", 0, configs={"nope": "1"}), E.INVALID_CONFIG),
    "the config before the replicas": (topic("x", 1, 2, configs={"nope": "1"}), E.INVALID_CONFIG),
    "the name before the partitions": (topic("a b", 0), E.INVALID_TOPIC_EXCEPTION),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused(admin: Admin, case: str) -> None:
    wanted, code = REFUSED[case]
    result = (await create(admin, wanted))[wanted.name]
    assert E(result.error_code) is code
    assert result.error_message
    assert (result.topic_id, result.num_partitions, result.replication_factor) == (ZERO_UUID, -1, -1)
    assert result.configs == []


async def test_a_topic_comes_to_be(admin: Admin) -> None:
    configs: dict[str, str | None] = {"retention.ms": "77", "cleanup.policy": "delete"}
    result = (await create(admin, topic("comes", 3, 1, configs=configs)))["comes"]
    assert (E(result.error_code), result.error_message) == (E.NONE, None)
    assert (result.num_partitions, result.replication_factor) == (3, 1)
    assert result.topic_id != ZERO_UUID
    shown = {config.name: (config.value, config.config_source) for config in result.configs}
    assert shown["retention.ms"] == ("77", 1)
    assert shown["segment.bytes"] == ("2000000", 4)
    assert shown["segment.ms"] == (str(24 * 3_600_000), 4)
    assert shown["flush.ms"] == ("7777", 4)
    assert shown["preallocate"] == ("false", 5)
    assert len(shown) == 33
    there = (await described(admin, "comes"))["comes"]
    assert there.topic_id == result.topic_id
    leaders = [(one.partition_index, one.leader_id, one.leader_epoch) for one in there.partitions]
    assert sorted(leaders) == [
        (0, 1, 0),
        (1, 1, 0),
        (2, 1, 0),
    ]
    assert all(one.replica_nodes == one.isr_nodes == [1] for one in there.partitions)


async def test_a_topic_with_given_assignments(admin: Admin) -> None:
    result = (await create(admin, topic("assigned", -1, -1, [(1, [1]), (0, [1])])))["assigned"]
    assert (result.num_partitions, result.replication_factor) == (2, 1)


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6, 7])
async def test_defaults_of_the_broker(admin: Admin, version: int) -> None:
    name = f"defaults-{version}"
    result = (await create(admin, topic(name, -1, -1), version=version))[name]
    assert E(result.error_code) is E.NONE
    there = (await described(admin, name))[name]
    assert len(there.partitions) == 2
    assert result.num_partitions == (2 if version >= 5 else -1)
    assert (result.topic_id == there.topic_id) == (version >= 7)


async def test_one_bad_topic_does_not_hold_up_the_others(admin: Admin) -> None:
    assert await codes(admin, topic("good-one"), topic("bad one")) == {
        "good-one": E.NONE,
        "bad one": E.INVALID_TOPIC_EXCEPTION,
    }
    assert (await described(admin, "good-one"))["good-one"].error_code == E.NONE


async def test_a_name_twice_is_not_created_at_all(admin: Admin) -> None:
    twice = await codes(admin, topic("twice"), topic("twice"), topic("once"))
    assert twice == {"twice": E.INVALID_REQUEST, "once": E.NONE}
    assert (await described(admin, "twice"))["twice"].error_code == E.UNKNOWN_TOPIC_OR_PARTITION


async def test_what_exists_exists(admin: Admin) -> None:
    await create(admin, topic("exists"))
    assert await codes(admin, topic("exists", 0)) == {"exists": E.TOPIC_ALREADY_EXISTS}
    assert await codes(admin, topic("exists"), validate_only=True) == {"exists": E.TOPIC_ALREADY_EXISTS}


async def test_names_that_metrics_cannot_tell_apart(admin: Admin) -> None:
    await create(admin, topic("dots.and_underscores"))
    for name in ("dots_and_underscores", "dots.and.underscores", "dots_and.underscores"):
        assert await codes(admin, topic(name)) == {name: E.INVALID_TOPIC_EXCEPTION}
    assert await codes(admin, topic("dots-and-underscores")) == {"dots-and-underscores": E.NONE}


async def test_validating_creates_nothing(admin: Admin) -> None:
    result = (await create(admin, topic("only-validated"), validate_only=True))["only-validated"]
    assert (E(result.error_code), result.num_partitions) == (E.NONE, 1)
    there = (await described(admin, "only-validated"))["only-validated"]
    assert there.error_code == E.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("timeout_ms", [0, -1])
async def test_no_time_to_create(admin: Admin, timeout_ms: int) -> None:
    assert await codes(admin, topic("late"), timeout_ms=timeout_ms) == {"late": E.REQUEST_TIMED_OUT}
    assert (await described(admin, "late"))["late"].error_code == E.UNKNOWN_TOPIC_OR_PARTITION


async def test_a_limit_for_the_whole_request_is_ours(ours: OurAdmin) -> None:
    found = await codes(ours, topic("first", 6000), topic("second", 6000), topic("third", 4000))
    assert found == {"first": E.NONE, "second": E.POLICY_VIOLATION, "third": E.NONE}


# Deleting.


async def delete(admin: Admin, *topics: DeleteTopicState, timeout_ms: int = 10_000) -> list[Any]:
    request = DeleteTopicsRequest(topics=list(topics), timeout_ms=timeout_ms)
    return [
        (one.name, one.topic_id, E(one.error_code))
        for one in (await admin.ask("DeleteTopics", request)).responses
    ]


async def new_topic(admin: Admin, name: str) -> bytes:
    topic_id = (await create(admin, topic(name)))[name].topic_id
    await admin.settle()
    return bytes(topic_id)


async def test_deleting_by_name_and_by_id(admin: Admin) -> None:
    first, second = await new_topic(admin, "deleted-by-name"), await new_topic(admin, "deleted-by-id")
    deleted = await delete(admin, DeleteTopicState(name="deleted-by-name"), DeleteTopicState(topic_id=second))
    assert sorted(deleted) == [("deleted-by-id", second, E.NONE), ("deleted-by-name", first, E.NONE)]
    gone = await described(admin, "deleted-by-name", "deleted-by-id")
    assert {one.error_code for one in gone.values()} == {E.UNKNOWN_TOPIC_OR_PARTITION}


@pytest.mark.parametrize("version", [1, 3, 4, 5])
async def test_deleting_in_old_versions(admin: Admin, version: int) -> None:
    await new_topic(admin, f"old-{version}")
    request = DeleteTopicsRequest(topic_names=[f"old-{version}", "nope"], timeout_ms=10_000)
    responses = (await admin.ask("DeleteTopics", request, version)).responses
    assert {one.name: one.error_code for one in responses} == {
        f"old-{version}": E.NONE,
        "nope": E.UNKNOWN_TOPIC_OR_PARTITION,
    }


async def test_a_topic_made_again_has_another_id(admin: Admin) -> None:
    first = await new_topic(admin, "again")
    await delete(admin, DeleteTopicState(name="again"))
    await admin.settle()
    assert await new_topic(admin, "again") != first


async def test_its_configs_go_with_it(ours: OurAdmin) -> None:
    await create(ours, topic("again", configs={"retention.ms": "5"}))
    await delete(ours, DeleteTopicState(name="again"))
    await create(ours, topic("again"))
    assert ours.cluster.image.topic_configs("again") == {}


async def test_what_cannot_be_deleted(admin: Admin) -> None:
    unknown = b"q" * 16
    known = await new_topic(admin, "stays")
    items = [
        (DeleteTopicState(name="nope"), E.UNKNOWN_TOPIC_OR_PARTITION),
        (DeleteTopicState(name="a b"), E.UNKNOWN_TOPIC_OR_PARTITION),
        (DeleteTopicState(topic_id=unknown), E.UNKNOWN_TOPIC_ID),
        (DeleteTopicState(), E.INVALID_REQUEST),
        (DeleteTopicState(name="stays", topic_id=known), E.INVALID_REQUEST),
    ]
    for item, code in items:
        assert await delete(admin, item) == [(item.name, item.topic_id, code)]
    both = [DeleteTopicState(name="stays"), DeleteTopicState(topic_id=known)]
    for request in (both, [both[0], both[0]], [both[1], both[1]]):
        assert {code for _, _, code in await delete(admin, *request)} == {E.INVALID_REQUEST}
    late = await delete(admin, DeleteTopicState(name="stays"), timeout_ms=0)
    assert [code for _, _, code in late] == [E.REQUEST_TIMED_OUT]
    assert (await described(admin, "stays"))["stays"].error_code == E.NONE


async def test_deletion_can_be_turned_off() -> None:
    admin = await new_admin({"delete.topic.enable": "false"})
    await create(admin, topic("kept"))
    for version, code in ((1, E.INVALID_REQUEST), (3, E.TOPIC_DELETION_DISABLED)):
        request = DeleteTopicsRequest(topic_names=["kept"], timeout_ms=1000)
        assert (await admin.ask("DeleteTopics", request, version)).responses[0].error_code == code
    assert "kept" in admin.cluster.image.topics


# Growing.


async def grow(
    admin: Admin, *topics: tuple[str, int, list[list[int]] | None], **rest: Any
) -> list[tuple[str, E]]:
    wanted = [
        CreatePartitionsTopic(
            name=name,
            count=count,
            assignments=None
            if given is None
            else [CreatePartitionsAssignment(broker_ids=ids) for ids in given],
        )
        for name, count, given in topics
    ]
    request = CreatePartitionsRequest(**{"topics": wanted, "timeout_ms": 10_000, **rest})
    results = (await admin.ask("CreatePartitions", request)).results
    return [(one.name, E(one.error_code)) for one in results]


async def test_a_topic_grows(admin: Admin) -> None:
    await new_topic(admin, "grows")
    assert await grow(admin, ("grows", 3, None), validate_only=True) == [("grows", E.NONE)]
    assert len((await described(admin, "grows"))["grows"].partitions) == 1
    assert await grow(admin, ("grows", 3, None)) == [("grows", E.NONE)]
    await admin.settle()
    assert await grow(admin, ("grows", 5, [[1], [1]])) == [("grows", E.NONE)]
    assert len((await described(admin, "grows"))["grows"].partitions) == 5


async def test_what_cannot_grow(admin: Admin) -> None:
    name = "too-small"
    await new_topic(admin, name)
    cases: list[tuple[tuple[str, int, list[list[int]] | None], E]] = [
        (("nope", 3, None), E.UNKNOWN_TOPIC_OR_PARTITION),
        (("a b", 3, None), E.UNKNOWN_TOPIC_OR_PARTITION),
        ((name, 1, None), E.INVALID_PARTITIONS),
        ((name, 0, None), E.INVALID_PARTITIONS),
        ((name, -1, None), E.INVALID_PARTITIONS),
        ((name, 3, [[1]]), E.INVALID_REPLICA_ASSIGNMENT),
        ((name, 2, []), E.INVALID_REPLICA_ASSIGNMENT),
        ((name, 2, [[9]]), E.INVALID_REPLICA_ASSIGNMENT),
        ((name, 2, [[1, 1]]), E.INVALID_REPLICA_ASSIGNMENT),
        ((name, 2, [[]]), E.INVALID_REPLICA_ASSIGNMENT),
    ]
    for wanted, code in cases:
        assert await grow(admin, wanted) == [(wanted[0], code)], wanted
    assert await grow(admin, (name, 2, None), (name, 3, None)) == [(name, E.INVALID_REQUEST)]
    assert await grow(admin, (name, 2, None), timeout_ms=0) == [(name, E.REQUEST_TIMED_OUT)]


async def test_too_much_growth_is_refused_by_us(ours: OurAdmin) -> None:
    await new_topic(ours, "huge")
    assert await grow(ours, ("huge", 20_000, None)) == [("huge", E.POLICY_VIOLATION)]
