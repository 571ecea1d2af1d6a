"""Names of files and directories."""

import pytest

from ottla.log.names import (
    base_offset,
    deleted_partition_name,
    is_deleted_partition,
    is_stray_partition,
    parse_partition,
    segment_name,
    stray_partition_name,
)


def test_segment_names_sort_as_offsets_do() -> None:
    assert segment_name(0, ".log") == "00000000000000000000.log"
    assert segment_name((1 << 63) - 1, ".index") == "09223372036854775807.index"
    assert base_offset("00000000000000001234.timeindex") == 1234
    assert base_offset("00000000000000001234.log.deleted") == 1234


@pytest.mark.parametrize("name", ["leader-epoch-checkpoint", "1234.log", "0000000000000000000x.log", ""])
def test_other_files_have_no_base_offset(name: str) -> None:
    assert base_offset(name) is None


@pytest.mark.parametrize(
    ("name", "partition"),
    [
        ("t-0", ("t", 0)),
        ("a-b-c-12", ("a-b-c", 12)),
        ("x.y_z-7", ("x.y_z", 7)),
        ("t-", None),
        ("-0", None),
        ("t", None),
    ],
)
def test_partition_directories(name: str, partition: tuple[str, int] | None) -> None:
    assert parse_partition(name) == partition


@pytest.mark.parametrize("name", ["t-01", "t-x", "t 1-0", "t-0.deleted", "lost+found"])
def test_what_is_no_partition(name: str) -> None:
    assert parse_partition(name) is None


def test_a_deleted_partition_s_name_fits_a_file_system() -> None:
    name = deleted_partition_name("t-0", bytes(range(16)))
    assert name == "t-0.000102030405060708090a0b0c0d0e0f-delete"
    assert is_deleted_partition(name)
    assert parse_partition(name) is None
    longest = deleted_partition_name("t" * 249 + "-0", bytes(16))
    assert len(longest) == 255
    assert is_deleted_partition(longest)
    assert not is_deleted_partition("my-topic-delete")


def test_a_stray_is_told_from_a_deleted_partition_and_from_a_topic() -> None:
    name = stray_partition_name("t-0", bytes(range(16)))
    assert name == "t-0.000102030405060708090a0b0c0d0e0f-stray"
    assert is_stray_partition(name)
    assert not is_deleted_partition(name)
    assert parse_partition(name) is None
    assert is_stray_partition(stray_partition_name("t" * 249 + "-0", bytes(16)))
    assert not is_stray_partition("my-topic-stray")
