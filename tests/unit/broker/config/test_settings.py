"""Where settings come from, which one wins, and what is said about those that do nothing."""

import pytest

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.environment import config_name
from ottla.broker.config.settings import gather


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("KAFKA_LOG_DIRS", "log.dirs"),
        ("KAFKA_LOG_RETENTION_MS", "log.retention.ms"),
        ("KAFKA_A__B", "a_b"),
        ("KAFKA_A___B", "a-b"),
        ("KAFKA_A____B", "a-.b"),
        ("KAFKA_LISTENER_NAME_MY__OWN_SSL_KEY", "listener.name.my_own.ssl.key"),
    ],
)
def test_names_in_the_environment(variable: str, name: str) -> None:
    assert config_name(variable) == name


def test_the_file_then_the_environment_then_assignments() -> None:
    file = "num.partitions=1\nlog.dirs=/a\nlog.retention.ms=1"
    environment = {"KAFKA_NUM_PARTITIONS": "2", "KAFKA_LOG_DIRS": "/b", "PATH": "/bin"}
    settings = gather(file, environment, ["num.partitions=3", "broker.rack = a=b "])
    assert settings.warnings == ()
    assert settings.texts == {
        "num.partitions": "3",
        "log.dirs": "/b",
        "log.retention.ms": "1",
        "broker.rack": "a=b",
    }


@pytest.mark.parametrize("assignment", ["num.partitions", "=3", " =3", ""])
def test_an_assignment_needs_a_key_and_an_equals_sign(assignment: str) -> None:
    with pytest.raises(ValueError, match="is not key=value"):
        gather(assignments=[assignment])


def test_what_is_for_the_java_machine_is_passed_over_with_a_note() -> None:
    settings = gather(environment={"KAFKA_HEAP_OPTS": "-Xmx1g", "KAFKA_OPTS": "", "KAFKA_NODE_ID": "7"})
    assert settings.texts == {"node.id": "7"}
    assert settings.warnings == (
        "KAFKA_HEAP_OPTS is not a broker config and is passed over",
        "KAFKA_OPTS is not a broker config and is passed over",
    )


def test_what_apache_kafka_knows_and_ottla_does_not_do_is_named() -> None:
    names = ("process.roles", "num.io.threads", "ssl.keystore.location", "listener.name.x.ssl.key.password")
    for name in (*names, "log.local.retention.ms", "group.coordinator.threads"):
        (warning,) = gather(assignments=[f"{name}=1"]).warnings
        assert warning.startswith(f"{name} is known to Apache Kafka, but has no effect in Ottla yet: ")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("num.partition", "num.partitions"),
        ("log.dirss", "log.dirs"),
        ("segment.bytes", "log.segment.bytes"),
        ("retention.ms", "log.retention.ms"),
        ("cleanup.policy", "log.cleanup.policy"),
    ],
)
def test_an_unknown_key_is_named_with_a_suggestion(name: str, near: str) -> None:
    settings = gather(assignments=[f"{name}=1"])
    assert settings.warnings == (f"{name} is unknown to Ottla and to Apache Kafka; did you mean {near}?",)
    assert settings.texts == {}


def test_a_key_like_no_other_is_named_without_one() -> None:
    (warning,) = gather(assignments=["entirely.different=1"]).warnings
    assert warning == "entirely.different is unknown to Ottla and to Apache Kafka"


SERVER_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
"""


def test_a_file_made_for_apache_kafka_works_and_what_does_nothing_is_named() -> None:
    settings = gather(SERVER_PROPERTIES)
    config = BrokerConfig(settings.texts)
    assert [(one.name, one.port) for one in config.listeners] == [("PLAINTEXT", 9092)]
    assert [(one.host, one.port) for one in config.advertised_listeners] == [("localhost", 9092)]
    assert config.log_directories == ("/tmp/kraft-combined-logs",)
    assert {warning.split()[0] for warning in settings.warnings} == {
        "process.roles",
        "controller.quorum.bootstrap.servers",
        "inter.broker.listener.name",
        "num.network.threads",
        "num.io.threads",
    }
