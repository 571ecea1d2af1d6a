"""Groups through the tools of others: confluent-kafka's admin client and Apache Kafka's command line."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from tests.compat.groups.members import CONSUMER, Group
from tests.compat.witness import one_record
from tests.support.apache import run_tool
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(240)]

CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"
FORMATTERS = "org.apache.kafka.tools.consumer."
INVALID_TOPIC = 17
Tool = Callable[..., str]


@pytest.fixture
def admin(group_broker: BrokerProcess) -> AdminClient:
    return AdminClient({"bootstrap.servers": group_broker.bootstrap, "log_level": 0})


@pytest.fixture
def tool(group_broker: BrokerProcess) -> Tool:
    """Kafka's kafka-consumer-groups.sh."""

    def run(*arguments: str) -> str:
        command = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
        return run_tool(command, "--bootstrap-server", group_broker.bootstrap, *arguments).decode()

    return run


def committed(group: Group, *offsets: int, metadata: str = "") -> None:
    consumer = Consumer({"bootstrap.servers": group.bootstrap, "group.id": group.name, "log_level": 0})
    wanted = [TopicPartition(group.topic, number, offset, metadata) for number, offset in enumerate(offsets)]
    consumer.commit(offsets=wanted, asynchronous=False)
    consumer.close()


def offsets(admin: AdminClient, group: Group) -> dict[int, tuple[int, str]]:
    asked = [ConsumerGroupTopicPartitions(group.name)]
    answer = admin.list_consumer_group_offsets(asked)[group.name].result(30)
    return {each.partition: (each.offset, each.metadata or "") for each in answer.topic_partitions}


def code_of(future: Any) -> str:
    with pytest.raises(KafkaException) as caught:
        future.result(30)
    return str(caught.value.args[0].name())


def test_offsets_are_listed_altered_and_deleted(group: Group, admin: AdminClient) -> None:
    committed(group, 3, 4, 5, metadata="words")
    assert offsets(admin, group) == {0: (3, "words"), 1: (4, "words"), 2: (5, "words")}
    changed = ConsumerGroupTopicPartitions(group.name, [TopicPartition(group.topic, 1, 40)])
    admin.alter_consumer_group_offsets([changed])[group.name].result(30)
    assert offsets(admin, group) == {0: (3, "words"), 1: (40, ""), 2: (5, "words")}
    listed = admin.list_consumer_groups().result(30)
    assert group.name in {each.group_id for each in listed.valid}
    assert not listed.errors
    admin.delete_consumer_groups([group.name])[group.name].result(30)
    assert code_of(admin.delete_consumer_groups([group.name])[group.name]) == "GROUP_ID_NOT_FOUND"
    assert group.name not in {each.group_id for each in admin.list_consumer_groups().result(30).valid}


@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_a_group_with_members_is_described_and_guarded(
    group: Group, admin: AdminClient, settings: dict[str, Any]
) -> None:
    group.add("confluent", **settings, **{"client.id": "mine"})
    group.settle(1)
    described = group.described()
    assert described.type.name == ("CONSUMER" if settings else "CLASSIC")
    assert [(member.client_id, member.host) for member in described.members] == [("mine", "/127.0.0.1")]
    assert code_of(admin.delete_consumer_groups([group.name])[group.name]) == "NON_EMPTY_GROUP"
    changed = ConsumerGroupTopicPartitions(group.name, [TopicPartition(group.topic, 1, 40)])
    (refused,) = admin.alter_consumer_group_offsets([changed])[group.name].result(30).topic_partitions
    assert refused.error.name() == "UNKNOWN_MEMBER_ID"
    assert 1 not in offsets(admin, group)


def test_offsets_go_with_their_topic(group: Group, admin: AdminClient, group_broker: BrokerProcess) -> None:
    """A topic made anew under the old name is read from its beginning."""
    committed(group, 3)
    with RawConnection(group_broker.port) as connection:
        assert connection.delete_topic(group.topic) == 0
        assert connection.create_topic(group.topic, group.partitions) == 0
    group.add("confluent")
    group.settle(1)
    assert len(group.deliver()) == group.partitions


def test_nobody_else_writes_the_internal_topic(group: Group, group_broker: BrokerProcess) -> None:
    committed(group, 3)
    with RawConnection(group_broker.port) as connection:
        assert connection.produce("__consumer_offsets", 0, one_record()).error == INVALID_TOPIC


@pytest.mark.java
def test_kafkas_command_describes_resets_and_deletes(group: Group, tool: Tool) -> None:
    group.send([f"{number}" for number in range(5 * group.partitions)])
    committed(group, 1, 2, 3, 4)
    assert group.name in tool("--list").split()
    rows = [line.split() for line in tool("--describe", "--group", group.name).splitlines() if line]
    found = {row[2]: row[3:6] for row in rows if row[0] == group.name}
    assert found == {"0": ["1", "5", "4"], "1": ["2", "5", "3"], "2": ["3", "5", "2"], "3": ["4", "5", "1"]}
    assert re.search(
        rf"{re.escape(group.name)}.*Empty +0", tool("--describe", "--group", group.name, "--state")
    )
    reset = tool(
        "--reset-offsets", "--group", group.name, "--topic", f"{group.topic}:0,1", "--to-latest", "--execute"
    )
    moved = {
        row[2]: row[3] for row in (line.split() for line in reset.splitlines()) if row[:1] == [group.name]
    }
    assert moved == {"0": "5", "1": "5"}
    tool("--delete-offsets", "--group", group.name, "--topic", f"{group.topic}:3")
    rows = [line.split() for line in tool("--describe", "--group", group.name).splitlines() if line]
    assert {row[2]: row[3] for row in rows if row[0] == group.name} == {"0": "5", "1": "5", "2": "3"}
    assert "successful" in tool("--delete", "--group", group.name)
    assert group.name not in tool("--list").split()


@pytest.mark.java
@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_kafkas_command_shows_members(group: Group, tool: Tool, settings: dict[str, Any]) -> None:
    group.add("confluent", **settings, **{"client.id": "mine"})
    group.add("confluent", **settings, **{"client.id": "mine"})
    group.settle(2)
    shown = tool("--describe", "--group", group.name, "--members", "--verbose")
    rows = [line for line in shown.splitlines() if line.startswith(group.name)]
    assert len(rows) == 2
    assert all("/127.0.0.1" in row and "mine" in row for row in rows), shown


@pytest.mark.java
@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_kafkas_formatters_read_the_internal_topic(
    group: Group, group_broker: BrokerProcess, settings: dict[str, Any]
) -> None:
    group.add("confluent", **settings)
    group.settle(1)
    group.deliver()
    group.members[0].leave()

    def formatted(formatter: str) -> str:
        return run_tool(
            CONSOLE, "--bootstrap-server", group_broker.bootstrap, "--topic", "__consumer_offsets",
            "--from-beginning", "--timeout-ms", "4000", "--formatter", FORMATTERS + formatter,
        ).decode()  # fmt: skip

    commits = [
        line for line in formatted("OffsetsMessageFormatter").splitlines() if f'"{group.name}"' in line
    ]
    assert commits
    assert all(f'"topic":"{group.topic}"' in line and '"offset":' in line for line in commits)
    if not settings:
        lines = formatted("GroupMetadataMessageFormatter").splitlines()
        groups = [line for line in lines if f'"{group.name}"' in line]
        assert any('"protocolType":"consumer"' in line and '"members":[{' in line for line in groups)
