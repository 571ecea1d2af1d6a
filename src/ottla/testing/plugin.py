"""The pytest plugin: a broker, topics and clients as fixtures. pytest finds it when ottla is installed.

`kafka_broker` is one broker for the whole session, in a thread, there in milliseconds and empty; with
`--kafka-bootstrap` or the environment's KAFKA_BOOTSTRAP_SERVERS it is whatever answers there. With pytest-xdist
each worker has its own. Nothing of Ottla is imported before a fixture is used.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from ottla.testing.plugin_clients import (
        ConsumerFactory,
        ProducerFactory,
        SyncConsumerFactory,
        SyncProducerFactory,
    )

_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
_VARIABLES = (_VARIABLE, "OTTLA_BOOTSTRAP_SERVERS")


class KafkaBroker(Protocol):
    """The broker of the session, one's own or another."""

    @property
    def bootstrap_servers(self) -> str:
        """What a client is told."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini values of the plugin."""
    group = parser.getgroup("kafka", "Kafka, by ottla")
    group.addoption(
        "--kafka-bootstrap",
        metavar="HOST:PORT",
        help=f"use this broker in place of one of its own (also: the environment's {_VARIABLE})",
    )
    parser.addini(
        "kafka_configs", "configs of the broker, as num.partitions=3, one to a line", type="linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "kafka_topic(partitions=1, configs=None): how the test's kafka_topic is created"
    )


@pytest.fixture(scope="session")
def kafka_broker(pytestconfig: pytest.Config) -> Iterator[KafkaBroker]:
    """A running broker; what matters is its `bootstrap_servers`."""
    elsewhere = pytestconfig.getoption("--kafka-bootstrap") or os.environ.get(_VARIABLE)
    if elsewhere:
        from ottla.testing.plugin_clients import OtherBroker

        yield OtherBroker(elsewhere)
        return
    from ottla.testing.broker_thread import BrokerThread

    with BrokerThread(configs=dict(map(_config, pytestconfig.getini("kafka_configs")))) as broker:
        yield broker


def _config(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise pytest.UsageError(f"kafka_configs: {line!r} is not NAME=VALUE, such as num.partitions=3")
    return name.strip(), value.strip()


@pytest.fixture(scope="session")
def kafka_bootstrap_servers(kafka_broker: KafkaBroker) -> str:
    """`host:port` of the session's broker."""
    return kafka_broker.bootstrap_servers


@pytest.fixture
def kafka_environment(kafka_bootstrap_servers: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """KAFKA_BOOTSTRAP_SERVERS and OTTLA_BOOTSTRAP_SERVERS as the session's broker, during the test."""
    for name in _VARIABLES:
        monkeypatch.setenv(name, kafka_bootstrap_servers)
    return kafka_bootstrap_servers


@pytest.fixture
def kafka_topic(request: pytest.FixtureRequest, kafka_bootstrap_servers: str) -> Iterator[str]:
    """The name of a topic that no other test has; created before the test and deleted after it.

    `@pytest.mark.kafka_topic(partitions=3, configs={"cleanup.policy": "compact"})` says how.
    """
    from ottla.testing.plugin_clients import created_topic

    marker = request.node.get_closest_marker("kafka_topic")
    if marker and (marker.args or marker.kwargs.keys() - {"partitions", "configs"}):
        raise pytest.UsageError(
            f"@pytest.mark.kafka_topic takes partitions=… and configs=… alone, not {_words(marker)}"
        )
    with created_topic(
        kafka_bootstrap_servers, request.node.name, **(marker.kwargs if marker else {})
    ) as name:
        yield name


def _words(marker: pytest.Mark) -> str:
    """What it was given, as it was written."""
    named = [f"{name}={value!r}" for name, value in marker.kwargs.items()]
    return ", ".join([*map(repr, marker.args), *named])


@pytest.fixture
def kafka_producer(kafka_bootstrap_servers: str) -> "ProducerFactory":
    """`async with kafka_producer(acks=1) as producer:` an `ottla.Producer` of the session's broker."""
    from ottla.testing.plugin_clients import ProducerFactory

    return ProducerFactory(kafka_bootstrap_servers)


@pytest.fixture
def kafka_consumer(kafka_bootstrap_servers: str) -> "ConsumerFactory":
    """`async with kafka_consumer(topic, group_id="g") as consumer:` an `ottla.Consumer`, from the beginning."""
    from ottla.testing.plugin_clients import ConsumerFactory

    return ConsumerFactory(kafka_bootstrap_servers)


@pytest.fixture
def kafka_sync_producer(kafka_bootstrap_servers: str) -> "SyncProducerFactory":
    """`with kafka_sync_producer() as producer:` an `ottla.sync.Producer` of the session's broker."""
    from ottla.testing.plugin_clients import SyncProducerFactory

    return SyncProducerFactory(kafka_bootstrap_servers)


@pytest.fixture
def kafka_sync_consumer(kafka_bootstrap_servers: str) -> "SyncConsumerFactory":
    """`with kafka_sync_consumer(topic, group_id="g") as consumer:` an `ottla.sync.Consumer`, from the beginning."""
    from ottla.testing.plugin_clients import SyncConsumerFactory

    return SyncConsumerFactory(kafka_bootstrap_servers)
