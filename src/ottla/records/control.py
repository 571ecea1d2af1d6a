"""Control records: what the broker itself writes into a partition's log.

Ottla writes and understands the two that end a transaction; a control record of another type (or a newer one)
is stepped over, as Kafka's clients do.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.errors import CorruptRecordError
from ottla.records.reader import read_records

_key = struct.Struct(">hh")  # version, type
_value = struct.Struct(">hi")  # version, coordinator epoch


class ControlType(IntEnum):
    """The types that mean something here."""

    ABORT = 0
    COMMIT = 1


@dataclass(frozen=True, slots=True)
class EndTransactionMarker:
    """How a producer's transaction ended on this partition."""

    control_type: ControlType
    coordinator_epoch: int


def build_end_transaction_marker(
    marker: EndTransactionMarker,
    *,
    producer_id: int,
    producer_epoch: int,
    timestamp_ms: int,
    base_offset: int = 0,
    partition_leader_epoch: int = -1,
) -> bytes:
    """The control batch that ends a transaction: one record, one offset."""
    builder = BatchBuilder(
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        is_transactional=True,
        is_control=True,
        partition_leader_epoch=partition_leader_epoch,
    )
    builder.append(timestamp_ms, _key.pack(0, marker.control_type), _value.pack(0, marker.coordinator_epoch))
    return builder.build(base_offset)


def read_end_transaction_marker(batch: Batch) -> EndTransactionMarker | None:
    """The marker in a control batch; None when it is of another type, or compaction has emptied the batch.

    Raises CorruptRecordError when `batch` is no control batch or its record is too short to tell.
    """
    if not batch.is_control:
        raise CorruptRecordError(f"{batch!r} is not a control batch")
    record = next(read_records(batch), None)
    if record is None:
        return None
    if record.key is None or len(record.key) < _key.size:
        raise CorruptRecordError(
            f"control record at offset {record.offset} has no version and type in its key"
        )
    version, number = _key.unpack_from(record.key)
    if version < 0:
        raise CorruptRecordError(f"control record at offset {record.offset} has version {version}")
    if number not in (ControlType.ABORT, ControlType.COMMIT):
        return None
    if record.value is None or len(record.value) < _value.size:
        raise CorruptRecordError(f"transaction marker at offset {record.offset} has no coordinator epoch")
    return EndTransactionMarker(ControlType(number), _value.unpack_from(record.value)[1])
