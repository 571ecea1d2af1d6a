"""Other people's admin clients against a broker: what they change is in effect, and stays over a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
)
from kafka import KafkaAdminClient
from kafka.admin import NewTopic as OtherNewTopic

from ottla.testing.broker import Broker

THIS_BROKER = ConfigResource(ConfigResource.Type.BROKER, "1")


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker() as running:
        yield running


async def result(start: Callable[[], Mapping[Any, Any]]) -> dict[Any, Any]:
    """Results of a call whose values are futures, without holding up the broker's loop."""
    return await asyncio.to_thread(lambda: {key: future.result(20) for key, future in start().items()})


def admin_of(broker: Broker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap_servers})


def entry(name: str, value: str, operation: AlterConfigOpType = AlterConfigOpType.SET) -> ConfigEntry:
    return ConfigEntry(name, value, incremental_operation=operation)


def resource(kind: Any, name: str, *entries: ConfigEntry) -> ConfigResource:
    return ConfigResource(kind, name, incremental_configs=list(entries))


async def refused_size(broker: Broker, topic: str, size: int) -> bool:
    """Whether a message of that size is refused as too large."""

    def produce() -> KafkaError | None:
        errors: list[KafkaError | None] = []
        config = {
            "bootstrap.servers": broker.bootstrap_servers,
            "message.max.bytes": 10_000_000,
            "linger.ms": 0,
        }
        producer = Producer(config)
        producer.produce(topic, bytes(size), on_delivery=lambda error, _: errors.append(error))
        assert producer.flush(20) == 0
        return errors[0]

    error = await asyncio.to_thread(produce)
    assert error is None or error.code() == KafkaError.MSG_SIZE_TOO_LARGE, error
    return error is not None


async def test_a_brokers_config_is_in_effect_at_once_and_after_a_restart(broker: Broker) -> None:
    admin = admin_of(broker)
    await result(lambda: admin.create_topics([NewTopic("t", 1, 1)]))
    assert not await refused_size(broker, "t", 5000)
    smaller = resource(ConfigResource.Type.BROKER, "1", entry("message.max.bytes", "2000"))
    await result(lambda: admin.incremental_alter_configs([smaller]))
    assert await refused_size(broker, "t", 5000)
    assert not await refused_size(broker, "t", 1000)
    await broker.restart()
    assert await refused_size(broker, "t", 5000)
    described = (await result(lambda: admin.describe_configs([THIS_BROKER])))[THIS_BROKER]
    assert {
        name for name, one in described.items() if one.source == ConfigSource.DYNAMIC_BROKER_CONFIG.value
    } == {"message.max.bytes"}
    gone = entry("message.max.bytes", "", AlterConfigOpType.DELETE)
    await result(lambda: admin.incremental_alter_configs([resource(ConfigResource.Type.BROKER, "1", gone)]))
    assert not await refused_size(broker, "t", 5000)


async def test_a_topics_own_config_comes_before_it(broker: Broker) -> None:
    admin = admin_of(broker)
    await result(lambda: admin.create_topics([NewTopic("t", 1, 1, config={"max.message.bytes": "2000"})]))
    assert await refused_size(broker, "t", 5000)
    larger = resource(ConfigResource.Type.TOPIC, "t", entry("max.message.bytes", "9000"))
    await result(lambda: admin.incremental_alter_configs([larger]))
    assert not await refused_size(broker, "t", 5000)
    await broker.restart()
    assert not await refused_size(broker, "t", 5000)
    assert await refused_size(broker, "t", 10_000)


async def test_topics_from_creation_to_deletion(broker: Broker) -> None:
    admin = admin_of(broker)
    await result(lambda: admin.create_topics([NewTopic("grows", 1, 1)]))
    await result(lambda: admin.create_partitions([NewPartitions("grows", 3)]))
    await broker.restart()
    listed = await asyncio.to_thread(admin.list_topics, timeout=20)
    assert sorted(listed.topics["grows"].partitions) == [0, 1, 2]
    assert not await refused_size(broker, "grows", 100)
    await result(lambda: admin.delete_records([TopicPartition("grows", each, -1) for each in range(3)]))
    await result(lambda: admin.delete_topics(["grows"]))
    listed = await asyncio.to_thread(admin.list_topics, timeout=20)
    assert "grows" not in listed.topics
    await result(lambda: admin.create_topics([NewTopic("grows", 2, 1)]))
    listed = await asyncio.to_thread(admin.list_topics, timeout=20)
    assert sorted(listed.topics["grows"].partitions) == [0, 1]


async def test_refusals_reach_the_client_with_their_words(broker: Broker) -> None:
    admin = admin_of(broker)
    with pytest.raises(KafkaException) as refused:
        await result(lambda: admin.create_topics([NewTopic("t", 1, 1, config={"retention.ms": "soon"})]))
    assert refused.value.args[0].code() == KafkaError.INVALID_CONFIG
    assert "retention.ms: it must be a whole number" in refused.value.args[0].str()
    with pytest.raises(KafkaException) as refused:
        await result(lambda: admin.create_topics([NewTopic("t", 1, 3)]))
    assert refused.value.args[0].code() == KafkaError.INVALID_REPLICATION_FACTOR


async def test_a_client_written_in_python(broker: Broker) -> None:
    def use() -> tuple[Any, ...]:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        try:
            admin.create_topics([OtherNewTopic("p", 2, 1)])
            topics = admin.describe_topics(["p"])
            cluster = admin.describe_cluster()
            directories = admin.describe_log_dirs()
            admin.delete_topics(["p"])
            return topics, cluster, directories, admin.list_topics()
        finally:
            admin.close()

    topics, cluster, directories, left = await asyncio.to_thread(use)
    assert "p" in str(topics)
    assert "127.0.0.1" in str(cluster)
    assert str(broker.directory) in str(directories)
    assert "p" not in left
