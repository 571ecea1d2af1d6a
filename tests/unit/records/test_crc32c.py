"""CRC-32C: published vectors, every kind of buffer, and the same answers without the library."""

import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.records.crc32c import crc32c
from ottla.records.pure import crc32c as module
from ottla.records.pure.crc32c import extend_in_python

VECTORS = [
    (b"", 0),
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
]


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_vectors_of_rfc_3720(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected
    assert extend_in_python(0, data) == expected


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_of_any_size(size: int, kind: type) -> None:
    data = os.urandom(size)
    assert crc32c(kind(data)) == crc32c(data)


def test_part_of_a_larger_buffer() -> None:
    frame = bytearray(b"head") + b"123456789" + b"tail"
    assert crc32c(memoryview(frame)[4:13]) == 0xE3069283


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_seed_continues_and_python_agrees_with_the_library(first: bytes, second: bytes) -> None:
    whole = crc32c(first + second)
    assert crc32c(second, crc32c(first)) == whole
    assert extend_in_python(extend_in_python(0, first), second) == whole


def test_a_missing_library_leaves_the_one_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    assert module._fastest() is extend_in_python
