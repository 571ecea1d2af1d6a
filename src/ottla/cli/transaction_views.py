"""Transactions for people and for machines."""

from collections.abc import Sequence

from ottla.cli.table import table
from ottla.client.admin import HangingTransaction, ListedTransaction, TransactionDescription

_NONE = "-"


def listing(found: Sequence[ListedTransaction]) -> str:
    """What `transactions list` says."""
    rows = [(each.transactional_id, each.coordinator, each.producer_id, each.state) for each in found]
    return table(("TRANSACTIONAL ID", "COORDINATOR", "PRODUCER ID", "STATE"), rows)


def listed_document(each: ListedTransaction) -> dict[str, object]:
    """The same as JSON."""
    return {
        "transactionalId": each.transactional_id,
        "coordinator": each.coordinator,
        "producerId": each.producer_id,
        "state": each.state,
    }


def description(found: TransactionDescription, now_ms: int) -> str:
    """What `transactions describe` says of one."""
    lasts = _NONE if found.start_ms is None else _seconds(now_ms - found.start_ms)
    lines = [
        f"transactional id  {found.transactional_id}",
        f"state             {found.state}",
        f"coordinator       {found.coordinator}",
        f"producer          {found.producer_id}, epoch {found.producer_epoch}",
        f"timeout           {_seconds(found.timeout_ms)}",
        f"began             {lasts if found.start_ms is None else f'{lasts} ago'}",
        f"partitions        {', '.join(map(str, found.partitions)) or _NONE}",
    ]
    return "\n".join(lines)


def document(found: TransactionDescription) -> dict[str, object]:
    """The same as JSON."""
    return {
        "transactionalId": found.transactional_id,
        "state": found.state,
        "coordinator": found.coordinator,
        "producerId": found.producer_id,
        "producerEpoch": found.producer_epoch,
        "timeoutMs": found.timeout_ms,
        "startMs": found.start_ms,
        "partitions": [list(partition) for partition in found.partitions],
    }


def hanging(found: Sequence[HangingTransaction], now_ms: int) -> str:
    """What `transactions find-hanging` says."""
    rows = [
        (
            f"{each.partition.topic}:{each.partition.partition}",
            each.producer.transaction_start_offset,
            each.producer.producer_id,
            each.producer.producer_epoch,
            _seconds(now_ms - each.producer.last_timestamp_ms),
        )
        for each in found
    ]
    return table(("PARTITION", "START OFFSET", "PRODUCER ID", "EPOCH", "SILENT FOR"), rows)


def hanging_document(each: HangingTransaction) -> dict[str, object]:
    """The same as JSON."""
    return {
        "topic": each.partition.topic,
        "partition": each.partition.partition,
        "startOffset": each.producer.transaction_start_offset,
        "producerId": each.producer.producer_id,
        "producerEpoch": each.producer.producer_epoch,
        "coordinatorEpoch": each.producer.coordinator_epoch,
        "lastTimestampMs": each.producer.last_timestamp_ms,
    }


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.0f}s"
