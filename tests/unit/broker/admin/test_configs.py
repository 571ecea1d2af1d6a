"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs and ListConfigResources."""

from typing import Any

import pytest
from tests.support.admin import Admin, OurAdmin

from ottla.core.errors import ErrorCode as E
from ottla.wire.messages import alter_configs as full
from ottla.wire.messages import incremental_alter_configs as incremental
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.wire.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from ottla.wire.messages.list_config_resources import ListConfigResourcesRequest

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3

Change = tuple[str, int, str | None]


async def new_topic(admin: Admin, name: str, **configs: str) -> None:
    given = [CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()]
    topic = CreatableTopic(name=name, num_partitions=1, replication_factor=1, configs=given)
    reply = await admin.ask("CreateTopics", CreateTopicsRequest(topics=[topic], timeout_ms=10_000))
    assert reply.topics[0].error_code == 0, reply
    await admin.settle()


async def alter(
    admin: Admin, kind: int, name: str, *changes: Change, validate_only: bool = False, times: int = 1
) -> list[E]:
    configs = [
        incremental.AlterableConfig(name=key, config_operation=operation, value=value)
        for key, operation, value in changes
    ]
    resource = incremental.AlterConfigsResource(resource_type=kind, resource_name=name, configs=configs)
    request = incremental.IncrementalAlterConfigsRequest(
        resources=[resource] * times, validate_only=validate_only
    )
    responses = (await admin.ask("IncrementalAlterConfigs", request)).responses
    assert all((one.resource_type, one.resource_name) == (kind, name) for one in responses)
    await admin.settle()
    return [E(one.error_code) for one in responses]


async def replace_all(
    admin: Admin, kind: int, name: str, configs: dict[str, str | None], validate_only: bool = False
) -> E:
    given = [full.AlterableConfig(name=key, value=value) for key, value in configs.items()]
    resource = full.AlterConfigsResource(resource_type=kind, resource_name=name, configs=given)
    request = full.AlterConfigsRequest(resources=[resource], validate_only=validate_only)
    (response,) = (await admin.ask("AlterConfigs", request)).responses
    await admin.settle()
    return E(response.error_code)


async def describe(
    admin: Admin, kind: int, name: str, *keys: str, version: int = 4, **rest: bool
) -> tuple[E, dict[str, Any]]:
    resource = DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=list(keys) or None
    )
    reply = await admin.ask("DescribeConfigs", DescribeConfigsRequest(resources=[resource], **rest), version)
    (result,) = reply.results
    return E(result.error_code), {config.name: config for config in result.configs}


async def value(admin: Admin, kind: int, name: str, key: str) -> tuple[str | None, int]:
    _, configs = await describe(admin, kind, name, key)
    return configs[key].value, configs[key].config_source


async def synonyms(admin: Admin, kind: int, name: str, key: str) -> list[tuple[str, str | None, int]]:
    _, configs = await describe(admin, kind, name, key, include_synonyms=True)
    return [(one.name, one.value, one.source) for one in configs[key].synonyms]


REFUSED: dict[str, tuple[int, str, list[Change], E]] = {
    "no such topic": (TOPIC, "nope", [("retention.ms", SET, "1")], E.UNKNOWN_TOPIC_OR_PARTITION),
    "a bad topic name": (TOPIC, "a b", [("retention.ms", SET, "1")], E.INVALID_TOPIC_EXCEPTION),
    "all topics": (TOPIC, "", [("retention.ms", SET, "1")], E.INVALID_REQUEST),
    "a key twice": (
        TOPIC,
        "t",
        [("retention.ms", SET, "1"), ("retention.ms", DELETE, None)],
        E.INVALID_REQUEST,
    ),
    "set to null": (TOPIC, "t", [("retention.ms", SET, None)], E.INVALID_REQUEST),
    "append null": (TOPIC, "t", [("cleanup.policy", APPEND, None)], E.INVALID_REQUEST),
    "append to no list": (TOPIC, "t", [("retention.ms", APPEND, "1")], E.INVALID_CONFIG),
    "subtract from no list": (TOPIC, "t", [("retention.ms", SUBTRACT, "1")], E.INVALID_CONFIG),
    "append to nothing known": (TOPIC, "t", [("nope", APPEND, "1")], E.INVALID_CONFIG),
    "append what is not allowed": (TOPIC, "t", [("cleanup.policy", APPEND, "foo")], E.INVALID_CONFIG),
    "one bad of two": (TOPIC, "t", [("retention.bytes", SET, "1"), ("nope", SET, "1")], E.INVALID_CONFIG),
    "not a number": (TOPIC, "t", [("retention.ms", SET, "abc")], E.INVALID_CONFIG),
    "too small": (TOPIC, "t", [("retention.ms", SET, "-5")], E.INVALID_CONFIG),
    "empty": (TOPIC, "t", [("retention.ms", SET, "")], E.INVALID_CONFIG),
    "a small segment": (TOPIC, "t", [("segment.bytes", SET, "100")], E.INVALID_CONFIG),
    "too large a level": (TOPIC, "t", [("compression.zstd.level", SET, "23")], E.INVALID_CONFIG),
    "gzip level 0": (TOPIC, "t", [("compression.gzip.level", SET, "0")], E.INVALID_CONFIG),
    "another case": (TOPIC, "t", [("message.timestamp.type", SET, "logappendtime")], E.INVALID_CONFIG),
    "an empty item": (TOPIC, "t", [("cleanup.policy", SET, "compact,")], E.INVALID_CONFIG),
    "not a boolean": (TOPIC, "t", [("preallocate", SET, "yes")], E.INVALID_CONFIG),
    "bad replicas": (TOPIC, "t", [("leader.replication.throttled.replicas", SET, "bad")], E.INVALID_CONFIG),
    "tiered storage": (TOPIC, "t", [("remote.storage.enable", SET, "true")], E.INVALID_CONFIG),
    "min over max": (
        TOPIC,
        "t",
        [("min.compaction.lag.ms", SET, "10"), ("max.compaction.lag.ms", SET, "5")],
        E.INVALID_CONFIG,
    ),
    "another broker": (BROKER, "2", [("message.max.bytes", SET, "1000")], E.INVALID_REQUEST),
    "no broker": (BROKER, "x", [("message.max.bytes", SET, "1000")], E.INVALID_REQUEST),
    "read-only": (BROKER, "1", [("num.partitions", SET, "3")], E.INVALID_REQUEST),
    "read-only for all": (BROKER, "", [("num.partitions", SET, "3")], E.INVALID_REQUEST),
    "read-only hours": (BROKER, "1", [("log.retention.hours", SET, "3")], E.INVALID_REQUEST),
    "not a number for a broker": (BROKER, "1", [("message.max.bytes", SET, "x")], E.INVALID_REQUEST),
    "too small for a broker": (BROKER, "1", [("message.max.bytes", SET, "-1")], E.INVALID_REQUEST),
    "empty for a broker": (BROKER, "1", [("message.max.bytes", SET, "")], E.INVALID_REQUEST),
    "null for a broker": (BROKER, "1", [("message.max.bytes", SET, None)], E.INVALID_REQUEST),
    "no list of a broker": (BROKER, "1", [("message.max.bytes", APPEND, "1")], E.INVALID_CONFIG),
    "type 0": (0, "x", [("a", SET, "1")], E.INVALID_REQUEST),
    "type 99": (99, "x", [("a", SET, "1")], E.INVALID_REQUEST),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_altered_is_refused(admin: Admin, case: str) -> None:
    kind, name, changes, code = REFUSED[case]
    if name == "t":
        name = "refused-" + case.replace(" ", "-")
        await new_topic(admin, name)
    assert await alter(admin, kind, name, *changes, validate_only=True) == [code]


ACCEPTED: list[tuple[int, str, list[Change]]] = [
    (TOPIC, "t", [("nope", DELETE, None)]),
    (TOPIC, "t", []),
    (TOPIC, "t", [("retention.ms", SET, " 5 ")]),
    (TOPIC, "t", [("retention.ms", SET, "+5")]),
    (TOPIC, "t", [("cleanup.policy", SET, " compact , delete ")]),
    (TOPIC, "t", [("cleanup.policy", SET, "")]),
    (TOPIC, "t", [("cleanup.policy", SET, "delete,delete")]),
    (TOPIC, "t", [("min.cleanable.dirty.ratio", SET, "1e-1")]),
    (TOPIC, "t", [("unclean.leader.election.enable", SET, "TRUE")]),
    (TOPIC, "t", [("leader.replication.throttled.replicas", SET, "*")]),
    (TOPIC, "t", [("follower.replication.throttled.replicas", SET, "0:1,1:1")]),
    (TOPIC, "t", [("remote.storage.enable", SET, "false")]),
    (TOPIC, "t", [("remote.log.copy.disable", SET, "true")]),
    (TOPIC, "t", [("local.retention.ms", SET, "99999999999")]),
    (TOPIC, "t", [("internal.segment.bytes", SET, "1000")]),
    (TOPIC, "t", [("min.insync.replicas", SET, "3")]),
    (BROKER, "1", [("num.partitions", DELETE, None)]),
    (BROKER, "1", [("log.cleanup.policy", APPEND, "compact")]),
    (BROKER, "", [("log.segment.bytes", SET, "3000000")]),
]


async def test_what_can_be_altered(admin: Admin) -> None:
    await new_topic(admin, "t")
    for kind, name, changes in ACCEPTED:
        assert await alter(admin, kind, name, *changes, validate_only=True) == [E.NONE], changes
    assert (await describe(admin, TOPIC, "t"))[1]["retention.ms"].config_source == 5


async def test_a_resource_twice_is_refused_twice(admin: Admin) -> None:
    await new_topic(admin, "two-times")
    refused = await alter(admin, TOPIC, "two-times", ("retention.ms", SET, "1"), times=2)
    assert refused == [E.INVALID_REQUEST] * 2
    assert await value(admin, TOPIC, "two-times", "retention.ms") == ("300000000", 5)


async def test_lists_grow_and_shrink(admin: Admin) -> None:
    await new_topic(admin, "lists")
    policies = []
    for operation, items in (
        (APPEND, "compact"),  # to Kafka's default, «delete», not to the broker's
        (APPEND, "compact,delete"),
        (SUBTRACT, "delete"),
        (SUBTRACT, "delete,compact"),
        (APPEND, "delete"),
        (DELETE, ""),
    ):
        assert await alter(admin, TOPIC, "lists", ("cleanup.policy", operation, items)) == [E.NONE]
        policies.append(await value(admin, TOPIC, "lists", "cleanup.policy"))
    assert policies == [
        ("delete,compact", 1),
        ("delete,compact", 1),
        ("compact", 1),
        ("", 1),
        ("delete", 1),
        ("compact,delete", 4),
    ]


async def test_altering_all_of_a_topics_configs(admin: Admin) -> None:
    await new_topic(admin, "replaced", retention_ms="5", max_message_bytes="6")
    assert await replace_all(admin, TOPIC, "replaced", {"retention.ms": "7"}) is E.NONE
    assert await value(admin, TOPIC, "replaced", "retention.ms") == ("7", 1)
    assert await value(admin, TOPIC, "replaced", "max.message.bytes") == ("2000000", 4)
    assert await replace_all(admin, TOPIC, "replaced", {}, validate_only=True) is E.NONE
    assert await value(admin, TOPIC, "replaced", "retention.ms") == ("7", 1)
    cases: list[tuple[int, str, dict[str, str | None], E]] = [
        (TOPIC, "replaced", {"retention.ms": None}, E.INVALID_REQUEST),
        (TOPIC, "replaced", {"nope": "5"}, E.INVALID_CONFIG),
        (TOPIC, "nope", {}, E.UNKNOWN_TOPIC_OR_PARTITION),
        (BROKER, "1", {"num.partitions": "3"}, E.INVALID_REQUEST),
        (BROKER, "2", {}, E.INVALID_REQUEST),
        (LOGGER, "1", {}, E.INVALID_REQUEST),
    ]
    for kind, name, configs, code in cases:
        assert await replace_all(admin, kind, name, configs) is code
    assert await replace_all(admin, TOPIC, "replaced", {}) is E.NONE
    assert await value(admin, TOPIC, "replaced", "retention.ms") == ("300000000", 5)


async def test_layers_of_a_broker_config(admin: Admin) -> None:
    """Set for all brokers and for this one; then taken away again, so that other tests find it as it was."""
    await new_topic(admin, "layered")
    assert await synonyms(admin, TOPIC, "layered", "retention.ms") == []
    assert await alter(admin, BROKER, "1", ("log.retention.ms", SET, "3600000")) == [E.NONE]
    assert await alter(admin, BROKER, "", ("log.retention.ms", SET, "7200000")) == [E.NONE]
    layers = [
        ("log.retention.ms", "3600000", 2),
        ("log.retention.ms", "7200000", 3),
        ("log.retention.minutes", "5000", 4),
        ("log.retention.hours", "100", 4),
        ("log.retention.hours", "168", 5),
    ]
    assert await synonyms(admin, BROKER, "1", "log.retention.ms") == layers
    assert await value(admin, BROKER, "1", "log.retention.ms") == ("3600000", 2)
    assert await synonyms(admin, BROKER, "1", "log.retention.minutes") == layers[2:]
    assert await synonyms(admin, TOPIC, "layered", "retention.ms") == layers
    assert await value(admin, TOPIC, "layered", "retention.ms") == ("3600000", 2)
    assert await synonyms(admin, BROKER, "", "log.retention.ms") == [layers[1]]
    assert await alter(admin, TOPIC, "layered", ("retention.ms", SET, "9")) == [E.NONE]
    assert await synonyms(admin, TOPIC, "layered", "retention.ms") == [("retention.ms", "9", 1), *layers]
    assert await alter(admin, BROKER, "1", ("log.retention.ms", DELETE, None)) == [E.NONE]
    assert await value(admin, BROKER, "1", "log.retention.ms") == ("7200000", 3)
    assert await alter(admin, BROKER, "", ("log.retention.ms", DELETE, None)) == [E.NONE]
    assert await synonyms(admin, BROKER, "1", "log.retention.ms") == []
    assert await value(admin, BROKER, "1", "log.retention.ms") == (None, 5)


async def test_effective_values_and_sources_of_a_topic(admin: Admin) -> None:
    await new_topic(admin, "effective")
    _, configs = await describe(admin, TOPIC, "effective", include_synonyms=True)
    shown = {key: (one.value, one.config_source, len(one.synonyms)) for key, one in configs.items()}
    assert len(shown) == 33
    assert shown["retention.ms"] == ("300000000", 5, 0)
    assert shown["segment.ms"] == ("86400000", 5, 0)
    assert shown["flush.ms"] == ("7777", 5, 0)
    assert shown["segment.bytes"] == ("2000000", 4, 2)
    assert shown["cleanup.policy"] == ("compact,delete", 4, 2)
    assert shown["preallocate"] == ("false", 5, 1)
    assert not any(one.read_only or one.is_sensitive for one in configs.values())


async def test_what_is_described_and_how(admin: Admin) -> None:
    await new_topic(admin, "described")
    code, chosen = await describe(admin, TOPIC, "described", "retention.ms", "nope")
    assert (code, list(chosen)) == (E.NONE, ["retention.ms"])
    assert (chosen["retention.ms"].synonyms, chosen["retention.ms"].config_type) == ([], 5)
    assert not chosen["retention.ms"].documentation
    _, documented = await describe(admin, TOPIC, "described", include_documentation=True)
    assert all(one.documentation for one in documented.values())
    cases = [
        (TOPIC, "nope", E.UNKNOWN_TOPIC_OR_PARTITION),
        (TOPIC, "a b", E.INVALID_TOPIC_EXCEPTION),
        (TOPIC, "", E.INVALID_TOPIC_EXCEPTION),
        (BROKER, "2", E.INVALID_REQUEST),
        (BROKER, "x", E.INVALID_REQUEST),
        (0, "x", E.INVALID_REQUEST),
        (99, "x", E.INVALID_REQUEST),
    ]
    for kind, name, refused in cases:
        assert await describe(admin, kind, name) == (refused, {})


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_describing_in_every_version(admin: Admin, version: int) -> None:
    _, configs = await describe(admin, BROKER, "1", "num.partitions", version=version)
    config = configs["num.partitions"]
    assert (config.value, config.config_source, config.read_only) == ("2", 4, True)
    assert config.config_type == (3 if version >= 3 else 0)


async def test_the_brokers_own_id(admin: Admin) -> None:
    assert (await value(admin, BROKER, "1", "node.id"))[0] == "1"
    assert (await value(admin, BROKER, "1", "broker.id"))[0] == "1"


async def test_listing_resources(admin: Admin) -> None:
    await new_topic(admin, "listed")

    async def listed(*kinds: int, version: int = 1) -> tuple[E, set[tuple[str, int]]]:
        request = ListConfigResourcesRequest(resource_types=list(kinds))
        reply = await admin.ask("ListConfigResources", request, version)
        return E(reply.error_code), {(one.resource_name, one.resource_type) for one in reply.config_resources}

    assert await listed(version=0) == (E.NONE, set())
    assert {("1", BROKER), ("listed", TOPIC)} <= (await listed())[1]
    assert await listed(BROKER, BROKER) == (E.NONE, {("1", BROKER)})
    assert ("listed", TOPIC) in (await listed(TOPIC))[1]
    assert await listed(CLIENT_METRICS) == (E.NONE, set())
    assert await listed(0) == (E.UNSUPPORTED_VERSION, set())
    assert await listed(99) == (E.UNSUPPORTED_VERSION, set())


async def test_what_has_no_effect_is_refused_by_name(ours: OurAdmin) -> None:
    for name in ("num.io.threads", "ssl.keystore.location", "log.local.retention.ms", "unknown.key"):
        for owner in ("1", ""):
            assert await alter(ours, BROKER, owner, (name, SET, "1")) == [E.INVALID_CONFIG]
    resource = full.AlterConfigsResource(
        resource_type=BROKER,
        resource_name="1",
        configs=[full.AlterableConfig(name="segment.bytes", value="1")],
    )
    reply = await ours.ask("AlterConfigs", full.AlterConfigsRequest(resources=[resource]))
    assert "did you mean log.segment.bytes?" in reply.responses[0].error_message


async def test_a_dynamic_change_is_in_effect_at_once(ours: OurAdmin) -> None:
    seen: list[frozenset[str]] = []
    ours.config.subscribe(seen.append)
    await alter(ours, BROKER, "", ("message.max.bytes", SET, "4000"))
    assert ours.config.integer("message.max.bytes") == 4000
    await alter(ours, BROKER, "1", ("message.max.bytes", SET, "5000"))
    assert ours.config.integer("message.max.bytes") == 5000
    await alter(ours, BROKER, "", ("message.max.bytes", SET, "6000"))
    assert seen == [frozenset({"message.max.bytes"})] * 2
    await alter(ours, BROKER, "1", ("message.max.bytes", DELETE, None))
    assert ours.config.integer("message.max.bytes") == 6000


@pytest.mark.parametrize(
    ("name", "near"), [("log.retention.ms", "retention.ms"), ("retentoin.ms", "retention.ms"), ("x", None)]
)
async def test_an_unknown_topic_config_is_named_with_a_suggestion(
    ours: OurAdmin, name: str, near: str | None
) -> None:
    configs = [CreatableTopicConfig(name=name, value="1")]
    topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1, configs=configs)
    reply = await ours.ask("CreateTopics", CreateTopicsRequest(topics=[topic]))
    expected = f"there is no topic config {name}" + (f"; did you mean {near}?" if near else "")
    assert reply.topics[0].error_message == expected
