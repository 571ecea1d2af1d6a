"""Idempotent producers: what is a duplicate, what comes next, what is refused."""

import contextlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.core.errors import ErrorCode
from ottla.log.producers import AppendedBatch, Producer, Producers
from ottla.log.snapshots import SnapshotError, decode_snapshot, encode_snapshot

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
