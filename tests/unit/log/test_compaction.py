"""What compaction keeps of each batch: keys, tombstones, transactions, headers. No disk."""

import pytest

from ottla.core.limits import COMPACTION_MAP_ENTRY_BYTES
from ottla.log.aborted import AbortedTransaction
from ottla.log.compaction import last_records
from ottla.log.compaction_filter import CompactionFilter, LastRecord
from ottla.log.compaction_map import OffsetMap
from ottla.log.compaction_transactions import TransactionWalk
from ottla.log.producers import Producers
from ottla.records.batch import Batch, TimestampType
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker
from ottla.records.reader import read_records
from ottla.records.record import Record

NOW = 1_000_000
RETENTION = 500
FIELDS = (
    "base_offset",
    "last_offset_delta",
    "partition_leader_epoch",
    "producer_id",
    "producer_epoch",
    "base_sequence",
    "is_transactional",
    "is_control",
    "timestamp_type",
    "codec",
)


def aborted(producer_id: int, first_offset: int, last_offset: int) -> AbortedTransaction:
    return AbortedTransaction(producer_id, first_offset, last_offset, last_offset + 1)


def batch_of(
    *records: tuple[bytes | None, bytes | None],
    base_offset: int = 0,
    codec: Codec = Codec.NONE,
    **fields: object,
) -> Batch:
    builder = BatchBuilder(codec, **fields)  # type: ignore[arg-type]
    for number, (key, value) in enumerate(records):
        builder.append(1000 + number * (-1) ** number, key, value, [("n", b"%d" % number)])
    return Batch(builder.build(base_offset))


def marker(control_type: ControlType, base_offset: int, producer_id: int = 7) -> Batch:
    raw = build_end_transaction_marker(
        EndTransactionMarker(control_type, 3),
        producer_id=producer_id,
        producer_epoch=1,
        timestamp_ms=1000,
        base_offset=base_offset,
    )
    return Batch(raw)


def rules(newest: dict[bytes, int] | None = None, **more: object) -> CompactionFilter:
    """A filter whose map holds `newest` and reaches to offset 1,000; the round ends at 2,000."""
    offsets = OffsetMap(1 << 20, 0)
    for key, offset in (newest or {}).items():
        offsets.put(key, offset)
    offsets.end_offset = 1000
    settings: dict[str, object] = {
        "newest": offsets,
        "transactions": TransactionWalk(()),
        "end_offset": 2000,
        "now_ms": NOW,
        "delete_retention_ms": RETENTION,
    }
    return CompactionFilter(**(settings | more))  # type: ignore[arg-type]


def survivor(filter_: CompactionFilter, batch: Batch) -> Batch | None:
    found = filter_.survivor(batch)
    if found is None:
        return None
    kept = Batch(found)
    assert kept.crc_is_valid()
    return kept


def records(batch: Batch | None) -> list[Record]:
    return [] if batch is None else list(read_records(batch))


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("timestamp_type", list(TimestampType))
def test_records_with_a_newer_one_go_and_the_rest_is_untouched(
    codec: Codec, timestamp_type: TimestampType
) -> None:
    batch = batch_of(
        (b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4"),
        base_offset=10, codec=codec, timestamp_type=timestamp_type,
        producer_id=7, producer_epoch=1, base_sequence=40, partition_leader_epoch=5,
    )  # fmt: skip
    kept = survivor(rules({b"a": 12, b"b": 500, b"c": 13}), batch)
    assert kept is not None
    assert records(kept) == [record for record in read_records(batch) if record.offset in (12, 13)]
    assert kept.records_count == 2
    for field in FIELDS:
        assert getattr(kept, field) == getattr(batch, field), field
    assert kept.last_sequence == batch.last_sequence


def test_a_batch_that_loses_nothing_is_the_same_bytes() -> None:
    batch = batch_of((b"a", b"1"), (b"b", b"2"), codec=Codec.ZSTD)
    assert rules({b"a": 0, b"b": 1}).survivor(batch) == batch.buffer


def test_the_greatest_timestamp_is_that_of_the_kept_records() -> None:
    batch = batch_of((b"a", b"1"), (b"b", b"2"), (b"c", b"3"))
    kept = survivor(rules({b"c": 99}), batch)
    assert kept is not None
    assert batch.max_timestamp == 1002
    assert kept.max_timestamp == 1000


def test_keys_that_the_dirty_part_does_not_have_stay() -> None:
    batch = batch_of((b"a", b"1"), (b"b", b"2"))
    assert [record.key for record in records(survivor(rules({b"a": 99}), batch))] == [b"b"]


def test_records_without_a_key_go() -> None:
    batch = batch_of((None, b"1"), (b"", b"2"))
    assert [record.key for record in records(survivor(rules(), batch))] == [b""]


def test_what_lies_behind_the_map_stays_whatever_it_is() -> None:
    batch = batch_of((None, b"1"), (b"a", b"2"), base_offset=1000)
    assert rules({b"a": 1500}).survivor(batch) == batch.buffer


def test_long_keys_are_told_apart() -> None:
    first, second = b"k" * 100 + b"1", b"k" * 100 + b"2"
    batch = batch_of((first, b"1"), (second, b"2"))
    assert [record.key for record in records(survivor(rules({first: 99}), batch))] == [second]


def test_a_short_key_is_never_taken_for_a_long_ones_digest() -> None:
    offsets = OffsetMap(1 << 20, 0)
    offsets.put(b"k" * 100, 5)
    (stored,) = offsets.offsets
    assert offsets.last_offset(stored) == -1
    assert offsets.last_offset(stored[:24]) == -1
    assert offsets.last_offset(b"k" * 100) == 5


def test_the_map_has_a_bound() -> None:
    offsets = OffsetMap(COMPACTION_MAP_ENTRY_BYTES * 2, 0)
    offsets.put(b"a", 0)
    offsets.put(b"a", 1)
    assert not offsets.is_full
    offsets.put(b"b", 2)
    assert offsets.is_full
    assert (len(offsets), offsets.last_offset(b"a")) == (2, 1)


# ── tombstones ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.LZ4])
def test_the_first_round_writes_the_horizon_beside_a_tombstone(codec: Codec) -> None:
    batch = batch_of((b"a", b"1"), (b"b", None), (b"c", b"3"), codec=codec)
    kept = survivor(rules({b"a": 0, b"b": 1, b"c": 2}), batch)
    assert kept is not None
    assert kept.delete_horizon_ms == NOW + RETENTION
    assert records(kept) == records(batch)
    assert kept.max_timestamp == batch.max_timestamp


def test_a_later_round_before_the_horizon_leaves_it_alone() -> None:
    first = survivor(rules({b"b": 1}), batch_of((b"a", b"1"), (b"b", None)))
    assert first is not None
    later = rules(now_ms=NOW + RETENTION - 1)
    assert later.survivor(first) == first.buffer


def test_at_the_horizon_the_tombstone_goes_and_the_others_stay() -> None:
    batch = batch_of((b"a", b"1"), (b"b", None))
    first = survivor(rules({b"b": 1}), batch)
    assert first is not None
    kept = survivor(rules(now_ms=NOW + RETENTION), first)
    assert records(kept) == records(batch)[:1]
    assert kept is not None
    assert kept.delete_horizon_ms == NOW + RETENTION


def test_a_tombstone_with_a_newer_record_goes_at_once() -> None:
    assert survivor(rules({b"a": 99}), batch_of((b"a", None))) is None


def test_timestamps_survive_the_horizon_however_far_away() -> None:
    builder = BatchBuilder()
    for timestamp in (0, 2**62, -1, 5):
        builder.append(timestamp, b"%d" % timestamp, None)
    batch = Batch(builder.build())
    assert records(survivor(rules(), batch)) == records(batch)


# ── headers that stay ───────────────────────────────────────────────────────────────────────────────────


def test_a_batch_without_records_goes() -> None:
    assert survivor(rules({b"a": 99}), batch_of((b"a", b"1"), producer_id=7, base_sequence=3)) is None


def test_a_producers_last_batch_leaves_its_header() -> None:
    batch = batch_of(
        (b"a", b"1"), (b"a", b"2"),
        base_offset=4, producer_id=7, producer_epoch=2, base_sequence=3,
        codec=Codec.GZIP, partition_leader_epoch=6,
    )  # fmt: skip
    kept = survivor(rules({b"a": 99}, last_records={7: LastRecord(5, 2)}), batch)
    assert kept is not None
    assert (kept.records_count, kept.size_in_bytes, records(kept)) == (0, 61, [])
    assert (kept.base_offset, kept.last_offset, kept.last_sequence) == (4, 5, 4)
    assert (kept.producer_id, kept.producer_epoch, kept.partition_leader_epoch) == (7, 2, 6)
    assert (kept.codec, kept.max_timestamp, kept.base_timestamp) == (Codec.NONE, batch.max_timestamp, -1)


def test_an_older_batch_of_an_active_producer_goes() -> None:
    batch = batch_of((b"a", b"1"), producer_id=7, base_sequence=3)
    assert survivor(rules({b"a": 99}, last_records={7: LastRecord(50, 2)}), batch) is None


def test_the_last_batch_of_the_round_leaves_its_header_and_later_rounds_keep_that() -> None:
    batch = batch_of((b"a", b"1"), (b"b", b"2"), base_offset=998)
    kept = survivor(rules({b"a": 1500, b"b": 1500}, end_offset=1000), batch)
    assert kept is not None
    assert (kept.records_count, kept.next_offset) == (0, 1000)
    assert rules(end_offset=1000).survivor(kept) == kept.buffer
    assert rules(end_offset=3000).survivor(kept) is None


def test_where_a_producers_state_comes_from() -> None:
    producers = Producers()
    producers.appended(batch_of((b"a", b"1"), producer_id=7, producer_epoch=2, base_sequence=0), 0)
    producers.appended(
        batch_of((b"a", b"1"), (b"b", b"2"), producer_id=7, producer_epoch=2, base_sequence=1), 10
    )
    producers.appended(batch_of((b"a", b"1")), 20)
    assert last_records(producers) == {7: LastRecord(11, 2)}


# ── transactions ────────────────────────────────────────────────────────────────────────────────────────


def transactional(base_offset: int, key: bytes = b"k", producer_id: int = 7) -> Batch:
    return batch_of(
        (key, b"v"), base_offset=base_offset, producer_id=producer_id, base_sequence=0, is_transactional=True
    )


def test_aborted_records_go_and_their_marker_stays_as_long_as_the_round_saw_them() -> None:
    walk = TransactionWalk([aborted(7, 0, 1)])
    filter_ = rules({b"k": 0}, transactions=walk)
    assert filter_.survivor(transactional(0)) is None
    abort = marker(ControlType.ABORT, 1)
    assert filter_.survivor(abort) == abort.buffer
    assert walk.retained == [aborted(7, 0, 1)]


def test_the_next_round_gives_the_abort_marker_a_horizon_and_the_one_after_drops_it() -> None:
    walk = TransactionWalk([aborted(7, 0, 1)])
    kept = survivor(rules(transactions=walk), marker(ControlType.ABORT, 1))
    assert kept is not None
    assert kept.delete_horizon_ms == NOW + RETENTION
    assert records(kept) == records(marker(ControlType.ABORT, 1))
    assert walk.retained == []
    assert rules(now_ms=NOW + RETENTION - 1).survivor(kept) == kept.buffer
    assert rules(now_ms=NOW + RETENTION).survivor(kept) is None


def test_a_commit_marker_stays_while_a_record_of_its_transaction_does() -> None:
    filter_ = rules({b"k": 0})
    data, commit = transactional(0), marker(ControlType.COMMIT, 1)
    assert filter_.survivor(data) == data.buffer
    assert filter_.survivor(commit) == commit.buffer


def test_a_commit_marker_of_nothing_goes_after_its_horizon() -> None:
    kept = survivor(rules(), marker(ControlType.COMMIT, 1))
    assert kept is not None
    assert kept.delete_horizon_ms == NOW + RETENTION
    assert rules(now_ms=NOW + RETENTION).survivor(kept) is None


def test_transactions_of_other_producers_and_later_ones_are_not_touched() -> None:
    filter_ = rules({b"k": 2, b"l": 1}, transactions=TransactionWalk([aborted(7, 0, 3)]))
    other, data = transactional(1, b"l", 8), transactional(4, b"z")
    assert filter_.survivor(transactional(0)) is None
    assert filter_.survivor(other) == other.buffer
    assert filter_.survivor(transactional(2)) is None
    assert filter_.survivor(marker(ControlType.ABORT, 3)) == marker(ControlType.ABORT, 3).buffer
    assert filter_.survivor(data) == data.buffer


def test_records_outside_a_transaction_are_not_aborted_with_it() -> None:
    filter_ = rules({b"k": 0}, transactions=TransactionWalk([aborted(7, 0, 3)]))
    plain = batch_of((b"k", b"v"), producer_id=7, base_sequence=0)
    assert filter_.survivor(plain) == plain.buffer


def test_an_entry_of_the_index_whose_marker_is_gone_ends_with_its_last_offset() -> None:
    walk = TransactionWalk([aborted(7, 0, 3), aborted(7, 10, 13), aborted(7, 20, 23)])
    filter_ = rules({b"k": 0}, transactions=walk)
    committed = transactional(5)
    assert filter_.survivor(committed) == committed.buffer
    assert filter_.survivor(transactional(11)) is None
    assert filter_.survivor(transactional(21)) is None
    assert filter_.survivor(marker(ControlType.ABORT, 23)) is not None
    assert walk.retained == [aborted(7, 10, 13), aborted(7, 20, 23)]


def test_the_header_of_an_aborted_batch_stays_for_its_producers_sequence() -> None:
    walk = TransactionWalk([aborted(7, 0, 1)])
    filter_ = rules(transactions=walk, last_records={7: LastRecord(0, 1)})
    kept = survivor(filter_, transactional(0))
    assert kept is not None
    assert (kept.records_count, kept.is_transactional, kept.last_sequence) == (0, True, 0)
    assert filter_.survivor(marker(ControlType.ABORT, 1)) is not None
    assert walk.retained == [aborted(7, 0, 1)]


def test_a_producers_last_marker_leaves_its_header() -> None:
    first = survivor(rules(), marker(ControlType.COMMIT, 1))
    assert first is not None
    last = {7: LastRecord(None, 1)}
    kept = survivor(rules(now_ms=NOW + RETENTION, last_records=last), first)
    assert kept is not None
    assert (kept.records_count, kept.is_control, kept.producer_epoch, kept.delete_horizon_ms) == (
        0,
        True,
        1,
        None,
    )
    assert rules(last_records=last).survivor(kept) == kept.buffer
    assert rules(last_records={7: LastRecord(None, 2)}).survivor(kept) is None


def test_control_records_of_other_types_stay() -> None:
    builder = BatchBuilder(is_control=True)
    builder.append(0, b"\x00\x00\x00\x05", b"whatever")
    batch = Batch(builder.build())
    assert rules().survivor(batch) == batch.buffer
