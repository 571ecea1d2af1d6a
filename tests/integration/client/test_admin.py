"""Admin calls against a real broker."""

import pytest
from tests.support.process import BrokerProcess

from ottla.client import Admin
from ottla.client.admin import ConfigSource
from ottla.core.errors import ErrorCode, KafkaError


async def test_a_topics_life(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        created = await admin.create_topic(topic, partitions=2, configs={"retention.ms": "5000"})
        assert (created.partitions, created.replication_factor) == (2, 1)
        assert any(created.topic_id)
        await admin.create_partitions(topic, 5)
        [described] = await admin.describe_topics([topic])
        assert sorted(described.partitions) == [0, 1, 2, 3, 4]
        assert described.topic_id == created.topic_id
        assert topic in [each.name for each in await admin.list_topics()]
        await admin.delete_topic(topic)
        with pytest.raises(KafkaError, match="does not exist"):
            await admin.describe_topics([topic])


async def test_configs_are_set_and_returned_to_defaults(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, configs={"retention.ms": "5000", "segment.ms": "60000"})
        await admin.alter_topic_configs(topic, put={"max.message.bytes": "5000"}, delete=["retention.ms"])
        configs = {entry.name: entry for entry in await admin.topic_configs(topic)}
    assert configs["max.message.bytes"].value == "5000"
    assert configs["segment.ms"].source == ConfigSource.TOPIC
    assert configs["retention.ms"].value == "604800000"
    assert configs["retention.ms"].source == ConfigSource.DEFAULT
    assert list(configs) == sorted(configs)


async def test_validate_only_creates_nothing(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, validate_only=True)
        assert topic not in [each.name for each in await admin.list_topics()]


async def test_refusals_carry_code_and_topic(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=2)
        for call, code in [
            (admin.create_topic(topic), ErrorCode.TOPIC_ALREADY_EXISTS),
            (admin.create_topic(f"{topic}-none", partitions=0), ErrorCode.INVALID_PARTITIONS),
            (admin.create_topic(f"{topic}-many", replication_factor=3), ErrorCode.INVALID_REPLICATION_FACTOR),
            (admin.create_topic("no spaces"), ErrorCode.INVALID_TOPIC_EXCEPTION),
            (admin.create_topic(f"{topic}-c", configs={"retention.ms": "x"}), ErrorCode.INVALID_CONFIG),
            (admin.create_partitions(topic, 1), ErrorCode.INVALID_PARTITIONS),
            (admin.delete_topic(f"{topic}-gone"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            (admin.alter_topic_configs(topic, put={"retention.ms": "x"}), ErrorCode.INVALID_CONFIG),
            (admin.topic_configs(f"{topic}-gone"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ]:
            with pytest.raises(KafkaError, match="topic ") as caught:
                await call
            assert caught.value.code == code
