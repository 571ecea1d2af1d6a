"""Which partition a record goes to."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.producing import accumulator, metadata

from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.producing.partitioner import KeyHashes, partition_for_key
from ottla.client.producing.topic_queues import TopicQueues
from ottla.core.errors import KafkaError


def queues(partitions: int = 4, **options: Any) -> tuple[TopicQueues, SimpleNamespace]:
    cluster = SimpleNamespace(metadata=metadata(partitions))
    return TopicQueues("t", cluster, accumulator(**options), KeyHashes()), cluster  # type: ignore[arg-type]


def number(queue: Any) -> int:
    return queue.partition.partition  # type: ignore[no-any-return]


def fill(target: TopicQueues, size_bytes: int) -> int:
    """Where a full batch of keyless records went."""
    target.look()
    target.keyless.filled_bytes += size_bytes
    return number(target.keyless)


def test_keyless_records_stay_until_the_batch_is_full_then_move_on() -> None:
    target, _ = queues(3)
    visited = [fill(target, 150) for _ in range(8)]
    assert visited[0::2] == visited[1::2]
    assert {visited[0], visited[2], visited[4]} == {0, 1, 2}


def test_keyless_records_pass_over_what_has_no_leader_and_where_much_waits() -> None:
    target, cluster = queues(4, batch_size=100)
    without = dict(cluster.metadata.topics["t"].partitions)
    without[2] = without[2].__class__(-1, 0, (), (), without[2].error)
    topic = cluster.metadata.topics["t"]
    changed = topic.__class__(topic.name, topic.topic_id, False, topic.error, without)
    cluster.metadata = Metadata(brokers=cluster.metadata.brokers, topics={"t": changed})
    target.of_partition(1).waiting.extend([None] * 3)  # type: ignore[list-item]
    assert {fill(target, 100) for _ in range(20)} & {0, 3} == {0, 3}
    assert 2 not in {fill(target, 100) for _ in range(20)}


def test_partitions_that_the_topic_has_got_are_used() -> None:
    target, cluster = queues(2)
    with pytest.raises(KafkaError, match="has no partition 3: it has 2 partitions, 0 to 1"):
        target.of_partition(3)
    cluster.metadata = metadata(5)
    assert number(target.of_partition(3)) == 3
    assert number(target.of_key(b"some")) == partition_for_key(b"some", 5)


def test_many_keys_go_where_each_of_them_would_go_in_their_order() -> None:
    target, _ = queues(3)
    keys = [None if number % 5 == 0 else b"%d" % number for number in range(60)]
    found = target.by_key(keys)
    assert sorted(index for indexes in found.values() for index in indexes) == list(range(60))
    for queue, indexes in found.items():
        assert indexes == sorted(indexes)
        for index in indexes:
            key = keys[index]
            assert queue is (target.keyless if key is None else target.of_key(key))


def test_a_topic_made_anew_with_fewer_partitions_gets_nothing_for_those_that_are_gone() -> None:
    target, cluster = queues(8)
    cluster.metadata = metadata(2)
    assert {number(target.of_key(b"%d" % key)) for key in range(20)} == {0, 1}
    assert {fill(target, 300) for _ in range(10)} == {0, 1}


def test_round_robin_takes_each_in_turn() -> None:
    target, _ = queues(3, partitioner="round_robin")
    assert target.chooser is not None
    assert sorted(number(target.chooser(b"same key")) for _ in range(6)) == [0, 0, 1, 1, 2, 2]


def test_a_function_of_ones_own_is_told_key_and_partitions() -> None:
    asked = []

    def choose(key: bytes | None, everyone: Any, available: Any) -> int:
        asked.append((key, list(everyone), list(available)))
        return 2

    target, _ = queues(3, partitioner=choose)
    assert target.chooser is not None
    assert number(target.chooser(b"k")) == 2
    assert asked == [(b"k", [0, 1, 2], [0, 1, 2])]


def test_queues_are_shared_with_whoever_names_the_partition() -> None:
    made = accumulator()
    cluster: Any = SimpleNamespace(metadata=metadata(2))
    one, other = (TopicQueues("t", cluster, made, KeyHashes()) for _ in range(2))
    assert one.of_partition(1) is other.of_partition(1) is made.queue(TopicPartition("t", 1))
