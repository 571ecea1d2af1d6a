"""Ottla's configs against Apache Kafka 4.2's, as read from its definitions (apache_kafka_4_2.tsv)."""

from pathlib import Path
from typing import NamedTuple

import pytest

from ottla.broker.config.definition import Mode
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.without_effect import WITHOUT_EFFECT


class Fact(NamedTuple):
    kind: str
    name: str
    type: str
    default: str
    importance: str
    dynamic: str
    synonym: str


LINES = (Path(__file__).parent / "apache_kafka_4_2.tsv").read_text().splitlines()
FACTS = [Fact(*line.split("\t")) for line in LINES if not line.startswith("#")]
BROKER_FACTS = {fact.name: fact for fact in FACTS if fact.kind == "broker"}
TOPIC_FACTS = {fact.name: fact for fact in FACTS if fact.kind == "topic"}

OUR_DEFAULTS = {
    "controller.listener.names": None,  # required there: every Apache Kafka broker has a controller
    "listeners": "PLAINTEXT://127.0.0.1:9092",  # safe on a developer's machine
    "log.dir": "data",  # not in /tmp, which is emptied at a restart
    "node.id": "1",  # required there
}
"""Defaults that differ on purpose."""

NOT_DYNAMIC_HERE = {"listeners", "listener.security.protocol.map"}


def test_no_public_config_of_apache_kafka_is_forgotten() -> None:
    assert len(BROKER_FACTS) > 300
    assert (
        BROKER_FACTS.keys()
        == {name for name, one in BROKER.items() if not one.own and not one.internal} | WITHOUT_EFFECT.keys()
    )
    assert TOPIC_FACTS.keys() == {name for name, one in TOPIC.items() if not one.internal}


def test_no_config_both_has_an_effect_and_has_none() -> None:
    assert not BROKER.keys() & WITHOUT_EFFECT.keys()


@pytest.mark.parametrize("name", [name for name, one in BROKER.items() if not one.own and not one.internal])
def test_a_broker_config_is_apache_kafkas(name: str) -> None:
    ours, fact = BROKER[name], BROKER_FACTS[name]
    assert ours.type.name == fact.type
    assert ours.importance.value == fact.importance
    assert (ours.mode is not Mode.READ_ONLY or name in NOT_DYNAMIC_HERE) == (fact.dynamic == "yes")
    if name in OUR_DEFAULTS:
        assert ours.default_text == OUR_DEFAULTS[name] != fact.default
    else:
        assert ("null" if ours.default is None else ours.default_text) == fact.default


@pytest.mark.parametrize("name", [name for name, one in TOPIC.items() if not one.internal])
def test_a_topic_config_is_apache_kafkas(name: str) -> None:
    ours, fact = TOPIC[name], TOPIC_FACTS[name]
    assert ours.type.name == fact.type
    assert ours.default_text == fact.default
    assert ours.importance.value == fact.importance
    if fact.synonym:  # with defaults, Kafka shows no synonym where hours stand in for milliseconds
        assert ours.synonym == fact.synonym
    assert ours.synonym is None or ours.synonym in BROKER


def test_our_own_configs_are_few() -> None:
    assert {name for name, one in BROKER.items() if one.own} == {"log.flush.acks", "metrics.listen"}
