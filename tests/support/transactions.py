"""Batches of producers with an id, and the markers that end their transactions."""

from ottla.log.log import Log
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker
from tests.support.logs import NOW_MS


def produced(
    producer_id: int,
    epoch: int,
    base_sequence: int,
    *values: bytes,
    is_transactional: bool = False,
    timestamp: int = NOW_MS,
) -> Batch:
    """One batch as an idempotent producer sends it."""
    builder = BatchBuilder(
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=base_sequence,
        is_transactional=is_transactional,
    )
    for number, value in enumerate(values or (b"v",)):
        builder.append(timestamp + number, b"k", value)
    return Batch(builder.build())


def ended(log: Log, producer_id: int, epoch: int, *, committed: bool, coordinator_epoch: int = 0) -> int:
    """Append a marker; its offset."""
    marker = EndTransactionMarker(ControlType.COMMIT if committed else ControlType.ABORT, coordinator_epoch)
    batch = build_end_transaction_marker(
        marker, producer_id=producer_id, producer_epoch=epoch, timestamp_ms=NOW_MS
    )
    return log.append_marker(Batch(batch), marker, 0, NOW_MS).base_offset
