"""The partitioner against an independent one, and its promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as their_murmur2

from ottla.client.producing.partitioner import KeyHashes, murmur2, partition_for_key


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


@given(st.lists(st.binary(max_size=4), max_size=60))
def test_remembered_hashes_are_the_same_and_bounded(keys: list[bytes]) -> None:
    hashes = KeyHashes(limit=10)
    for key in keys:
        assert hashes[key] % 7 == partition_for_key(key, 7)
        assert len(hashes) <= 10
