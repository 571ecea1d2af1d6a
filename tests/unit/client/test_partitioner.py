"""The partitioner against an independent one, and its promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as their_murmur2

from ottla.client.partitioner import StickyPartitioner, murmur2, partition_for_key


@given(st.binary(max_size=80))
def test_murmur2_equals_kafka_python(data: bytes) -> None:
    assert murmur2(data) == their_murmur2(data) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"abc", 479470107),
    ],
)
def test_murmur2_equals_published_values_of_java(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


@given(st.binary(max_size=40), st.integers(1, 1000))
def test_a_key_always_has_the_same_valid_partition(key: bytes, count: int) -> None:
    assert partition_for_key(key, count) == partition_for_key(key, count) < count


def test_keyless_records_stay_until_the_batch_is_full_then_move_on() -> None:
    sticky = StickyPartitioner(100)
    partitions = [sticky.partition("t", 25, 3) for _ in range(12)]
    assert partitions[0:4] == partitions[0:1] * 4
    assert sorted({partitions[0], partitions[4], partitions[8]}) == [0, 1, 2]


def test_a_topic_recreated_with_fewer_partitions_never_gets_one_that_is_gone() -> None:
    sticky = StickyPartitioner(1)
    for _ in range(7):
        sticky.partition("t", 1, 8)
    assert {sticky.partition("t", 1, 2) for _ in range(10)} == {0, 1}


def test_topics_stick_apart() -> None:
    sticky = StickyPartitioner(1000)
    first = sticky.partition("a", 1, 1_000_000)
    sticky.partition("b", 1, 1_000_000)
    assert sticky.partition("a", 1, 1_000_000) == first
