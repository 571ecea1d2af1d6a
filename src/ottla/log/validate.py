"""What a producer may append: exactly one batch of format v2, whole, unharmed, and within the topic's limits.

The batch is judged by its header and checksum; its records are looked at only where the topic asks for it (compaction
needs keys, another codec needs other bytes) or to name the records that are wrong. Codes as Apache Kafka's
`LogValidator`.

Deviations: records are not opened on the way in, so a batch whose payload is not what the header says is
found by its readers; a batch that claims to be stamped by the broker is refused always; a codec that does not exist is
an UNSUPPORTED_COMPRESSION_TYPE, not an UNKNOWN_SERVER_ERROR.
"""

from dataclasses import dataclass

from ottla.core.errors import ErrorCode
from ottla.log.config import NEVER, LogConfig
from ottla.records.batch import (
    CODEC_BITS,
    CONTROL_BIT,
    HEADER_BYTES,
    LOG_APPEND_TIME_BIT,
    PREFIX_BYTES,
    TRANSACTIONAL_BIT,
    Batch,
)
from ottla.records.compression import Codec
from ottla.records.errors import CorruptRecordError
from ottla.records.rewrite import recompressed, with_log_append_time
from ottla.records.validate import validate_records
from ottla.wire.types import Buffer

ZSTD_SINCE_VERSION = 7
_MIN_LENGTH = 14
"""The smallest batch length that any message format ever had; less is a torn request, not an old one."""
_NO_TIMESTAMP = -1
_LEVELS = {
    Codec.GZIP: "compression_gzip_level",
    Codec.LZ4: "compression_lz4_level",
    Codec.ZSTD: "compression_zstd_level",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a partition takes nothing of a request. `record_errors`: (index in the batch, message) of each bad record."""

    error: ErrorCode
    message: str | None = None
    record_errors: tuple[tuple[int, str], ...] = ()


def validate(  # noqa: PLR0911 - one return for each way to be refused, in the order of Apache Kafka's checks
    records: Buffer | None, config: LogConfig, now_ms: int, version: int
) -> Batch | Refusal:
    """The batch to append, or why there is none. `version` is the Produce request's.

    A topic that stamps or recompresses what it gets returns another batch than came in.
    """
    batch = _only_batch(records, version)
    if isinstance(batch, Refusal):
        return batch
    size = batch.batch_length + PREFIX_BYTES
    attributes = batch.attributes
    if attributes & CODEC_BITS >= Codec.ZSTD and (refusal := _codec_refusal(batch, version)):
        return refusal
    if batch.base_offset != 0:
        return Refusal(ErrorCode.INVALID_RECORD, f"the batch's base offset is {batch.base_offset}, not 0")
    if size > config.max_message_bytes:
        return _too_large(size, config)
    if size > config.segment_bytes:
        return Refusal(
            ErrorCode.RECORD_LIST_TOO_LARGE,
            f"the batch takes {size} bytes, more than a segment of {config.segment_bytes}",
        )
    if not batch.crc_is_valid():
        return Refusal(ErrorCode.CORRUPT_MESSAGE, "the batch's CRC-32C is not that of its bytes")
    if batch.records_count != batch.last_offset_delta + 1 or batch.records_count <= 0:
        return Refusal(
            ErrorCode.INVALID_RECORD,
            f"{batch.records_count} records cannot have the offsets 0 to {batch.last_offset_delta}",
        )
    if attributes & CONTROL_BIT:
        return Refusal(ErrorCode.INVALID_RECORD, "clients may not write control records")
    if batch.base_sequence < 0 if batch.producer_id >= 0 else attributes & TRANSACTIONAL_BIT:
        return Refusal(
            ErrorCode.INVALID_RECORD,
            f"producer {batch.producer_id} sent the sequence number {batch.base_sequence}",
        )
    return _within_topic_limits(batch, config, now_ms)


def _only_batch(records: Buffer | None, version: int) -> Batch | Refusal:
    """The one batch in `records`; an unfinished one after it is dropped, as Apache Kafka does."""
    size = len(records) if records is not None else 0
    if records is None or size < HEADER_BYTES:
        return _no_batch(records or b"", version)
    try:
        batch = Batch(records)
    except CorruptRecordError as error:
        return _no_batch(records, version, str(error))
    rest = size - batch.batch_length - PREFIX_BYTES
    if rest > HEADER_BYTES and _length(records, size - rest) + PREFIX_BYTES <= rest:
        return Refusal(ErrorCode.INVALID_RECORD, "a partition takes exactly one batch in a request")
    return batch


def _no_batch(records: Buffer, version: int, why: str = "it is cut short") -> Refusal:
    """Which of the ways not to be a batch it is."""
    magic = records[16] if len(records) > 16 else 2
    length = _length(records, 0) if len(records) >= PREFIX_BYTES else HEADER_BYTES
    if length < _MIN_LENGTH or magic > 2:
        return Refusal(ErrorCode.CORRUPT_MESSAGE, f"no record batch: length {length}, magic {magic}")
    if length + PREFIX_BYTES > len(records):
        return Refusal(
            ErrorCode.INVALID_RECORD, f"Produce version {version} needs a whole record batch; {why}"
        )
    if magic < 2:
        return Refusal(ErrorCode.INVALID_RECORD, f"a batch has magic {magic}; only 2 is taken")
    return Refusal(ErrorCode.CORRUPT_MESSAGE, f"no record batch: {why}")


def _length(records: Buffer, position: int) -> int:
    return int.from_bytes(records[position + 8 : position + 12], "big", signed=True)


def _codec_refusal(batch: Batch, version: int) -> Refusal | None:
    codec = batch.attributes & CODEC_BITS
    if codec > Codec.ZSTD:
        return Refusal(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, f"there is no codec {codec}")
    if version < ZSTD_SINCE_VERSION:
        return Refusal(
            ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, f"Produce version {version} has no zstd; 7 has"
        )
    return None


def _within_topic_limits(batch: Batch, config: LogConfig, now_ms: int) -> Batch | Refusal:
    """What the topic's own configs ask."""
    if batch.attributes & LOG_APPEND_TIME_BIT:
        return Refusal(
            ErrorCode.INVALID_TIMESTAMP, "only the broker may set the timestamp type LogAppendTime"
        )
    stamps = config.log_append_time
    in_time = stamps or _in_time(batch, config, now_ms)
    may_be_late = not stamps and config.message_timestamp_before_max_ms != NEVER
    if config.is_compacted or not in_time or may_be_late:
        refusal = _record_refusal(batch, config, now_ms, in_time=in_time)
        if refusal is not None:
            return refusal
    if config.compression_type != "producer":
        fitted = _in_topic_codec(batch, config)
        if isinstance(fitted, Refusal):
            return fitted
        batch = fitted
    return Batch(with_log_append_time(batch, now_ms)) if stamps else batch


def _in_time(batch: Batch, config: LogConfig, now_ms: int) -> bool:
    """Whether the first and the greatest timestamp are where the topic wants them; none at all is fine.

    The smallest is not in the header: where there is a bound below, the records must be looked at.
    """
    if batch.max_timestamp == _NO_TIMESTAMP:
        return True
    return (
        batch.max_timestamp - now_ms <= config.message_timestamp_after_max_ms
        and now_ms - batch.base_timestamp <= config.message_timestamp_before_max_ms
    )


def _record_refusal(batch: Batch, config: LogConfig, now_ms: int, *, in_time: bool) -> Refusal | None:
    """Name the records that are wrong."""
    earliest, latest = (
        now_ms - config.message_timestamp_before_max_ms,
        now_ms + config.message_timestamp_after_max_ms,
    )
    try:
        problems = validate_records(
            batch,
            needs_keys=config.is_compacted,
            earliest_timestamp=None if config.log_append_time else earliest,
            latest_timestamp=None if config.log_append_time else latest,
        )
    except CorruptRecordError as error:
        return Refusal(ErrorCode.INVALID_RECORD, f"the records are not what the batch announces: {error}")
    errors = tuple((problem.index, problem.message) for problem in problems)
    if any(problem.is_timestamp for problem in problems) or not (in_time or problems):
        message = (
            f"One or more records have been rejected due to invalid timestamp: not in {earliest}..{latest}"
        )
        return Refusal(ErrorCode.INVALID_TIMESTAMP, message, errors)
    if errors:
        shown = "; ".join(f"record {index}: {message}" for index, message in errors[:3])
        return Refusal(
            ErrorCode.INVALID_RECORD,
            f"{len(errors)} of the batch's records have been rejected: {shown}",
            errors,
        )
    return None


def _in_topic_codec(batch: Batch, config: LogConfig) -> Batch | Refusal:
    """The batch in the codec that `compression.type` names."""
    name = config.compression_type
    codec = Codec.NONE if name == "uncompressed" else Codec[name.upper()]
    if batch.codec == codec:
        return batch
    level = getattr(config, _LEVELS[codec]) if codec in _LEVELS else None
    try:
        fitted = Batch(recompressed(batch, codec, level))
    except CorruptRecordError as error:
        return Refusal(ErrorCode.INVALID_RECORD, f"the records cannot be decompressed: {error}")
    size = fitted.size_in_bytes
    return fitted if size <= config.max_message_bytes else _too_large(size, config)


def _too_large(size: int, config: LogConfig) -> Refusal:
    return Refusal(
        ErrorCode.MESSAGE_TOO_LARGE,
        f"the batch takes {size} bytes, more than max.message.bytes = {config.max_message_bytes}",
    )
