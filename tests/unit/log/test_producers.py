"""Idempotent producers: what is a duplicate, what comes next, what is refused."""

import contextlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.core.errors import ErrorCode
from ottla.log.producers import AppendedBatch, EndedTransaction, Producer, Producers
from ottla.log.snapshots import SnapshotError, decode_snapshot, encode_snapshot
from ottla.log.unstable import NEVER

TOP = 2**31 - 1


@dataclass
class Sent:
    """The header fields of a batch that the rules look at."""

    producer_id: int
    producer_epoch: int
    base_sequence: int
    last_offset_delta: int = 0
    max_timestamp: int = 0
    is_transactional: bool = False
    is_control: bool = False

    @property
    def last_sequence(self) -> int:
        return (self.base_sequence + self.last_offset_delta) & TOP


def appended(*batches: Sent) -> Producers:
    producers = Producers()
    for batch in batches:
        producers.appended(batch, producers.end_offset)  # type: ignore[arg-type]
    return producers


def check(producers: Producers, batch: Sent) -> AppendedBatch | ErrorCode:
    return producers.check(batch)  # type: ignore[arg-type]


def test_an_unknown_producer_may_start_anywhere() -> None:
    assert check(Producers(), Sent(7, 0, 1000)) is ErrorCode.NONE


@pytest.mark.parametrize(
    ("sequence", "verdict"),
    [
        (3, ErrorCode.NONE),
        (4, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (1, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
    ],
)
def test_the_next_sequence_follows_the_last(sequence: int, verdict: ErrorCode) -> None:
    assert check(appended(Sent(7, 0, 0, 2)), Sent(7, 0, sequence)) is verdict


def test_five_batches_are_known_again_and_the_sixth_is_not() -> None:
    producers = appended(*(Sent(7, 0, sequence) for sequence in range(6)))
    for sequence in range(1, 6):
        verdict = check(producers, Sent(7, 0, sequence))
        assert isinstance(verdict, AppendedBatch)
        assert verdict.base_offset == sequence
    assert check(producers, Sent(7, 0, 0)) is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_duplicate_must_match_whole() -> None:
    producers = appended(Sent(7, 0, 0, 9))
    assert check(producers, Sent(7, 0, 0, 8)) is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_sequences_wrap_to_zero() -> None:
    producers = appended(Sent(7, 0, TOP - 1, 1))
    assert check(producers, Sent(7, 0, 0)) is ErrorCode.NONE
    wrapped = appended(Sent(7, 0, TOP, 3))
    assert check(wrapped, Sent(7, 0, 3)) is ErrorCode.NONE
    assert isinstance(check(wrapped, Sent(7, 0, TOP, 3)), AppendedBatch)


@pytest.mark.parametrize(
    ("epoch", "sequence", "verdict"),
    [
        (0, 5, ErrorCode.INVALID_PRODUCER_EPOCH),
        (2, 0, ErrorCode.NONE),
        (2, 5, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
    ],
)
def test_a_new_epoch_starts_at_zero_and_an_old_one_is_refused(
    epoch: int, sequence: int, verdict: ErrorCode
) -> None:
    assert check(appended(Sent(7, 1, 0, 4)), Sent(7, epoch, sequence)) is verdict


def test_an_epoch_that_moved_on_forgets_the_batches_before() -> None:
    producers = appended(Sent(7, 0, 0), Sent(7, 1, 0))
    assert check(producers, Sent(7, 1, 1)) is ErrorCode.NONE
    assert check(producers, Sent(7, 0, 0)) is ErrorCode.INVALID_PRODUCER_EPOCH


def test_expiry_spares_the_recent_and_those_in_a_transaction() -> None:
    producers = appended(Sent(1, 0, 0, max_timestamp=10), Sent(2, 0, 0, max_timestamp=20), Sent(3, 0, 0))
    open_transaction = producers.get(3)
    assert open_transaction is not None
    open_transaction.current_txn_first_offset = 2
    producers.expire(before_ms=20)
    assert sorted(each.producer_id for each in producers) == [2, 3]


@given(
    st.lists(
        st.tuples(st.integers(0, 2**62), st.integers(0, 32767), st.integers(0, TOP), st.integers(0, 50)),
        max_size=20,
    )
)
def test_a_snapshot_gives_back_the_newest_batch_of_each(sent: list[tuple[int, int, int, int]]) -> None:
    producers = appended(*(Sent(*fields) for fields in sent))
    restored = decode_snapshot(encode_snapshot(producers))
    assert [(each.producer_id, each.epoch, each.batches[-1]) for each in restored] == [
        (each.producer_id, each.epoch, each.batches[-1]) for each in producers
    ]


def test_a_producer_without_batches_survives_a_snapshot() -> None:
    (restored,) = decode_snapshot(encode_snapshot([Producer(9, 3, 1234)]))
    assert (restored.producer_id, restored.epoch, restored.last_timestamp, len(restored.batches)) == (
        9,
        3,
        1234,
        0,
    )


@given(st.integers(0, 500), st.integers(1, 255))
def test_a_damaged_snapshot_is_refused(position: int, flip: int) -> None:
    data = bytearray(encode_snapshot(appended(Sent(1, 0, 0), Sent(2, 0, 0))))
    data[position % len(data)] ^= flip
    with pytest.raises(SnapshotError):
        decode_snapshot(bytes(data))


@given(st.binary(max_size=100))
def test_any_bytes_are_a_snapshot_or_one_clear_error(data: bytes) -> None:
    with contextlib.suppress(SnapshotError):
        decode_snapshot(data)


# ── transactions ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Marker(Sent):
    """The batch that ends a transaction."""

    base_sequence: int = -1
    is_transactional: bool = True
    is_control: bool = True

    @property
    def last_sequence(self) -> int:
        return -1


def in_transaction(producer_id: int = 7, epoch: int = 1, offset: int = 5) -> Producers:
    """A producer that wrote one transactional batch, at `offset`."""
    producers = Producers()
    producers.appended(Sent(producer_id, epoch, 0, is_transactional=True), offset)
    return producers


def test_the_first_transactional_batch_opens_the_transaction_and_a_marker_ends_it() -> None:
    producers = in_transaction()
    producers.appended(Sent(7, 1, 1, is_transactional=True), 6)
    assert producers.in_transaction(7, 1)
    assert not producers.in_transaction(7, 2)
    assert not producers.in_transaction(8, 1)
    assert producers.ended(Marker(7, 2), 3, 9) == EndedTransaction(7, 5, 9, 10)
    known = producers.get(7)
    assert known is not None
    assert (known.epoch, known.coordinator_epoch, known.current_txn_first_offset) == (2, 3, -1)
    assert not producers.in_transaction(7, 2)
    assert producers.ended(Marker(7, 2), 3, 10) is None, "nothing was written since"


def test_a_row_of_the_index_tells_of_the_earliest_other_transaction() -> None:
    producers = in_transaction(7, offset=5)
    producers.appended(Sent(8, 0, 0, is_transactional=True), 6)
    producers.appended(Sent(9, 0, 0, is_transactional=True), 7)
    assert producers.ended(Marker(7, 1), 0, 8) == EndedTransaction(7, 5, 8, 6)
    assert producers.ended(Marker(9, 0), 0, 9) == EndedTransaction(9, 7, 9, 6)
    assert producers.ended(Marker(8, 0), 0, 10) == EndedTransaction(8, 6, 10, 11)


def test_a_plain_batch_in_a_transaction_is_refused() -> None:
    producers = in_transaction()
    assert check(producers, Sent(7, 1, 1)) is ErrorCode.INVALID_TXN_STATE
    assert check(producers, Sent(7, 1, 1, is_transactional=True)) is ErrorCode.NONE
    assert check(producers, Sent(7, 1, 2)) is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert check(producers, Sent(7, 0, 1)) is ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_transaction_goes_on_at_a_newer_epoch() -> None:
    producers = in_transaction()
    producers.appended(Sent(7, 2, 0, is_transactional=True), 6)
    assert producers.in_transaction(7, 2)
    assert producers.ended(Marker(7, 2), 0, 7) == EndedTransaction(7, 5, 7, 8)


def test_after_a_marker_with_a_new_epoch_the_sequence_starts_at_zero_and_with_the_old_one_it_goes_on() -> (
    None
):
    bumped, same = in_transaction(), in_transaction()
    bumped.ended(Marker(7, 2), 0, 6)
    same.ended(Marker(7, 1), 0, 6)
    assert check(bumped, Sent(7, 2, 0, is_transactional=True)) is ErrorCode.NONE
    assert check(bumped, Sent(7, 2, 1, is_transactional=True)) is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert check(same, Sent(7, 1, 1, is_transactional=True)) is ErrorCode.NONE
    assert isinstance(check(same, Sent(7, 1, 0, is_transactional=True)), AppendedBatch)


@pytest.mark.parametrize(
    ("epoch", "coordinator_epoch", "version", "open_", "verdict"),
    [
        (1, 3, 1, True, ErrorCode.NONE),
        (0, 3, 1, True, ErrorCode.INVALID_PRODUCER_EPOCH),
        (1, 2, 1, True, ErrorCode.TRANSACTION_COORDINATOR_FENCED),
        (1, 3, 2, True, ErrorCode.INVALID_PRODUCER_EPOCH),  # KIP-1228: it belongs to the transaction before
        (2, 3, 2, True, ErrorCode.NONE),
        (2, 2, 2, True, ErrorCode.TRANSACTION_COORDINATOR_FENCED),
        (1, 3, 2, False, ErrorCode.NONE),  # its first time was not heard of
        (0, 3, 2, False, ErrorCode.INVALID_PRODUCER_EPOCH),
        (0, 2, 2, False, ErrorCode.INVALID_PRODUCER_EPOCH),
    ],
)
def test_which_markers_are_taken(
    epoch: int, coordinator_epoch: int, version: int, open_: bool, verdict: ErrorCode
) -> None:
    producers = Producers()
    producers.ended(Marker(7, 1), 3, 0)
    if open_:
        producers.appended(Sent(7, 1, 0, is_transactional=True), 1)
    assert producers.check_marker(7, epoch, coordinator_epoch, version) is verdict
    assert producers.check_marker(8, 0, 0, 2) is ErrorCode.NONE, "nothing is known of it"


@pytest.mark.parametrize(("producer_id", "epoch"), [(-1, 0), (7, -1), (-5, 3)])
def test_a_marker_is_of_a_producer(producer_id: int, epoch: int) -> None:
    assert Producers().check_marker(producer_id, epoch, 0, 1) is ErrorCode.INVALID_REQUEST


def test_a_snapshot_gives_back_open_transactions_and_what_markers_said() -> None:
    producers = in_transaction(offset=5)
    producers.appended(Sent(8, 0, 0, is_transactional=True), 6)
    producers.ended(Marker(9, 4, max_timestamp=77), 2, 7)
    restored = Producers()
    restored.restore(decode_snapshot(encode_snapshot(producers)), 8)
    assert [restored.get(each.producer_id) for each in producers] == list(producers)
    assert restored.unstable.first_offset(8) == 5
    assert restored.ended(Marker(7, 1), 0, 8) == EndedTransaction(7, 5, 8, 6)


def test_the_earliest_unstable_transaction_counts_until_the_high_watermark_passed_its_marker() -> None:
    producers = in_transaction(offset=5)
    producers.appended(Sent(8, 0, 0, is_transactional=True), 6)
    unstable = producers.unstable
    producers.ended(Marker(7, 1), 0, 7)
    assert unstable.first_open_offset == 6
    assert unstable.first_offset(7) == 5, "the marker itself is not replicated yet"
    assert unstable.first_offset(8) == 6
    producers.ended(Marker(8, 0), 0, 8)
    assert unstable.first_offset(9) == NEVER
    assert unstable.count == 0
