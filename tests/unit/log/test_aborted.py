"""The index of aborted transactions: which rows are found, what is believed, what is made again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.logs import NOW_MS, batch, new_log
from tests.support.transactions import ended, produced

from ottla.log.aborted import AbortedIndex, AbortedIndexError, AbortedTransaction, trusted_rows, whole_rows
from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.testing.directory import Disk

NAME = "00000000000000000000.txnindex"


def row(first: int, last: int, producer_id: int = 1) -> AbortedTransaction:
    return AbortedTransaction(producer_id, first, last, last + 1)


def index(*rows: AbortedTransaction) -> AbortedIndex:
    made = AbortedIndex()
    for each in rows:
        made.add(each)
    return made


def test_rows_come_back_and_only_the_new_ones_are_to_be_stored() -> None:
    made = index(row(0, 3), row(2, 7))
    data = made.unstored().data
    assert made.unstored() == (data, 0, 2)
    made.stored_up_to(2)
    made.add(row(8, 9))
    assert made.unstored() == (index(row(8, 9)).unstored().data, 68, 3)
    made.keep(1)
    assert (list(made), made.stored, made.unstored().data) == ([row(0, 3)], 1, b"")
    assert list(AbortedIndex(data)) == [row(0, 3), row(2, 7)]


def test_a_row_that_comes_again_is_there_once() -> None:
    assert list(index(row(0, 3), row(2, 7), row(2, 7), row(0, 3))) == [row(0, 3), row(2, 7)]


def test_rows_since_an_offset() -> None:
    made = index(row(0, 3), row(2, 7), row(8, 9))
    assert [each.last_offset for each in made.since(4)] == [7, 9]
    assert [each.last_offset for each in made.since(7)] == [7, 9]
    assert list(made.since(10)) == []


@given(st.integers(0, 12), st.binary(max_size=40))
def test_what_was_synced_is_believed_whatever_follows(end_offset: int, rest: bytes) -> None:
    made = index(row(0, 3), row(2, 7), row(8, 9))
    found = list(AbortedIndex(trusted_rows(made.unstored().data + rest, end_offset)))
    wanted = [each for each in made if each.last_offset < end_offset]
    assert found[: len(wanted)] == wanted
    assert all(each.last_offset < end_offset for each in found)


@pytest.mark.parametrize(
    "rest", [b"\x00", bytes(34), index(row(4, 4)).unstored().data, b"\x00\x01" + bytes(32)]
)
def test_a_file_that_makes_no_sense_is_damaged(rest: bytes) -> None:
    data = index(row(0, 3)).unstored().data
    assert whole_rows(data) == data
    with pytest.raises(AbortedIndexError):
        whole_rows(data + rest)


def log_with_aborts(disk: Disk) -> Log:
    """Two aborted transactions in one segment each, one that goes over both."""
    log = new_log(LogConfig(segment_bytes=10_000), disk)
    log.append(produced(3, 0, 0, is_transactional=True), 0, NOW_MS)
    for producer_id in (1, 2):
        log.append(produced(producer_id, 0, 0, is_transactional=True), 0, NOW_MS)
        ended(log, producer_id, 0, committed=False)
        log.roll(NOW_MS)
    ended(log, 3, 0, committed=False)
    log.append(batch(b"plain"), 0, NOW_MS)
    log.high_watermark = log.log_end_offset
    return log


def reopened(log: Log, disk: Disk) -> Log:
    return Log.open(disk.directory("/data/t-0"), log.config, now_ms=NOW_MS, high_watermark=log.log_end_offset)


def test_transactions_are_found_in_all_segments_that_may_have_them() -> None:
    log = log_with_aborts(Disk())
    assert [tuple(each) for each in log.aborted] == [(1, 1, 2, 0), (2, 3, 4, 0), (3, 0, 5, 6)]
    assert [each.producer_id for each in log.aborted.between(0, 6)] == [3, 1, 2]
    assert [each.producer_id for each in log.aborted.between(0, 1)] == [3]
    assert [each.producer_id for each in log.aborted.between(3, 4)] == [3, 2]
    assert [each.producer_id for each in log.aborted.between(6, 7)] == []
    assert [each.producer_id for each in log.aborted.between(2, 2)] == []


def test_a_damaged_index_is_made_again_from_the_batches(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    log = log_with_aborts(disk)
    wanted = list(log.aborted)
    log.close()
    directory = disk.directory("/data/t-0")
    names = [name for name in directory.names() if name.endswith(".txnindex")]
    assert len(names) == 3
    for name in names:
        directory.put(name, directory.read(name)[:-1])
    again = reopened(log, disk)
    assert list(again.aborted) == wanted
    assert "made again" in caplog.text
    again.close()
    caplog.clear()
    assert list(reopened(log, disk).aborted) == wanted
    assert "made again" not in caplog.text, "it was written"


def test_markers_after_a_stop_with_a_damaged_index_are_known_too() -> None:
    disk = Disk()
    log = log_with_aborts(disk)
    log.append(produced(1, 0, 1, is_transactional=True), 0, NOW_MS)
    log.close()
    directory = disk.directory("/data/t-0")
    last = max(name for name in directory.names() if name.endswith(".txnindex"))
    directory.put(last, b"nonsense")
    again = reopened(log, disk)
    offset = ended(again, 1, 0, committed=False)
    assert [tuple(each) for each in again.aborted][2:] == [(3, 0, 5, 6), (1, 7, offset, offset + 1)]


def test_a_segment_leaves_with_its_index() -> None:
    disk = Disk()
    log = log_with_aborts(disk)
    log.checkpoint()
    log.delete_records(5)
    doomed = log.delete_old_segments(NOW_MS)
    assert sorted(doomed)[3] == NAME + ".deleted"
    log.remove_files(doomed)
    assert [each.producer_id for each in log.aborted] == [3]
    names = disk.directory("/data/t-0").names()
    assert len([name for name in names if ".txnindex" in name]) <= 1


@pytest.mark.parametrize("seed", range(30))
def test_rows_that_a_truncation_took_do_not_come_back_with_a_power_cut(seed: int) -> None:
    disk = Disk()
    disk.directory("/data").make()
    disk.directory("/data").sync_entry()
    log = new_log(disk=disk)
    log.append(produced(1, 0, 0, is_transactional=True), 0, NOW_MS)
    ended(log, 1, 0, committed=False)
    log.checkpoint()
    log.truncate_to(seed % 2, NOW_MS)
    log.append(produced(1, 0, 0, is_transactional=True), 0, NOW_MS)
    ended(log, 1, 0, committed=True)
    log.checkpoint()
    recovery_point = log.recovery_point
    log.abandon()
    disk = disk.crashed(Random(seed))
    directory = disk.directory("/data/t-0")
    again = Log.open(directory, log.config, now_ms=NOW_MS, recovery_point=recovery_point)
    assert again.log_end_offset == log.log_end_offset
    assert list(again.aborted) == []


def test_an_index_without_its_segment_is_removed() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    log.append(batch(b"1"), 0, NOW_MS)
    log.close()
    directory = disk.directory("/data/t-0")
    directory.put(f"{17:020d}.txnindex", bytes(34))
    reopened(log, disk)
    assert not [name for name in directory.names() if name.endswith(".txnindex")]


def test_a_transaction_that_wrote_nothing_leaves_no_row_and_no_file() -> None:
    disk = Disk()
    log = new_log(disk=disk)
    ended(log, 1, 0, committed=False)
    log.append(produced(2, 0, 0, is_transactional=True), 0, NOW_MS)
    ended(log, 2, 0, committed=True)
    log.close()
    assert list(reopened(log, disk).aborted) == []
    assert not [name for name in disk.directory("/data/t-0").names() if name.endswith(".txnindex")]
