"""The view over a batch's header, and finding batches in a buffer."""

import pytest
from tests.support.batches import Record, build

from ottla.records.batch import HEADER, HEADER_BYTES, Batch, TimestampType, batches
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.errors import CorruptRecordError, UnsupportedCodecError, UnsupportedMagicError
from ottla.records.header import encode_header


def batch_bytes(count: int = 3, base_offset: int = 0) -> bytes:
    builder = BatchBuilder(producer_id=7, producer_epoch=1, base_sequence=5, partition_leader_epoch=9)
    for number in range(count):
        builder.append(1000 + number, b"key", b"value %d" % number)
    return builder.build(base_offset)


def empty_batch(**fields: int) -> Batch:
    header = {
        "base_offset": 0,
        "partition_leader_epoch": 0,
        "attributes": 0,
        "last_offset_delta": 0,
        "base_timestamp": 0,
        "max_timestamp": 0,
        "producer_id": -1,
        "producer_epoch": -1,
        "base_sequence": -1,
        "records_count": 0,
    }
    return Batch(encode_header(b"", **(header | fields)))


def test_fields_of_a_batch_built_by_other_code() -> None:
    raw = build([Record(b"k", b"v", timestamp=50), Record(None, b"w", timestamp=40)], now_ms=0)
    batch = Batch(raw)
    assert (batch.base_offset, batch.last_offset, batch.next_offset) == (0, 1, 2)
    assert (batch.base_timestamp, batch.max_timestamp) == (50, 50)
    assert (batch.records_count, batch.size_in_bytes, batch.magic) == (2, len(raw), 2)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence, batch.last_sequence) == (-1,) * 4
    assert (batch.codec, batch.timestamp_type) == (Codec.NONE, TimestampType.CREATE_TIME)
    assert not batch.is_transactional
    assert not batch.is_control
    assert batch.delete_horizon_ms is None
    assert batch.crc_is_valid()


def test_view_is_exactly_the_batch_and_no_copy() -> None:
    raw = batch_bytes()
    frame = bytearray(b"before" + raw + b"after")
    batch = Batch(frame, 6)
    assert batch.buffer == raw
    assert batch.payload == raw[HEADER_BYTES:]
    frame[6:14] = (1234).to_bytes(8, "big")
    assert batch.buffer[:8] == (1234).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        (0x08, "timestamp_type", TimestampType.LOG_APPEND_TIME),
        (0x10, "is_transactional", True),
        (0x20, "is_control", True),
        (0x04, "codec", Codec.ZSTD),
        (0x40, "delete_horizon_ms", 77),
        (0x00, "delete_horizon_ms", None),
    ],
)
def test_attribute_bits(attributes: int, name: str, value: object) -> None:
    assert getattr(empty_batch(attributes=attributes, base_timestamp=77), name) == value


@pytest.mark.parametrize("number", [5, 6, 7])
def test_unknown_codec(number: int) -> None:
    with pytest.raises(UnsupportedCodecError, match=str(number)):
        _ = empty_batch(attributes=number).codec


@pytest.mark.parametrize(
    ("base", "delta", "last"),
    [(-1, 4, -1), (0, 0, 0), (5, 3, 8), (2**31 - 1, 0, 2**31 - 1), (2**31 - 1, 1, 0), (2**31 - 3, 5, 2)],
)
def test_last_sequence_wraps_to_zero(base: int, delta: int, last: int) -> None:
    assert empty_batch(base_sequence=base, last_offset_delta=delta).last_sequence == last


def test_offsets_beyond_32_bits() -> None:
    batch = empty_batch(base_offset=2**62, last_offset_delta=2**31 - 1)
    assert batch.next_offset == 2**62 + 2**31


def test_crc_covers_all_from_the_attributes_on() -> None:
    raw = batch_bytes()
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 0x10
        if 8 <= position < 12 or position == 16:
            continue  # length and magic: no batch at all any more
        outside = position < 16
        assert Batch(changed).crc_is_valid() == outside, position


@pytest.mark.parametrize("size", [0, 1, 16, 17, 60])
def test_less_than_a_header(size: int) -> None:
    with pytest.raises(CorruptRecordError, match="header"):
        Batch(batch_bytes()[:size])


def test_a_cut_batch() -> None:
    with pytest.raises(CorruptRecordError, match="are there"):
        Batch(batch_bytes()[:-1])


@pytest.mark.parametrize("length", [-(2**31), -13, -1, 0, 48, 2**31 - 1])
def test_impossible_lengths(length: int) -> None:
    raw = bytearray(batch_bytes())
    raw[8:12] = length.to_bytes(4, "big", signed=True)
    with pytest.raises(CorruptRecordError):
        Batch(raw)


@pytest.mark.parametrize("magic", [-1, 0, 1, 3])
@pytest.mark.parametrize("size", [17, 40, HEADER_BYTES, 100])
def test_other_magic_is_told_apart_even_in_short_old_batches(magic: int, size: int) -> None:
    raw = bytearray(100)
    raw[8:12] = (size - 12).to_bytes(4, "big")
    raw[16] = magic & 0xFF
    with pytest.raises(UnsupportedMagicError) as caught:
        Batch(raw[:size])
    assert caught.value.magic == magic


def test_batches_in_a_row_and_a_cut_one_at_the_end() -> None:
    raw = batch_bytes(2, 10) + batch_bytes(3, 12)
    for cut in range(1, HEADER_BYTES + 20):
        found = list(batches(raw + batch_bytes(1, 15)[:-cut]))
        assert [batch.base_offset for batch in found] == [10, 12]
    assert [batch.base_offset for batch in batches(raw)] == [10, 12]
    assert list(batches(b"")) == []


def test_damage_between_batches_is_an_error_not_an_end() -> None:
    raw = bytearray(batch_bytes() + batch_bytes())
    raw[len(raw) // 2 + 8 : len(raw) // 2 + 12] = (-5).to_bytes(4, "big", signed=True)
    with pytest.raises(CorruptRecordError):
        list(batches(raw))


def test_header_layout_has_no_gaps() -> None:
    assert HEADER.size == HEADER_BYTES
