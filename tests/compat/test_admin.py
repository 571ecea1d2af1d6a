"""Administration through librdkafka and kafka-python: topics, partitions, configs, records, the cluster."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)
from kafka import KafkaAdminClient
from kafka import TopicPartition as PythonPartition
from kafka.admin import ConfigResource as PythonResource
from kafka.admin import ConfigResourceType
from kafka.admin import NewTopic as PythonTopic
from kafka.errors import TopicAlreadyExistsError
from tests.compat.clients.confluent import Confluent
from tests.support.batches import Record
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore")]

WAIT_SECONDS = 15


@pytest.fixture
def admin(broker: BrokerProcess) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap})


def result(futures: dict[Any, Any]) -> Any:
    """The one future's outcome."""
    (future,) = futures.values()
    return future.result(WAIT_SECONDS)


def eventually(holds: Callable[[], bool]) -> None:
    """Apache Kafka answers before its brokers know: ask until it holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.05)


def error_of(futures: dict[Any, Any]) -> str:
    """The name of the error that the one future ends with."""
    with pytest.raises(KafkaException) as caught:
        result(futures)
    return str(caught.value.args[0].name())


def configs(admin: AdminClient, kind: ResourceType, name: str) -> dict[str, ConfigEntry]:
    described: dict[str, ConfigEntry] = result(admin.describe_configs([ConfigResource(kind, name)]))
    return described


class TestLibrdkafka:
    def test_a_topics_life(self, admin: AdminClient, topic: str) -> None:
        result(admin.create_topics([NewTopic(topic, 3, 1, config={"retention.ms": "123456"})]))
        assert error_of(admin.create_topics([NewTopic(topic, 1, 1)])) == "TOPIC_ALREADY_EXISTS"
        metadata = admin.list_topics(topic, WAIT_SECONDS).topics[topic]
        assert sorted(metadata.partitions) == [0, 1, 2]
        assert {tuple(partition.isrs) for partition in metadata.partitions.values()} == {
            (partition.leader,) for partition in metadata.partitions.values()
        }
        result(admin.create_partitions([NewPartitions(topic, 5)]))
        assert error_of(admin.create_partitions([NewPartitions(topic, 4)])) == "INVALID_PARTITIONS"
        eventually(lambda: len(admin.list_topics(topic, WAIT_SECONDS).topics[topic].partitions) == 5)
        result(admin.delete_topics([topic]))
        eventually(lambda: topic not in admin.list_topics(timeout=WAIT_SECONDS).topics)
        assert error_of(admin.delete_topics([topic])) == "UNKNOWN_TOPIC_OR_PART"

    def test_validate_only(self, admin: AdminClient, topic: str) -> None:
        result(admin.create_topics([NewTopic(topic, 1, 1)], validate_only=True))
        assert topic not in admin.list_topics(timeout=WAIT_SECONDS).topics
        wrong = [NewTopic(topic, 1, 1, config={"retention.ms": "x"})]
        assert error_of(admin.create_topics(wrong, validate_only=True)) == "INVALID_CONFIG"

    def test_a_topic_made_again_is_empty(self, admin: AdminClient, broker: BrokerProcess, topic: str) -> None:
        Confluent().write(broker.bootstrap, topic, [Record(None, b"old")])
        result(admin.delete_topics([topic]))
        result(admin.create_topics([NewTopic(topic, 1, 1)]))
        Confluent().write(broker.bootstrap, topic, [Record(None, b"new")])
        assert [record.value for record in Confluent().read(broker.bootstrap, topic, 1)] == [b"new"]

    def test_configs_set_append_subtract_delete(self, admin: AdminClient, ready_topic: str) -> None:
        def alter(name: str, value: str | None, operation: AlterConfigOpType) -> None:
            entry = ConfigEntry(name, value, incremental_operation=operation)
            resource = ConfigResource(ResourceType.TOPIC, ready_topic, incremental_configs=[entry])
            result(admin.incremental_alter_configs([resource]))

        def now(name: str) -> tuple[str | None, ConfigSource]:
            entry = configs(admin, ResourceType.TOPIC, ready_topic)[name]
            return entry.value, ConfigSource(entry.source)

        assert now("retention.ms") == ("604800000", ConfigSource.DEFAULT_CONFIG)
        alter("retention.ms", "1000000", AlterConfigOpType.SET)
        assert now("retention.ms") == ("1000000", ConfigSource.DYNAMIC_TOPIC_CONFIG)
        alter("cleanup.policy", "compact", AlterConfigOpType.APPEND)
        assert now("cleanup.policy")[0] == "delete,compact"
        alter("cleanup.policy", "compact", AlterConfigOpType.SUBTRACT)
        assert now("cleanup.policy")[0] == "delete"
        alter("retention.ms", None, AlterConfigOpType.DELETE)
        assert now("retention.ms") == ("604800000", ConfigSource.DEFAULT_CONFIG)
        with pytest.raises(KafkaException, match="INVALID_CONFIG"):
            alter("retention.ms", "soon", AlterConfigOpType.SET)
        with pytest.raises(KafkaException, match="INVALID_CONFIG"):
            alter("max.message.bytes", "5", AlterConfigOpType.APPEND)

    def test_read_modify_write(self, admin: AdminClient, ready_topic: str) -> None:
        """The legacy AlterConfigs replaces all: what was read, written back whole, changes only what was changed."""
        before = configs(admin, ResourceType.TOPIC, ready_topic)
        assert len(before) > 25
        values = {name: entry.value for name, entry in before.items()} | {"max.message.bytes": "2000000"}
        set_config = {name: value for name, value in values.items() if value is not None}
        result(admin.alter_configs([ConfigResource(ResourceType.TOPIC, ready_topic, set_config=set_config)]))
        after = {name: entry.value for name, entry in configs(admin, ResourceType.TOPIC, ready_topic).items()}
        assert after == values

    def test_configs_have_their_effect(
        self, admin: AdminClient, broker: BrokerProcess, ready_topic: str
    ) -> None:
        big = [Record(None, b"x" * 5_000)]
        Confluent().write(broker.bootstrap, ready_topic, big)
        entry = ConfigEntry("max.message.bytes", "1000", incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, ready_topic, incremental_configs=[entry])
        result(admin.incremental_alter_configs([resource]))
        with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
            Confluent().write(broker.bootstrap, ready_topic, big)

    def test_broker_configs(self, admin: AdminClient) -> None:
        (node,) = admin.list_topics(timeout=WAIT_SECONDS).brokers
        described = configs(admin, ResourceType.BROKER, str(node))
        assert described["log.retention.hours"].value == "168"
        assert described["message.max.bytes"].value == "1048588"
        assert described["node.id"].is_read_only

        def now() -> tuple[str | None, ConfigSource]:
            entry = configs(admin, ResourceType.BROKER, str(node))["message.max.bytes"]
            return entry.value, ConfigSource(entry.source)

        entry = ConfigEntry("message.max.bytes", "2000000", incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.BROKER, str(node), incremental_configs=[entry])
        result(admin.incremental_alter_configs([resource]))
        eventually(lambda: now() == ("2000000", ConfigSource.DYNAMIC_BROKER_CONFIG))
        entry = ConfigEntry("message.max.bytes", None, incremental_operation=AlterConfigOpType.DELETE)
        resource = ConfigResource(ResourceType.BROKER, str(node), incremental_configs=[entry])
        result(admin.incremental_alter_configs([resource]))
        eventually(lambda: now() == ("1048588", ConfigSource.DEFAULT_CONFIG))

    def test_cluster_and_topics_described(
        self, admin: AdminClient, broker: BrokerProcess, ready_topic: str
    ) -> None:
        cluster = admin.describe_cluster().result(WAIT_SECONDS)
        assert [(node.host, node.port) for node in cluster.nodes] == [("127.0.0.1", broker.port)]
        assert cluster.cluster_id
        assert cluster.cluster_id == admin.list_topics(timeout=WAIT_SECONDS).cluster_id

    def test_records_deleted_beyond_the_end(self, admin: AdminClient, ready_topic: str) -> None:
        partition = TopicPartition(ready_topic, 0, 5)
        assert error_of(admin.delete_records([partition])) == "OFFSET_OUT_OF_RANGE"


class TestKafkaPython:
    @pytest.fixture
    def python(self, broker: BrokerProcess) -> Any:
        client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        yield client
        client.close()

    def test_a_topics_life(self, python: Any, topic: str) -> None:
        python.create_topics([PythonTopic(topic, 3, 1, topic_configs={"retention.ms": "123456"})])
        with pytest.raises(TopicAlreadyExistsError):
            python.create_topics([PythonTopic(topic, 1, 1)])
        (described,) = python.describe_topics([topic])
        assert len(described["partitions"]) == 3
        python.create_partitions({topic: 4})
        (described,) = python.describe_topics([topic])
        assert len(described["partitions"]) == 4
        assert topic in python.list_topics()
        python.delete_topics([topic])
        assert topic not in python.list_topics()

    def test_partitions_described_page_by_page(self, python: Any, broker: BrokerProcess, topic: str) -> None:
        with RawConnection(broker.port) as connection:
            assert connection.create_topic(topic, 7) == 0
        seen: list[int] = []
        cursor = None
        while True:
            page = python.describe_topic_partitions([topic], response_partition_limit=3, cursor=cursor)
            seen += [row["partition_index"] for entry in page["topics"] for row in entry["partitions"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == list(range(7))

    def test_configs(self, python: Any, ready_topic: str) -> None:
        resource = PythonResource(ConfigResourceType.TOPIC, ready_topic, {"retention.ms": "777777"})
        python.alter_configs([resource])
        plain = PythonResource(ConfigResourceType.TOPIC, ready_topic)
        assert "777777" in str(python.describe_configs([plain]))
        wrong = PythonResource(ConfigResourceType.TOPIC, ready_topic, {"retention.ms": "x"})
        assert "Invalid value x" in str(python.alter_configs([wrong]))
        python.reset_configs([PythonResource(ConfigResourceType.TOPIC, ready_topic, ["retention.ms"])])
        assert "777777" not in str(python.describe_configs([plain]))

    def test_records_and_directories(self, python: Any, broker: BrokerProcess, ready_topic: str) -> None:
        Confluent().write(broker.bootstrap, ready_topic, [Record(None, b"x" * 100)] * 50)
        partition = PythonPartition(ready_topic, 0)
        assert "20" in str(python.delete_records({partition: 20}))
        assert f"{ready_topic}" in str(python.describe_log_dirs())
        assert len(python.describe_cluster()["brokers"]) == 1


def test_auto_created_with_the_brokers_defaults(
    broker: BrokerProcess, admin: AdminClient, topic: str
) -> None:
    Confluent().write(broker.bootstrap, topic, [Record(None, b"first")])
    assert len(admin.list_topics(topic, WAIT_SECONDS).topics[topic].partitions) == 1
