"""Topics, partitions, records and configs."""

import pytest
from tests.integration.client.admin.steps import Steps
from tests.support.process import BrokerProcess

from ottla.client import Admin, TopicPartition
from ottla.client.admin import (
    ConfigChange,
    ConfigOperation,
    ConfigResource,
    ConfigSource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from ottla.core.errors import AlreadyExistsError, ErrorCode, KafkaError


def codes(failed: dict[str, KafkaError]) -> dict[str, ErrorCode]:
    return {name: error.code for name, error in failed.items()}


async def test_several_topics_at_once_each_with_its_own_result(
    admin: Admin, steps: Steps, topic: str
) -> None:
    await steps.new_topic(topic)
    new = NewTopic(f"{topic}-new", partitions=2, configs={"retention.ms": "5000"})
    results = await admin.create_topics([new, topic, "no spaces", NewTopic(f"{topic}-zero", partitions=0)])
    assert codes(results.failed) == {
        topic: ErrorCode.TOPIC_ALREADY_EXISTS,
        "no spaces": ErrorCode.INVALID_TOPIC_EXCEPTION,
        f"{topic}-zero": ErrorCode.INVALID_PARTITIONS,
    }
    assert list(results) == [new.name, topic, "no spaces", f"{topic}-zero"]
    created = results.succeeded[new.name]
    assert (created.partitions, created.replication_factor) == (2, 1)
    assert any(created.topic_id)
    with pytest.raises(AlreadyExistsError, match=rf"(?i)topic .?{topic}"):
        results.checked()


async def test_a_topics_life(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic, 2)
    grown = await admin.create_partitions({topic: 5, f"{topic}-gone": 3})
    assert codes(grown.failed) == {f"{topic}-gone": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}

    async def has_five() -> bool:
        return len((await admin.describe_topics(topic)).one(topic).partitions) == 5

    await steps.eventually(has_five)
    assert topic in [each.name for each in await admin.list_topics()]
    deleted = await admin.delete_topics([topic, f"{topic}-gone"])
    assert codes(deleted.failed) == {f"{topic}-gone": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}

    async def is_gone() -> bool:
        return topic not in [each.name for each in await admin.list_topics()]

    await steps.eventually(is_gone)
    with pytest.raises(KafkaError, match="does not exist"):
        (await admin.describe_topics([topic])).checked()


async def test_only_checking_changes_nothing(admin: Admin, steps: Steps, topic: str) -> None:
    await admin.create_topic(f"{topic}-checked", validate_only=True)
    await steps.new_topic(topic)
    (await admin.create_partitions({topic: 3}, validate_only=True)).checked()
    resource = ConfigResource(ResourceType.TOPIC, topic)
    change = {resource: [ConfigChange("segment.ms", "1")]}
    (await admin.alter_configs(change, validate_only=True)).checked()
    names = [each.name for each in await admin.list_topics()]
    assert topic in names
    assert f"{topic}-checked" not in names
    assert len((await admin.describe_topics(topic)).one(topic).partitions) == 1
    described = (await admin.describe_configs([resource], only=["segment.ms"])).one(resource)
    assert described["segment.ms"].source == ConfigSource.DEFAULT


async def test_replicas_of_ones_own_choice(admin: Admin, topic: str) -> None:
    [broker] = (await admin.describe_cluster()).brokers
    results = await admin.create_topics(
        [
            NewTopic(f"{topic}-good", replicas=[[broker.node_id], [broker.node_id]]),
            NewTopic(f"{topic}-bad", replicas=[[99]]),
        ]
    )
    assert results.succeeded[f"{topic}-good"].partitions == 2
    assert codes(results.failed) == {f"{topic}-bad": ErrorCode.INVALID_REPLICA_ASSIGNMENT}


async def test_configs_of_topics_and_brokers(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(
        topic, **{"retention.ms": "5000", "segment.ms": "60000", "cleanup.policy": "delete"}
    )
    here, gone = (
        ConfigResource(ResourceType.TOPIC, topic),
        ConfigResource(ResourceType.TOPIC, f"{topic}-gone"),
    )
    changes = [
        ConfigChange("max.message.bytes", "5000"),
        ConfigChange("retention.ms", operation=ConfigOperation.DELETE),
        ConfigChange("cleanup.policy", "compact", ConfigOperation.APPEND),
    ]
    altered = await admin.alter_configs({here: changes, gone: changes})
    assert {each: error.code for each, error in altered.failed.items()} == {
        gone: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    }
    [node] = (await admin.describe_cluster()).brokers
    broker = ConfigResource(ResourceType.BROKER, str(node.node_id))
    nobody = ConfigResource(ResourceType.BROKER, "99")

    async def is_known() -> bool:
        described = (await admin.describe_configs([here])).one(here)
        return described["max.message.bytes"].value == "5000"

    await steps.eventually(is_known)
    results = await admin.describe_configs([here, gone, broker, nobody], synonyms=True, documentation=True)
    assert {each: error.code for each, error in results.failed.items()} == {
        gone: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        nobody: ErrorCode.BROKER_ID_NOT_REGISTERED,
    }
    configs = results.one(here)
    assert configs["segment.ms"].source == ConfigSource.TOPIC
    assert configs["cleanup.policy"].value == "delete,compact"
    assert (configs["retention.ms"].value, configs["retention.ms"].source) == (
        "604800000",
        ConfigSource.DEFAULT,
    )
    assert configs["max.message.bytes"].synonyms[0].value == "5000"
    assert list(configs) == sorted(configs)
    assert results.one(broker)["node.id"].value == str(node.node_id)
    assert ConfigResource(ResourceType.TOPIC, topic) in await admin.list_config_resources(
        [ResourceType.TOPIC]
    )


async def test_records_are_deleted_up_to_an_offset(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic, 2)
    first, second, none = (TopicPartition(topic, index) for index in range(3))
    for _ in range(5):
        await steps.produce(first, b"value")
    results = await admin.delete_records({first: 3, second: 1, none: 1})
    assert results.succeeded == {first: 3}
    assert {each: error.code for each, error in results.failed.items()} == {
        second: ErrorCode.OFFSET_OUT_OF_RANGE,
        none: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert (await admin.list_offsets({first: OffsetSpec.EARLIEST})).one(first).offset == 3


async def test_offsets_by_time(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic)
    partition, none = TopicPartition(topic, 0), TopicPartition(f"{topic}-gone", 0)
    await steps.produce(partition, b"1", b"2", b"3")

    async def at(moment: int) -> tuple[int, int]:
        found = (await admin.list_offsets({partition: moment})).one(partition)
        return found.offset, found.timestamp_ms

    assert await at(OffsetSpec.EARLIEST) == (0, -1)
    assert await at(OffsetSpec.LATEST) == (3, -1)
    assert await at(OffsetSpec.MAX_TIMESTAMP) == (2, 3000)
    assert await at(1500) == (1, 2000)
    assert await at(9000) == (-1, -1)
    results = await admin.list_offsets({partition: 1500, none: 0}, isolation_level="read_committed")
    assert results.failed[none].code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


async def test_from_a_config_of_librdkafka(broker: BrokerProcess) -> None:
    config = {"bootstrap.servers": broker.bootstrap, "socket.timeout.ms": 5000, "statistics.interval.ms": 0}
    admin = Admin.from_config(config)
    assert admin.settings.request_timeout_ms == 5000
    async with admin:
        assert (await admin.describe_cluster()).brokers
