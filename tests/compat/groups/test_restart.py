"""The broker goes away, properly or by kill -9: what was committed stays, and members go on where they were."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from tests.compat.groups.conftest import settings as broker_settings
from tests.compat.groups.members import CONSUMER, Group, closing
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

FLUSH = [
    pytest.param({}, id="synced"),
    pytest.param({"log.flush.acks": "none"}, id="page-cache"),
]
PARTITIONS = 4


def started(new_broker: NewBroker, settings: dict[str, str]) -> BrokerProcess:
    broker = new_broker(**settings)
    if broker.kind == "apache":
        for name in [name for name in broker.settings if name.startswith("log.flush.acks")]:
            del broker.settings[name]
    broker.settings |= broker_settings(type(broker))
    broker.start()
    with RawConnection(broker.port) as connection:
        assert connection.create_topic("t", PARTITIONS) == 0
    return broker


@pytest.mark.parametrize("settings", FLUSH)
def test_commits_and_their_metadata_survive_kill_9(new_broker: NewBroker, settings: dict[str, str]) -> None:
    broker = started(new_broker, settings)
    metadata = ["", "words", "ключ 鍵 " * 100, "x" * 4000]
    for number in range(20):
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": f"g{number}", "log_level": 0})
        wanted = [
            TopicPartition("t", partition, number * 10 + partition, metadata[partition])
            for partition in range(PARTITIONS)
        ]
        consumer.commit(offsets=wanted, asynchronous=False)
        if number == 19:
            broker.kill()
        consumer.close()
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    for number in range(20):
        asked = ConsumerGroupTopicPartitions(f"g{number}")
        answer = admin.list_consumer_group_offsets([asked])[f"g{number}"].result(60)
        found = {each.partition: (each.offset, each.metadata or "") for each in answer.topic_partitions}
        assert found == {p: (number * 10 + p, metadata[p]) for p in range(PARTITIONS)}


@pytest.mark.parametrize("end", [BrokerProcess.stop, BrokerProcess.kill], ids=["stop", "kill"])
@pytest.mark.parametrize(
    "kinds",
    [
        [("confluent", {}), ("kafka-python", {}), ("aiokafka", {})],
        [("confluent", CONSUMER), ("confluent", CONSUMER)],
    ],
    ids=["classic", "consumer"],
)
def test_members_live_through_a_restart(
    new_broker: NewBroker, kinds: list[tuple[str, dict[str, Any]]], end: Callable[[BrokerProcess], object]
) -> None:
    broker = started(new_broker, {})
    with closing(Group(broker.bootstrap, "g", "t", PARTITIONS)) as group:
        for count, (kind, settings) in enumerate(kinds, 1):
            group.add(kind, **settings)
            group.settle(count)
        before = group.deliver()
        end(broker)
        time.sleep(0.5)
        broker.start()
        after = [f"after/{number}" for number in range(PARTITIONS)]
        group.send(after)
        group.receive(after)
        group.settle(len(kinds))
        group.deliver()
        heard = [word for member in group.members for word in member.got]
        assert all(heard.count(word) <= 2 for word in before + after), (
            "no more than what was not committed yet"
        )


def test_a_new_member_goes_on_after_a_restart(new_broker: NewBroker) -> None:
    broker = started(new_broker, {})
    with closing(Group(broker.bootstrap, "g", "t", PARTITIONS)) as group:
        first = group.add("confluent")
        group.settle(1)
        group.deliver()
        first.leave()
        broker.kill()
        broker.start()
        words = [f"later/{number}" for number in range(PARTITIONS)]
        group.send(words)
        second = group.add("confluent")
        group.receive(words)
        assert sorted(second.got) == sorted(words)
