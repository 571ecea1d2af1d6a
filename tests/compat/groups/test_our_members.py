"""Our own consumer in groups, alone and together with everybody else's."""

import signal
from typing import Any

import pytest
from tests.compat.groups.members import CONSUMER, Group, wait_for

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

COOPERATIVE = {"partition.assignment.strategy": "cooperative-sticky"}
STICKY = {"partition.assignment.strategy": "sticky"}
ROUND_ROBIN = {"partition.assignment.strategy": "roundrobin"}
PROTOCOLS = [
    pytest.param({}, id="eager"),
    pytest.param(COOPERATIVE, id="cooperative", marks=pytest.mark.heavy),
    pytest.param(CONSUMER, id="consumer"),
]


@pytest.mark.parametrize(
    "settings",
    [
        *PROTOCOLS,
        pytest.param(STICKY, id="sticky", marks=pytest.mark.heavy),
        pytest.param(ROUND_ROBIN, id="roundrobin", marks=pytest.mark.heavy),
    ],
)
def test_members_come_and_go(group: Group, settings: dict[str, Any]) -> None:
    first = group.add("ottla", **settings)
    group.settle(1)
    group.deliver()
    second = group.add("ottla", **settings)
    group.settle(2)
    group.deliver()
    first.leave()
    group.settle(1)
    group.deliver()
    second.leave()
    assert group.described().members == []
    third = group.add("ottla", **settings)
    group.settle(1)
    group.deliver()
    assert len(third.got) == group.partitions, "it goes on where the others were"


@pytest.mark.heavy
@pytest.mark.parametrize("settings", PROTOCOLS)
def test_who_is_frozen_or_killed_is_missed(group: Group, settings: dict[str, Any]) -> None:
    unlucky = group.add("ottla", **settings)
    group.settle(1)
    group.add("ottla", **settings)
    group.settle(2)
    group.deliver()
    unlucky.signal(signal.SIGSTOP)
    group.settle(1)
    group.deliver()
    unlucky.signal(signal.SIGCONT)
    group.settle(2)
    group.deliver()
    unlucky.kill()
    group.settle(1)
    group.deliver()


@pytest.mark.heavy
@pytest.mark.parametrize("settings", PROTOCOLS)
def test_who_stops_polling_leaves_and_comes_back(group: Group, settings: dict[str, Any]) -> None:
    hanging = group.add("ottla", **settings, **{"max.poll.interval.ms": 3000})
    group.settle(1)
    group.add("ottla", **settings)
    group.settle(2)
    hanging.signal(signal.SIGUSR1)
    group.settle(1)
    group.deliver()
    hanging.signal(signal.SIGUSR1)
    group.settle(2)
    group.deliver()


@pytest.mark.heavy
@pytest.mark.parametrize("settings", [{}, CONSUMER], ids=["classic", "consumer"])
def test_a_static_member_keeps_its_place(group: Group, settings: dict[str, Any]) -> None:
    first = group.add("ottla", **settings, **{"group.instance.id": "one"})
    group.settle(1)
    second = group.add("ottla", **settings, **{"group.instance.id": "two"})
    group.settle(2)
    group.deliver()
    kept, seen = first.owns, len(second.assignments)
    first.leave()
    assert len(group.described().members) == 2
    returned = group.add("ottla", **settings, **{"group.instance.id": "one"})
    group.settle(2)
    group.deliver()
    assert returned.owns == kept
    assert len(second.assignments) == seen, "the other saw nothing of it"


def test_of_two_with_one_instance_id_the_older_is_fenced(group: Group) -> None:
    older = group.add("ottla", **{"group.instance.id": "one"})
    group.settle(1)
    newer = group.add("ottla", **{"group.instance.id": "one"})
    wait_for(lambda: not older.running, group.story)
    group.settle(1)
    group.deliver()
    assert newer.running
    assert older.errors() == ["FencedError"]


def test_a_cooperative_member_gives_up_only_what_another_gets(group: Group) -> None:
    first = group.add("ottla", **COOPERATIVE)
    group.settle(1)
    second = group.add("ottla", **COOPERATIVE)
    group.settle(2)
    group.deliver()
    wait_for(lambda: len(second.owns) == group.partitions // 2, group.story)
    assert first.revoked() == second.owns
    assert first.owns == set(range(group.partitions)) - second.owns


def test_everybody_in_one_classic_group(group: Group) -> None:
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


@pytest.mark.parametrize("settings", [COOPERATIVE, CONSUMER], ids=["cooperative", "consumer"])
def test_with_librdkafka_in_one_group(group: Group, settings: dict[str, Any]) -> None:
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
def test_with_java_in_one_group(group: Group, settings: dict[str, Any]) -> None:
    java = group.add("java", **settings)
    group.add("ottla", **settings)
    group.settle(2)
    group.deliver()
    java.leave()
    group.settle(1)
    group.deliver()


@pytest.mark.heavy
def test_from_one_protocol_to_the_other_and_back(group: Group) -> None:
    classic = group.add("ottla")
    group.settle(1)
    group.deliver()
    consumer = group.add("ottla", **CONSUMER)
    group.settle(2)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
    consumer.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CLASSIC"
    group.add("ottla", **CONSUMER)
    group.settle(2)
    classic.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
