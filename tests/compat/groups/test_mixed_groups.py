"""Clients of every make in one group."""

from typing import Any

import pytest
from tests.compat.groups.members import CONSUMER, COOPERATIVE, Group
from tests.compat.groups.test_members import NEEDS_KCAT

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@pytest.mark.java
@NEEDS_KCAT
def test_all_clients_in_one_classic_group(group: Group) -> None:
    group.add("confluent")
    group.add("kafka-python")
    group.settle(2)
    group.deliver()
    group.add("aiokafka")
    group.add("kcat")
    group.settle(4)
    group.deliver()
    group.members[0].leave()
    java = group.add("java")
    group.settle(4)
    group.deliver()
    group.members[1].kill()
    group.settle(3)
    group.deliver()
    java.leave()
    group.settle(2)
    group.deliver()


def test_ours_among_the_others_in_one_classic_group(group: Group) -> None:
    ours = group.add("ottla")
    group.add("confluent")
    group.settle(2)
    group.deliver()
    group.add("kafka-python")
    group.add("aiokafka")
    group.settle(4)
    group.deliver()
    ours.leave()
    group.settle(3)
    group.add("ottla")
    group.settle(4)
    group.deliver()
    group.members[1].kill()
    group.settle(3)
    group.deliver()


@pytest.mark.java
def test_librdkafka_and_java_in_one_consumer_group(group: Group) -> None:
    group.add("confluent", **CONSUMER)
    java = group.add("java", **CONSUMER)
    group.settle(2)
    group.deliver()
    group.add("confluent", **CONSUMER)
    group.settle(3)
    group.deliver()
    java.leave()
    group.settle(2)
    group.deliver()


@pytest.mark.parametrize("settings", [COOPERATIVE, CONSUMER], ids=["cooperative", "consumer"])
def test_ours_with_librdkafka_in_one_group(group: Group, settings: dict[str, Any]) -> None:
    ours = group.add("ottla", **settings)
    group.add("confluent", **settings)
    group.settle(2)
    group.deliver()
    group.add("ottla", **settings)
    group.settle(3)
    group.deliver()
    ours.leave()
    group.settle(2)
    group.deliver()


@pytest.mark.java
@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_ours_with_java_in_one_group(group: Group, settings: dict[str, Any]) -> None:
    java = group.add("java", **settings)
    group.add("ottla", **settings)
    group.settle(2)
    group.deliver()
    java.leave()
    group.settle(1)
    group.deliver()
