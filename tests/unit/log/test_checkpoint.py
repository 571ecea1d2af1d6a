"""The small text files, byte for byte as Apache Kafka 4.2 wrote them."""

import pytest

from ottla.core.ids import parse_uuid
from ottla.log.checkpoint import (
    MetaProperties,
    format_epochs,
    format_meta_properties,
    format_offsets,
    format_partition_metadata,
    parse_epochs,
    parse_meta_properties,
    parse_offsets,
    parse_partition_metadata,
)

THEIR_META = (
    b"#\n#Sun Nov 22 18:56:29 UTC 2026\nnode.id=1\ndirectory.id=OpQWtCMgk2GMMBM594QzyQ\nversion=1\n"
    b"cluster.id=MkU3OEVBNTcwNTJENDM2Qg\n"
)
META = MetaProperties("MkU3OEVBNTcwNTJENDM2Qg", 1, parse_uuid("OpQWtCMgk2GMMBM594QzyQ"))


def test_offsets() -> None:
    offsets = {("t", 1): 0, ("some.topic-1", 0): 2000}
    data = b"0\n2\nt 1 0\nsome.topic-1 0 2000\n"
    assert format_offsets(offsets) == data
    assert parse_offsets(data) == offsets
    assert format_offsets({}) == b"0\n0\n"
    assert parse_offsets(b"0\n0\n") == parse_offsets(b"") == {}


def test_epochs() -> None:
    assert format_epochs([(0, 0), (5, 17)]) == b"0\n2\n0 0\n5 17\n"
    assert parse_epochs(b"0\n2\n0 0\n5 17\n") == [(0, 0), (5, 17)]


@pytest.mark.parametrize(
    "data", [b"1\n0\n", b"0\n", b"0\nx\n", b"0\n2\nt 1 0\n", b"0\n1\nt 1\n", b"0\n1\nt 1 0\nt 2 0\n", b"\xff"]
)
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own words for bad numbers and bad UTF-8 are fine
        parse_offsets(data)


def test_partition_metadata_ends_without_a_line_end() -> None:
    topic_id = parse_uuid("yhvp2bvnTTWnskgBbo7H8Q")
    data = b"version: 0\ntopic_id: yhvp2bvnTTWnskgBbo7H8Q"
    assert format_partition_metadata(topic_id) == data
    assert parse_partition_metadata(data) == topic_id


@pytest.mark.parametrize(
    "data", [b"", b"version: 1\ntopic_id: yhvp2bvnTTWnskgBbo7H8Q", b"version: 0\n", b"x"]
)
def test_damaged_partition_metadata_is_told(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_partition_metadata(data)


def test_meta_properties() -> None:
    assert parse_meta_properties(THEIR_META) == META
    assert parse_meta_properties(format_meta_properties(META)) == META


@pytest.mark.parametrize("gone", [b"node.id=1\n", b"cluster.id=MkU3OEVBNTcwNTJENDM2Qg\n", b"version=1\n"])
def test_meta_properties_that_lack_something(gone: bytes) -> None:
    with pytest.raises(ValueError, match=gone.split(b"=")[0].decode()):
        parse_meta_properties(THEIR_META.replace(gone, b""))


@pytest.mark.parametrize(
    ("damaged", "problem"),
    [
        (b"rubbish\n", "it has no cluster.id, directory.id, node.id, version"),
        (THEIR_META.replace(b"version=1", b"version=2"), "its version is 2, and only 1 is known here"),
    ],
)
def test_meta_properties_that_say_something_else(damaged: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_meta_properties(damaged)
