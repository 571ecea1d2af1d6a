"""The hash of keys against published values and an independent one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as their_murmur2

from ottla.records.key_hash import indexes_by_partition, murmur2, partition_for_key


@given(st.binary(max_size=80))
def test_equals_kafka_pythons(key: bytes) -> None:
    assert murmur2(key) == their_murmur2(key) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"abc", 479470107),
    ],
)
def test_equals_published_values_of_java(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF
    assert partition_for_key(key, 7) == (hashed & 0x7FFFFFFF) % 7
    assert murmur2(memoryview(key)) == murmur2(bytearray(key)) == murmur2(key)


def test_indexes_apart_by_partition_and_those_without_a_key() -> None:
    keys = [b"abc", None, b"21", b"abc", b""]
    apart = indexes_by_partition(keys, 5)
    assert len(apart) == 6
    assert apart[5] == [1]
    assert sorted(index for indexes in apart for index in indexes) == [0, 1, 2, 3, 4]
    assert apart[partition_for_key(b"abc", 5)][:1] == [0]
    assert {0, 3} <= set(apart[partition_for_key(b"abc", 5)])


@pytest.mark.parametrize("count", [0, -1])
def test_no_partitions(count: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        partition_for_key(b"k", count)
    with pytest.raises(ValueError, match="at least one"):
        indexes_by_partition([b"k"], count)
