"""Replica placement over several brokers and racks."""

from collections import Counter

import pytest

from ottla.cluster.metadata import BrokerImage
from ottla.cluster.placement import place
from ottla.core.errors import ErrorCode, KafkaError


def brokers(*racks: str | None) -> list[BrokerImage]:
    return [BrokerImage(index, rack, ()) for index, rack in enumerate(racks)]


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("start", [0, 1, 5])
def test_leaders_and_replicas_are_spread_evenly(size: int, start: int) -> None:
    for factor in range(1, size + 1):
        placed = place(brokers(*[None] * size), size * max(1, size - 1), factor, start)
        assert all(len(set(replicas)) == factor for replicas in placed)
        assert len({Counter(replicas[0] for replicas in placed)[one] for one in range(size)}) == 1
        assert len({Counter(one for replicas in placed for one in replicas)[one] for one in range(size)}) == 1


def test_the_followers_of_one_leader_differ() -> None:
    placed = place(brokers(None, None, None, None), 12, 2, 0)
    assert {replicas for replicas in placed if replicas[0] == 0} == {(0, 1), (0, 2), (0, 3)}


def test_replicas_are_in_different_racks_while_there_are_some() -> None:
    by_rack = brokers("a", "a", "b", "b", "c", "c")
    racks = {broker.id: broker.rack for broker in by_rack}
    for replicas in place(by_rack, 30, 3, 2):
        assert len({racks[one] for one in replicas}) == 3
    for replicas in place(by_rack, 30, 4, 2):
        assert len({racks[one] for one in replicas}) == 3
        assert len(set(replicas)) == 4


def test_racks_of_different_size() -> None:
    uneven = brokers("a", "a", "a", "b")
    racks = {broker.id: broker.rack for broker in uneven}
    for replicas in place(uneven, 8, 2, 0):
        assert {racks[one] for one in replicas} == {"a", "b"}


def test_fenced_brokers_get_nothing() -> None:
    some = [BrokerImage(0, None, ()), BrokerImage(1, None, (), fenced=True)]
    assert place(some, 3, 1, 0) == [(0,), (0,), (0,)]
    with pytest.raises(KafkaError) as error:
        place(some, 1, 2, 0)
    assert error.value.code is ErrorCode.INVALID_REPLICATION_FACTOR
    with pytest.raises(KafkaError):
        place([], 1, 1, 0)
