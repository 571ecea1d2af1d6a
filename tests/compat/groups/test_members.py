"""Members come, go, hang and are killed; the group shares everything again each time."""

import signal
from typing import Any

import pytest
from tests.compat.clients.kcat import missing as kcat_missing
from tests.compat.groups.members import CONSUMER, Group, wait_for

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

NEEDS_KCAT = pytest.mark.skipif(kcat_missing() is not None, reason=str(kcat_missing()))
COOPERATIVE = {"partition.assignment.strategy": "cooperative-sticky"}
KINDS = [
    pytest.param("confluent", {}, id="confluent"),
    pytest.param("confluent", COOPERATIVE, id="confluent-cooperative"),
    pytest.param("confluent", CONSUMER, id="confluent-consumer"),
    pytest.param("kafka-python", {}, id="kafka-python"),
    pytest.param("aiokafka", {}, id="aiokafka"),
    pytest.param("kcat", {}, id="kcat", marks=NEEDS_KCAT),
    pytest.param("java", {}, id="java", marks=pytest.mark.java),
    pytest.param("java", CONSUMER, id="java-consumer", marks=pytest.mark.java),
]
SHORT = {"session.timeout.ms": 6000}


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_members_come_and_go(group: Group, kind: str, settings: dict[str, Any]) -> None:
    first = group.add(kind, **settings)
    group.settle(1)
    group.deliver()
    second = group.add(kind, **settings)
    group.settle(2)
    group.deliver()
    first.leave()
    group.settle(1)
    group.deliver()
    second.leave()
    assert group.described().members == []
    third = group.add(kind, **settings)
    group.settle(1)
    group.deliver()
    assert len(third.got) == group.partitions, "it goes on where the others were"


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


@pytest.mark.parametrize(("kind", "settings"), KINDS[:6])
def test_who_is_killed_is_missed_after_its_session(group: Group, kind: str, settings: dict[str, Any]) -> None:
    killed = group.add(kind, **settings)
    group.settle(1)
    group.add(kind, **settings)
    group.settle(2)
    group.deliver()
    killed.kill()
    group.settle(1)
    group.deliver()


@pytest.mark.parametrize(("kind", "settings"), KINDS[:6])
def test_who_was_frozen_loses_its_place_and_comes_back(
    group: Group, kind: str, settings: dict[str, Any]
) -> None:
    frozen = group.add(kind, **settings)
    group.settle(1)
    group.add(kind, **settings)
    group.settle(2)
    group.deliver()
    frozen.signal(signal.SIGSTOP)
    group.settle(1)
    group.deliver()
    frozen.signal(signal.SIGCONT)
    group.settle(2)
    group.deliver()


@pytest.mark.parametrize("settings", [{}, COOPERATIVE, CONSUMER], ids=["eager", "cooperative", "consumer"])
def test_who_stops_polling_leaves_and_comes_back(group: Group, settings: dict[str, Any]) -> None:
    limits = {"max.poll.interval.ms": 6000}
    hanging = group.add("confluent", **limits, **settings)
    group.settle(1)
    group.add("confluent", **settings)
    group.settle(2)
    hanging.signal(signal.SIGUSR1)
    group.settle(1)
    group.deliver()
    hanging.signal(signal.SIGUSR1)
    group.settle(2)
    group.deliver()


@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_a_static_member_keeps_its_place(group: Group, settings: dict[str, Any]) -> None:
    first = group.add("confluent", **settings, **{"group.instance.id": "one"})
    group.settle(1)
    second = group.add("confluent", **settings, **{"group.instance.id": "two"})
    group.settle(2)
    group.deliver()
    kept, seen = first.owns, len(second.assignments)
    first.leave()
    assert len(group.described().members) == 2
    returned = group.add("confluent", **settings, **{"group.instance.id": "one"})
    group.settle(2)
    group.deliver()
    assert returned.owns == kept
    assert len(second.assignments) == seen, "the other saw nothing of it"


def test_of_two_with_one_instance_id_the_older_is_fenced(group: Group) -> None:
    older = group.add("confluent", **{"group.instance.id": "one"})
    group.settle(1)
    newer = group.add("confluent", **{"group.instance.id": "one"})
    wait_for(lambda: not older.running, group.story)
    group.settle(1)
    group.deliver()
    assert newer.running
    assert {"_FATAL"} & set(older.errors()), older.said


def test_a_cooperative_member_gives_up_only_what_another_gets(group: Group) -> None:
    first = group.add("confluent", **COOPERATIVE)
    group.settle(1)
    second = group.add("confluent", **COOPERATIVE)
    group.settle(2)
    group.deliver()
    wait_for(lambda: len(second.owns) == group.partitions // 2, group.story)
    assert first.revoked() == second.owns
    assert first.owns == set(range(group.partitions)) - second.owns


@pytest.mark.parametrize("order", ["up", "down"])
def test_a_classic_and_a_consumer_member_share_a_group(group: Group, order: str) -> None:
    """KIP-848's migration: up with the first consumer member, down with the last."""
    kinds: list[dict[str, Any]] = [{}, dict(CONSUMER)]
    first, second = kinds if order == "up" else reversed(kinds)
    one = group.add("confluent", **first)
    group.settle(1)
    group.deliver()
    two = group.add("confluent", **second)
    group.settle(2)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
    consumer, classic = (two, one) if order == "up" else (one, two)
    consumer.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CLASSIC"
    group.add("confluent", **CONSUMER)
    group.settle(2)
    classic.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
