"""A broker with short sessions, and a group of its own for each test."""

from collections.abc import Callable, Iterator

import pytest
from tests.compat.groups.members import Group, closing
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

PARTITIONS = 4
SHORT_SESSIONS = {
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "500",
}
APACHE_ALLOWS = {
    "group.consumer.min.session.timeout.ms": "6000",
    "group.consumer.min.heartbeat.interval.ms": "500",
}
NewGroup = Callable[..., Group]


def settings(kind: type[BrokerProcess]) -> dict[str, str]:
    return SHORT_SESSIONS | (APACHE_ALLOWS if kind.kind == "apache" else {})


@pytest.fixture(scope="session")
def group_broker(
    broker_kind: type[BrokerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerProcess]:
    with broker_kind(tmp_path_factory.mktemp("groups"), settings(broker_kind)).start() as process:
        yield process


@pytest.fixture
def group(group_broker: BrokerProcess, topic: str) -> Iterator[Group]:
    """A group that has the topic's name."""
    with RawConnection(group_broker.port) as connection:
        assert connection.create_topic(topic, PARTITIONS) == 0
    with closing(Group(group_broker.bootstrap, topic, topic, PARTITIONS)) as group:
        yield group
