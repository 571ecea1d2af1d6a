"""What of one batch survives compaction. Pure: a batch in, bytes to write out; its checksum is the caller's to ask for.

- Of each key the record with the greatest offset stays; a record without a key goes.
- A tombstone (null value) stays for `delete.retention.ms` after the round that first kept it: that round
  writes the delete horizon into its batch (KIP-534), a round after the horizon drops it. So do markers that
  nobody needs.
- Records of aborted transactions go; their markers after them.
- A batch that loses all records goes too, unless it holds a producer's last sequence or ends the round: then
  its header stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ottla.log.compaction_map import OffsetMap, shortened
from ottla.log.compaction_transactions import TransactionWalk
from ottla.records.batch import Batch
from ottla.records.reader import records_body
from ottla.records.retain import with_records, without_records
from ottla.records.spans import Span, record_spans
from ottla.wire.types import Buffer


@dataclass(frozen=True, slots=True)
class LastRecord:
    """What a producer's state comes from: its last batch of data, or without one its last marker."""

    last_data_offset: int | None
    producer_epoch: int


@dataclass(slots=True)
class CompactionFilter:
    """One round's rules. `end_offset`: where it ends; the last batch before it leaves its header at least."""

    newest: OffsetMap
    transactions: TransactionWalk
    end_offset: int
    now_ms: int
    delete_retention_ms: int
    last_records: Mapping[int, LastRecord] = field(default_factory=dict)

    def survivor(self, batch: Batch) -> Buffer | None:
        """The bytes that take `batch`'s place; None when it goes. Raises CorruptRecordError."""
        needless = (
            self.transactions.is_needless(batch) if batch.is_control else self.transactions.is_aborted(batch)
        )
        if needless and (not batch.is_control or self._is_past_horizon(batch)):
            return self._emptied(batch)
        marks_horizon = needless and batch.delete_horizon_ms is None
        if batch.is_control:
            return self._with_horizon(batch) if marks_horizon else batch.buffer
        return self._deduplicated(batch)

    def _is_past_horizon(self, batch: Batch) -> bool:
        horizon_ms = batch.delete_horizon_ms
        return batch.records_count == 0 or (horizon_ms is not None and horizon_ms <= self.now_ms)

    def _deduplicated(self, batch: Batch) -> Buffer | None:
        body = records_body(batch)
        spans = list(record_spans(body, batch.records_count))
        horizon_ms = batch.delete_horizon_ms
        kept = self._kept(batch.base_offset, spans, horizon_ms is None or self.now_ms < horizon_ms)
        if not kept:
            return self._emptied(batch)
        needs_horizon = horizon_ms is None and not all(span[5] for span in kept)
        if len(kept) == len(spans) and not needs_horizon:
            return batch.buffer
        return with_records(
            batch, body, kept, self.now_ms + self.delete_retention_ms if needs_horizon else None
        )

    def _kept(self, base_offset: int, spans: Iterable[Span], keeps_tombstones: bool) -> list[Span]:
        offsets, mapped_end = self.newest.offsets, self.newest.end_offset
        kept = []
        for span in spans:
            _, _, _, offset_delta, key, has_value = span
            offset = base_offset + offset_delta
            if offset < mapped_end:
                if key is None or not (has_value or keeps_tombstones):
                    continue
                if offset < offsets.get(key if len(key) <= 24 else shortened(key), -1):
                    continue
            kept.append(span)
        return kept

    def _with_horizon(self, batch: Batch) -> bytes:
        body = records_body(batch)
        spans = list(record_spans(body, batch.records_count))
        return with_records(batch, body, spans, self.now_ms + self.delete_retention_ms)

    def _emptied(self, batch: Batch) -> Buffer | None:
        if not self._header_matters(batch):
            return None
        return batch.buffer if batch.records_count == 0 else without_records(batch)

    def _header_matters(self, batch: Batch) -> bool:
        if batch.next_offset == self.end_offset:
            return True
        last = self.last_records.get(batch.producer_id) if batch.producer_id >= 0 else None
        if last is None:
            return False
        if last.last_data_offset is not None:
            return batch.last_offset == last.last_data_offset
        return batch.is_control and batch.producer_epoch == last.producer_epoch
