"""Where settings come from, which one wins, and what is said about those that do nothing."""

import pytest

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
    for name in (*names, "log.local.retention.ms", "group.initial.rebalance.delay.ms"):
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
