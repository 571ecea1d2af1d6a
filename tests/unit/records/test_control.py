"""Transaction markers, and control records of types that mean nothing here."""

import pytest
from tests.support.batches import build_raw

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.control import (
    ControlType,
    EndTransactionMarker,
    build_end_transaction_marker,
    read_end_transaction_marker,
)
from ottla.records.errors import CorruptRecordError


def control_batch(key: bytes | None, value: bytes | None) -> Batch:
    builder = BatchBuilder(is_control=True, producer_id=1, producer_epoch=0)
    builder.append(0, key, value)
    return Batch(builder.build())


@pytest.mark.parametrize("control_type", list(ControlType))
def test_round_trip(control_type: ControlType) -> None:
    marker = EndTransactionMarker(control_type, coordinator_epoch=12)
    raw = build_end_transaction_marker(
        marker, producer_id=77, producer_epoch=3, timestamp_ms=1000, base_offset=9, partition_leader_epoch=4
    )
    batch = Batch(raw)
    assert read_end_transaction_marker(batch) == marker
    assert batch.crc_is_valid()
    assert (batch.attributes, batch.records_count, batch.base_offset, batch.next_offset) == (0x30, 1, 9, 10)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (77, 3, -1)
    assert (batch.partition_leader_epoch, batch.max_timestamp) == (4, 1000)


def test_bytes_are_those_of_apache_kafka() -> None:
    """The commit marker that the Java class MemoryRecords writes for the same arguments."""
    marker = EndTransactionMarker(ControlType.COMMIT, coordinator_epoch=15)
    raw = build_end_transaction_marker(
        marker, producer_id=77, producer_epoch=3, timestamp_ms=1_700_000_000_000, base_offset=42,
        partition_leader_epoch=4,
    )  # fmt: skip
    assert raw.hex() == JAVA_COMMIT


JAVA_COMMIT = (
    "000000000000002a00000042000000040228e535ef0030000000000000018bcfe568000000018bcfe568000000000000"
    "00004d0003ffffffff000000012000000008000000010c00000000000f00"
)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 99, -1])
def test_other_types_are_stepped_over(number: int) -> None:
    key = b"\x00\x00" + number.to_bytes(2, "big", signed=True)
    assert read_end_transaction_marker(control_batch(key, b"whatever it holds")) is None
    assert read_end_transaction_marker(control_batch(key, None)) is None


def test_newer_versions_with_more_bytes_are_read() -> None:
    marker = read_end_transaction_marker(
        control_batch(b"\x00\x07\x00\x01more", b"\x00\x07\x00\x00\x00\x05more")
    )
    assert marker == EndTransactionMarker(ControlType.COMMIT, 5)


@pytest.mark.parametrize("key", [None, b"", b"\x00\x00\x00", b"\xff\xff\x00\x01"])
def test_keys_that_say_nothing(key: bytes | None) -> None:
    with pytest.raises(CorruptRecordError):
        read_end_transaction_marker(control_batch(key, b"\x00\x00\x00\x00\x00\x05"))


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\x00\x00"])
def test_values_without_the_coordinators_epoch(value: bytes | None) -> None:
    with pytest.raises(CorruptRecordError):
        read_end_transaction_marker(control_batch(b"\x00\x00\x00\x00", value))


def test_a_batch_of_data_is_refused() -> None:
    builder = BatchBuilder()
    builder.append(0, b"\x00\x00\x00\x00", b"\x00\x00\x00\x00\x00\x05")
    with pytest.raises(CorruptRecordError, match="control"):
        read_end_transaction_marker(Batch(builder.build()))


def test_a_marker_that_compaction_emptied() -> None:
    assert read_end_transaction_marker(Batch(build_raw(b"", 0, 0, 0, attributes=0x30, last_delta=0))) is None
