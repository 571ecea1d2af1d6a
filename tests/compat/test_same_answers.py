"""Ottla answers every question of `same_answers` as Apache Kafka does, field by field, in every version.

The stories are told to Ottla and held against what is recorded of Apache Kafka in `same_answers/apache.txt`; where a
JVM and the jars are at hand, Apache Kafka is told them too, so that the record is what it says today. The record is
made again by `python -m tests.compat.same_answers`.

Not told, because Apache Kafka's answer depends on the moment: a fetch that waits while its topic is deleted, records
that retention takes away, what a session of a deleted topic says first. These have tests of their own.
"""

from collections.abc import Iterator

import pytest
from tests.compat.same_answers.telling import APACHE_LAG_S, STORIES, recorded, told
from tests.support.apache import ApacheBroker
from tests.support.ottla import OttlaBroker
from tests.support.process import BrokerProcess

pytestmark = pytest.mark.compat


@pytest.fixture(scope="module")
def ottla(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """With nothing in it; its number, and where groups are kept, as in the Apache Kafka that was asked."""
    configs = {"node.id": "1", "offsets.topic.num.partitions": "4"}
    with OttlaBroker(tmp_path_factory.mktemp("same"), configs) as broker:
        yield broker


@pytest.fixture(scope="module")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with ApacheBroker(tmp_path_factory.mktemp("same")) as broker:
        yield broker


@pytest.fixture(scope="module")
def record() -> dict[str, list[str]]:
    return recorded()


@pytest.mark.parametrize("name", STORIES)
def test_ottla_answers_as_recorded(name: str, ottla: BrokerProcess, record: dict[str, list[str]]) -> None:
    assert told(name, ottla.port) == record[name]


@pytest.mark.java
@pytest.mark.parametrize("name", STORIES)
def test_apache_kafka_answers_as_recorded(
    name: str, apache: BrokerProcess, record: dict[str, list[str]]
) -> None:
    assert told(name, apache.port, APACHE_LAG_S) == record[name]


def test_every_story_is_recorded(record: dict[str, list[str]]) -> None:
    assert list(record) == list(STORIES)
    assert all(record.values())
