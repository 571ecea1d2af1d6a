"""What a producer may append, and the words and codes for what it may not."""

from dataclasses import replace

import pytest
from tests.support.logs import NOW_MS, batch, sized_batch, values

from ottla.core.errors import ErrorCode
from ottla.log.config import LogConfig
from ottla.log.validate import Refusal, validate
from ottla.records.batch import Batch, TimestampType
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.crc32c import crc32c
from ottla.wire.types import Buffer

CONFIG = LogConfig()
HOUR_MS = 3_600_000
VERSION = 9


def patched(data: Buffer, position: int, new: bytes) -> bytearray:
    """The batch with other bytes at `position` and a checksum that fits them."""
    changed = bytearray(data)
    changed[position : position + len(new)] = new
    changed[17:21] = crc32c(changed[21:]).to_bytes(4, "big")
    return changed


def good() -> bytes:
    return bytes(batch(b"one", b"two").buffer)


def refused(records: Buffer | None, config: LogConfig = CONFIG, version: int = VERSION) -> ErrorCode:
    refusal = validate(records, config, NOW_MS, version)
    assert isinstance(refusal, Refusal), refusal
    assert refusal.message
    return refusal.error


def accepted(records: Buffer, config: LogConfig = CONFIG, version: int = VERSION) -> Batch:
    found = validate(records, config, NOW_MS, version)
    assert isinstance(found, Batch), found
    return found


@pytest.mark.parametrize("codec", Codec)
def test_a_good_batch_is_taken_as_it_is(codec: Codec) -> None:
    data = bytes(batch(b"one", b"two", codec=codec).buffer)
    assert accepted(data).buffer == data


@pytest.mark.parametrize("version", [3, 6])
def test_zstd_needs_produce_version_7(version: int) -> None:
    data = batch(b"one", codec=Codec.ZSTD).buffer
    assert refused(data, version=version) is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    accepted(data, version=7)
    accepted(batch(b"one", codec=Codec.LZ4).buffer, version=version)


def test_there_is_no_codec_5() -> None:
    assert refused(patched(good(), 22, b"\x05")) is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


@pytest.mark.parametrize("records", [None, b"", b"x" * 11, good()[:60], good()[:-1]])
def test_no_whole_batch(records: bytes | None) -> None:
    assert refused(records) in (ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE)
    if records is None or records[:1] in (b"", b"\x00"):
        assert refused(records) is ErrorCode.INVALID_RECORD


def test_exactly_one_batch() -> None:
    assert refused(good() + good()) is ErrorCode.INVALID_RECORD
    assert accepted(good() + good()[:-1]).buffer == good(), "an unfinished second one is cut off"
    assert accepted(good() + b"xyz").buffer == good()


@pytest.mark.parametrize(("magic", "code"), [(0, 87), (1, 87), (3, 2), (255, 2)])
def test_other_formats(magic: int, code: int) -> None:
    assert refused(patched(good(), 16, bytes([magic]))) == code


@pytest.mark.parametrize("length", [-1, 0, 13, 20, 48])
def test_impossible_lengths(length: int) -> None:
    assert refused(patched(good(), 8, length.to_bytes(4, "big", signed=True))) is ErrorCode.CORRUPT_MESSAGE


def test_every_flipped_bit_that_the_checksum_covers_is_found() -> None:
    data = good()
    for position in range(21, len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        assert isinstance(validate(damaged, CONFIG, NOW_MS, VERSION), Refusal)


def test_a_wrong_checksum() -> None:
    data = bytearray(good())
    data[17] ^= 1
    assert refused(data) is ErrorCode.CORRUPT_MESSAGE


def test_the_base_offset_is_the_broker_s_to_give() -> None:
    assert refused(patched(good(), 0, (5).to_bytes(8, "big"))) is ErrorCode.INVALID_RECORD


def test_the_client_s_leader_epoch_is_nobody_s_business() -> None:
    accepted(patched(good(), 12, (77).to_bytes(4, "big")))


@pytest.mark.parametrize(("position", "value"), [(57, 3), (57, 0), (57, -1), (23, 0), (23, 5), (23, -1)])
def test_a_count_that_is_not_that_of_the_offsets(position: int, value: int) -> None:
    assert (
        refused(patched(good(), position, value.to_bytes(4, "big", signed=True))) is ErrorCode.INVALID_RECORD
    )


def test_a_batch_without_records() -> None:
    empty = patched(patched(good()[:61], 8, (49).to_bytes(4, "big")), 57, bytes(4))
    assert refused(empty) is ErrorCode.INVALID_RECORD


def test_clients_write_no_control_batches() -> None:
    assert refused(patched(good(), 22, b"\x20")) is ErrorCode.INVALID_RECORD


def test_a_producer_id_needs_a_sequence_and_a_transaction_a_producer_id() -> None:
    builder = BatchBuilder(producer_id=7, producer_epoch=0, base_sequence=-1)
    builder.append(NOW_MS, None, b"")
    assert refused(builder.build()) is ErrorCode.INVALID_RECORD
    builder = BatchBuilder(producer_id=7, producer_epoch=0, base_sequence=0)
    builder.append(NOW_MS, None, b"")
    accepted(builder.build())
    assert isinstance(validate(patched(good(), 22, b"\x10"), CONFIG, NOW_MS, VERSION), Refusal)


def test_max_message_bytes_counts_the_whole_batch() -> None:
    config = LogConfig(max_message_bytes=500)
    accepted(sized_batch(500).buffer, config)
    assert refused(sized_batch(501).buffer, config) is ErrorCode.MESSAGE_TOO_LARGE
    assert refused(sized_batch(501).buffer, LogConfig(segment_bytes=500)) is ErrorCode.RECORD_LIST_TOO_LARGE


# ── timestamps ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_future_is_one_hour_long() -> None:
    accepted(batch(b"", timestamp=NOW_MS + HOUR_MS).buffer)
    accepted(batch(b"", timestamp=0).buffer)
    refusal = validate(batch(b"", b"", timestamp=NOW_MS + HOUR_MS).buffer, CONFIG, NOW_MS, VERSION)
    assert isinstance(refusal, Refusal)
    assert refusal.error is ErrorCode.INVALID_TIMESTAMP
    assert [index for index, _ in refusal.record_errors] == [1]


def test_the_past_may_be_limited_too() -> None:
    config = LogConfig(message_timestamp_before_max_ms=1000)
    accepted(batch(b"", timestamp=NOW_MS - 1000).buffer, config)
    assert refused(batch(b"", timestamp=NOW_MS - 1001).buffer, config) is ErrorCode.INVALID_TIMESTAMP
    accepted(batch(b"", timestamp=-1).buffer, config)


def test_only_the_broker_says_log_append_time() -> None:
    builder = BatchBuilder(timestamp_type=TimestampType.LOG_APPEND_TIME)
    builder.append(NOW_MS, None, b"")
    assert refused(builder.build()) is ErrorCode.INVALID_TIMESTAMP


def test_the_broker_stamps_where_the_topic_says_so() -> None:
    config = LogConfig(message_timestamp_type="LogAppendTime", message_timestamp_before_max_ms=0)
    stamped = accepted(batch(b"one", timestamp=5).buffer, config)
    assert (stamped.timestamp_type, stamped.max_timestamp) == (TimestampType.LOG_APPEND_TIME, NOW_MS)
    assert stamped.crc_is_valid()


# ── what needs a look at the records ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.LZ4])
def test_a_compacted_topic_needs_keys(codec: Codec) -> None:
    config = LogConfig(cleanup_policy=frozenset({"compact"}))
    accepted(batch(b"one", codec=codec).buffer, config)
    builder = BatchBuilder(codec)
    for key in (b"k", None, b"k", None):
        builder.append(NOW_MS, key, b"v")
    refusal = validate(builder.build(), config, NOW_MS, VERSION)
    assert isinstance(refusal, Refusal)
    assert refusal.error is ErrorCode.INVALID_RECORD
    assert [index for index, _ in refusal.record_errors] == [1, 3]
    assert all("key" in message for _, message in refusal.record_errors)


def test_records_that_are_not_what_the_batch_announces() -> None:
    config = LogConfig(cleanup_policy=frozenset({"compact"}))
    assert refused(patched(good(), 61, b"\xff\xff\xff\xff\xff"), config) is ErrorCode.INVALID_RECORD


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("wanted", ["uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"])
def test_the_topic_s_codec(codec: Codec, wanted: str) -> None:
    config = replace(CONFIG, compression_type=wanted)
    stored = accepted(batch(b"one" * 50, b"two", codec=codec).buffer, config)
    expected = {"uncompressed": Codec.NONE, "producer": codec}.get(wanted) or Codec.__members__.get(
        wanted.upper(), codec
    )
    assert stored.codec == (Codec.NONE if wanted == "uncompressed" else expected)
    assert stored.crc_is_valid()
    assert values(stored.buffer) == [b"one" * 50, b"two"]


def test_another_codec_may_make_a_batch_too_large() -> None:
    config = LogConfig(compression_type="uncompressed", max_message_bytes=1000)
    assert refused(batch(b"x" * 5000, codec=Codec.GZIP).buffer, config) is ErrorCode.MESSAGE_TOO_LARGE


def test_a_payload_that_cannot_be_decompressed() -> None:
    config = LogConfig(compression_type="uncompressed")
    assert refused(patched(good(), 22, b"\x01"), config) is ErrorCode.INVALID_RECORD
