"""Members come, go, hang and are killed; the group shares everything again each time, whichever client they are of."""

import signal
from typing import Any

import pytest
from tests.compat.clients.kcat import missing as kcat_missing
from tests.compat.groups.members import CONSUMER, COOPERATIVE, Group, wait_for

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

Settings = dict[str, Any]
NEEDS_KCAT = pytest.mark.skipif(kcat_missing() is not None, reason=str(kcat_missing()))
HEAVY = pytest.mark.heavy
STICKY = {"partition.assignment.strategy": "sticky"}
ROUND_ROBIN = {"partition.assignment.strategy": "roundrobin"}

OTHERS = [
    pytest.param("confluent", {}, id="confluent"),
    pytest.param("confluent", COOPERATIVE, id="confluent-cooperative"),
    pytest.param("confluent", CONSUMER, id="confluent-consumer"),
    pytest.param("kafka-python", {}, id="kafka-python"),
    pytest.param("aiokafka", {}, id="aiokafka"),
    pytest.param("kcat", {}, id="kcat", marks=NEEDS_KCAT),
]
OURS = [
    pytest.param("ottla", {}, id="ottla", marks=HEAVY),
    pytest.param("ottla", COOPERATIVE, id="ottla-cooperative", marks=HEAVY),
    pytest.param("ottla", CONSUMER, id="ottla-consumer", marks=HEAVY),
]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        *OTHERS,
        pytest.param("java", {}, id="java", marks=pytest.mark.java),
        pytest.param("java", CONSUMER, id="java-consumer", marks=pytest.mark.java),
        pytest.param("ottla", {}, id="ottla"),
        pytest.param("ottla", CONSUMER, id="ottla-consumer"),
        pytest.param("ottla", COOPERATIVE, id="ottla-cooperative", marks=HEAVY),
        pytest.param("ottla", STICKY, id="ottla-sticky", marks=HEAVY),
        pytest.param("ottla", ROUND_ROBIN, id="ottla-roundrobin", marks=HEAVY),
    ],
)
def test_members_come_and_go(group: Group, kind: str, settings: Settings) -> None:
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


@pytest.mark.parametrize(("kind", "settings"), [*OTHERS, *OURS])
def test_who_is_killed_is_missed_after_its_session(group: Group, kind: str, settings: Settings) -> None:
    killed = group.add(kind, **settings)
    group.settle(1)
    group.add(kind, **settings)
    group.settle(2)
    group.deliver()
    killed.kill()
    group.settle(1)
    group.deliver()


@pytest.mark.parametrize(("kind", "settings"), [*OTHERS, *OURS])
def test_who_was_frozen_loses_its_place_and_comes_back(group: Group, kind: str, settings: Settings) -> None:
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


@pytest.mark.parametrize(("kind", "settings"), [*OTHERS[:3], *OURS])
def test_who_stops_polling_leaves_and_comes_back(group: Group, kind: str, settings: Settings) -> None:
    hanging = group.add(kind, **settings, **{"max.poll.interval.ms": 6000})
    group.settle(1)
    group.add(kind, **settings)
    group.settle(2)
    hanging.signal(signal.SIGUSR1)
    group.settle(1)
    group.deliver()
    hanging.signal(signal.SIGUSR1)
    group.settle(2)
    group.deliver()


@pytest.mark.parametrize(("kind", "settings"), [OTHERS[0], OTHERS[2], OURS[0], OURS[2]])
def test_a_static_member_keeps_its_place(group: Group, kind: str, settings: Settings) -> None:
    first = group.add(kind, **settings, **{"group.instance.id": "one"})
    group.settle(1)
    second = group.add(kind, **settings, **{"group.instance.id": "two"})
    group.settle(2)
    group.deliver()
    kept, seen = first.owns, len(second.assignments)
    first.leave()
    assert len(group.described().members) == 2
    returned = group.add(kind, **settings, **{"group.instance.id": "one"})
    group.settle(2)
    group.deliver()
    assert returned.owns == kept
    assert len(second.assignments) == seen, "the other saw nothing of it"


@pytest.mark.parametrize(("kind", "error"), [("confluent", "_FATAL"), ("ottla", "FencedError")])
def test_of_two_with_one_instance_id_the_older_is_fenced(group: Group, kind: str, error: str) -> None:
    older = group.add(kind, **{"group.instance.id": "one"})
    group.settle(1)
    newer = group.add(kind, **{"group.instance.id": "one"})
    wait_for(lambda: not older.running, group.story)
    group.settle(1)
    group.deliver()
    assert newer.running
    assert error in older.errors(), older.said


@pytest.mark.parametrize("kind", ["confluent", "ottla"])
def test_a_cooperative_member_gives_up_only_what_another_gets(group: Group, kind: str) -> None:
    first = group.add(kind, **COOPERATIVE)
    group.settle(1)
    second = group.add(kind, **COOPERATIVE)
    group.settle(2)
    group.deliver()
    wait_for(lambda: len(second.owns) == group.partitions // 2, group.story)
    assert first.revoked() == second.owns
    assert first.owns == set(range(group.partitions)) - second.owns


@pytest.mark.parametrize("order", ["up", "down"])
@pytest.mark.parametrize("kind", ["confluent", pytest.param("ottla", marks=HEAVY)])
def test_a_classic_and_a_consumer_member_share_a_group(group: Group, kind: str, order: str) -> None:
    """KIP-848's migration: up with the first consumer member, down with the last."""
    kinds: list[Settings] = [{}, dict(CONSUMER)]
    first, second = kinds if order == "up" else reversed(kinds)
    one = group.add(kind, **first)
    group.settle(1)
    group.deliver()
    two = group.add(kind, **second)
    group.settle(2)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
    consumer, classic = (two, one) if order == "up" else (one, two)
    consumer.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CLASSIC"
    group.add(kind, **CONSUMER)
    group.settle(2)
    classic.leave()
    group.settle(1)
    group.deliver()
    assert group.described().type.name == "CONSUMER"
