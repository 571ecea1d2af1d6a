"""What the broker refuses inside a batch, record by record, found without building the records."""

from dataclasses import dataclass

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.batch import Batch
from ottla.records.body import records_body
from ottla.records.spans import record_spans

NO_TIMESTAMP = -1


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """What is wrong with one record: a row of a produce reply's `record_errors` (KIP-467)."""

    index: int
    message: str
    is_timestamp: bool = False


def validate_records(
    batch: Batch,
    *,
    needs_keys: bool = False,
    earliest_timestamp: int | None = None,
    latest_timestamp: int | None = None,
    max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES,
) -> list[RecordProblem]:
    """One entry for each record that a producer may not send; empty when all is well.

    A record's offset must be the one before it plus one, its key present where the topic is compacted, its
    timestamp, if it has one, within the bounds (milliseconds, inclusive). Raises CorruptRecordError when the
    bytes are not `records_count` records.
    """
    problems = []
    body = records_body(batch, max_decompressed_bytes)
    lowest = -(1 << 63) if earliest_timestamp is None else earliest_timestamp
    highest = (1 << 63) - 1 if latest_timestamp is None else latest_timestamp
    spans = record_spans(body, batch.records_count)
    for index, (_, _, timestamp_delta, offset_delta, key, _) in enumerate(spans):
        timestamp = batch.base_timestamp + timestamp_delta
        if offset_delta != index:
            problems.append(RecordProblem(index, f"offset delta is {offset_delta}, not {index}"))
        elif needs_keys and key is None:
            problems.append(RecordProblem(index, "the topic is compacted and the record has no key"))
        elif timestamp != NO_TIMESTAMP and not lowest <= timestamp <= highest:
            message = f"timestamp {timestamp} is outside {lowest}..{highest}"
            problems.append(RecordProblem(index, message, is_timestamp=True))
    return problems
