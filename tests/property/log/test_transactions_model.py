"""Transactions in a log against a list of its batches: appended, ended, cut, killed, both say the same.

The list knows nothing of snapshots or indexes: it goes through all batches every time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all
from tests.support.transactions import ended, produced

from ottla.core.errors import ErrorCode
from ottla.log.config import LogConfig
from ottla.log.flush import Flush
from ottla.log.log import Log
from ottla.records.batch import Batch
from ottla.records.control import ControlType, read_end_transaction_marker
from ottla.testing.directory import Disk

CONFIG = LogConfig(segment_bytes=1200, index_interval_bytes=150, retention_ms=-1)
PATH = "/data/t-0"
PRODUCERS = st.integers(1, 3)


@dataclass(frozen=True)
class Known:
    """A batch as the list knows it."""

    base_offset: int
    end_offset: int
    producer_id: int
    epoch: int
    is_transactional: bool
    marker: ControlType | None

    @classmethod
    def of(cls, found: Batch) -> "Known":
        marker = read_end_transaction_marker(found) if found.is_control else None
        return cls(
            found.base_offset,
            found.next_offset,
            found.producer_id,
            found.producer_epoch,
            found.is_transactional,
            marker.control_type if marker is not None else None,
        )


@dataclass(frozen=True)
class Transaction:
    producer_id: int
    first_offset: int
    last_offset: int = 1 << 62
    committed: bool | None = None


def transactions(known: list[Known]) -> Iterator[Transaction]:
    """All that wrote something, the open ones last."""
    since: dict[int, int] = {}
    for each in known:
        if each.marker is not None and each.producer_id in since:
            committed = each.marker is ControlType.COMMIT
            yield Transaction(each.producer_id, since.pop(each.producer_id), each.base_offset, committed)
        elif each.marker is None and each.is_transactional:
            since.setdefault(each.producer_id, each.base_offset)
    yield from (Transaction(producer_id, offset) for producer_id, offset in since.items())


class TransactionsModel(RuleBasedStateMachine):
    """`known` is the list. `forgotten`: what was deleted at the start may not be known any more after a cut."""

    waiting: Flush | None = None

    @initialize()
    def create(self) -> None:
        self.disk = Disk()
        self.disk.directory("/data").make()
        self.disk.directory("/data").sync_entry()
        self.log = Log.create(self.disk.directory(PATH), CONFIG, TOPIC_ID, NOW_MS)
        self.known: list[Known] = []
        self.saved_recovery_point = self.stable = 0
        self.waiting = None
        self.forgotten = False

    # ── what writes ─────────────────────────────────────────────────────────────────────────────────────────

    @rule(producer_id=PRODUCERS, count=st.integers(1, 3), size=st.sampled_from([10, 300]))
    def write(self, producer_id: int, count: int, size: int) -> None:
        last = self.log.producers.get(producer_id)
        epoch = last.epoch if last else 0
        sequence = last.batches[-1].last_sequence + 1 if last and last.batches else 0
        made = produced(producer_id, epoch, sequence, *[b"v" * size] * count, is_transactional=True)
        assert self.log.producers.check(made) is ErrorCode.NONE
        offset = self.log.append(made, 0, NOW_MS).base_offset
        self.known.append(Known(offset, offset + count, producer_id, epoch, True, None))

    @rule(size=st.sampled_from([10, 300]))
    def write_plainly(self, size: int) -> None:
        offset = self.log.append(batch(b"x" * size), 0, NOW_MS).base_offset
        self.known.append(Known(offset, offset + 1, -1, -1, False, None))

    @rule(producer_id=PRODUCERS, committed=st.booleans(), bumps=st.booleans(), coordinator=st.integers(0, 2))
    def end(self, producer_id: int, committed: bool, bumps: bool, coordinator: int) -> None:
        producers, last = self.log.producers, self.log.producers.get(producer_id)
        epoch = (last.epoch if last else 0) + bumps
        refusal = producers.check_marker(producer_id, epoch, coordinator, 2 if bumps else 1)
        if last and coordinator < last.coordinator_epoch:
            assert refusal is ErrorCode.TRANSACTION_COORDINATOR_FENCED
            return
        assert refusal is ErrorCode.NONE
        offset = ended(self.log, producer_id, epoch, committed=committed, coordinator_epoch=coordinator)
        marker = ControlType.COMMIT if committed else ControlType.ABORT
        self.known.append(Known(offset, offset + 1, producer_id, epoch, True, marker))

    @rule(first=PRODUCERS, second=PRODUCERS, size=st.sampled_from([10, 300]), first_committed=st.booleans())
    def interleave(self, first: int, second: int, size: int, first_committed: bool) -> None:
        """Two transactions, of which one may go on; what was written can be read."""
        self.write(first, 1, size)
        self.write(second, 2, size)
        self.end(first, committed=first_committed, bumps=True, coordinator=2)
        self.advance(1)

    @rule(producer_id=PRODUCERS, size=st.sampled_from([10, 300]), rolls=st.booleans())
    def abort(self, producer_id: int, size: int, rolls: bool) -> None:
        self.write(producer_id, 1, size)
        if rolls:
            self.roll()
        self.end(producer_id, committed=False, bumps=True, coordinator=2)
        self.advance(1)

    @rule(part=st.floats(0, 1))
    def advance(self, part: float) -> None:
        """The high watermark moves: only ever forward, and to where a batch ends."""
        ends = [each.end_offset for each in self.known if each.end_offset >= self.log.high_watermark]
        if ends:
            self.log.high_watermark = ends[int(part * (len(ends) - 1))]

    # ── what cuts, and what ends ────────────────────────────────────────────────────────────────────────────

    @rule()
    def roll(self) -> None:
        self.log.roll(NOW_MS)

    @rule()
    @precondition(lambda self: self.waiting is None)
    def begin_checkpoint(self) -> None:
        self.waiting = self.log.begin_flush(checkpoint=True)

    @rule()
    def end_checkpoint(self) -> None:
        if self.waiting is not None:
            self.waiting.sync()
            self.log.end_flush(self.waiting)
            self.waiting = None
            self.saved_recovery_point = self.log.recovery_point

    @rule()
    def checkpoint(self) -> None:
        self.end_checkpoint()
        self.log.checkpoint()
        self.saved_recovery_point = self.log.recovery_point

    @rule(back=st.integers(1, 8))
    def truncate(self, back: int) -> None:
        offset = max(self.log.log_end_offset - back, self.log.log_start_offset)
        self.log.remove_files(self.log.truncate_to(offset, NOW_MS))
        self.known = [each for each in self.known if each.end_offset <= self.log.log_end_offset]
        self._was_cut()
        self.checkpoint()

    @rule()
    def delete_records(self) -> None:
        self.log.delete_records(-1)
        self.log.remove_files(self.log.delete_old_segments(NOW_MS))
        self.checkpoint()

    @rule()
    def start_over(self) -> None:
        offset = self.log.log_end_offset + 7
        self.log.remove_files(self.log.truncate_fully_and_start_at(offset, NOW_MS))
        self.known, self.stable, self.forgotten = [], 0, False
        self.checkpoint()

    @rule(damage=st.sampled_from([None, None, b"\x00\x01" + bytes(32), b"torn"]))
    def stop_and_start(self, damage: bytes | None) -> None:
        """`damage`: something follows the last row of an index of aborted transactions."""
        self.end_checkpoint()
        self.log.close()
        self.disk = self.disk.killed()
        directory = self.disk.directory(PATH)
        for name in directory.names() if damage is not None and self.log.log_start_offset == 0 else ():
            if name.endswith(".txnindex"):
                directory.replace(name, directory.read(name) + (damage or b""))
        self._open(None)
        self.saved_recovery_point = self.log.log_end_offset

    @rule()
    def kill_and_start(self) -> None:
        before = self.state()
        self.log.abandon()
        self.disk = self.disk.killed()
        self._open(self.saved_recovery_point)
        assert self.state() == before

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power(self, seed: int) -> None:
        start = self.log.log_start_offset
        self.log.abandon()
        self.disk = self.disk.crashed(Random(seed))
        if not self.disk.directory(PATH).made():
            self.create()
            return
        self._open(self.saved_recovery_point)
        # A disk may even bring back what was cut: what counts is what the log holds now.
        before = [each for each in self.known if each.end_offset <= start]
        self.known = before + [
            Known.of(each) for each in read_all(self.log, start) if each.base_offset >= start
        ]
        self._was_cut()

    def _was_cut(self) -> None:
        self.stable = 0
        self.forgotten = self.forgotten or self.log.log_start_offset > 0

    def _open(self, recovery_point: int | None) -> None:
        """As the broker does with a partition's only replica: all that is there can be read."""
        start = self.log.log_start_offset
        self.waiting = None
        self.log = Log.open(
            self.disk.directory(PATH),
            CONFIG,
            now_ms=NOW_MS,
            recovery_point=recovery_point,
            log_start_offset=start,
        )
        self.log.high_watermark = self.log.log_end_offset

    def state(self) -> object:
        """What a restart must not change."""
        return (
            [(each.producer_id, each.epoch, each.current_txn_first_offset, each.coordinator_epoch)
             for each in sorted(self.log.producers, key=lambda each: each.producer_id)],
            list(self.log.aborted),
        )  # fmt: skip

    # ── what always holds ───────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_open_transactions_are_those_of_the_list(self) -> None:
        open_ = {
            each.producer_id: each.first_offset for each in transactions(self.known) if each.committed is None
        }
        found = {
            each.producer_id: each.current_txn_first_offset
            for each in self.log.producers
            if each.current_txn_first_offset >= 0
        }
        if self.forgotten:
            start = self.log.segments[0].base_offset
            open_ = {producer_id: offset for producer_id, offset in open_.items() if offset >= start}
            assert open_.items() <= found.items()
        else:
            assert found == open_

    @invariant()
    def the_last_stable_offset_is_that_of_the_list_and_never_goes_back(self) -> None:
        log = self.log
        unstable = [
            each.first_offset for each in transactions(self.known) if each.last_offset >= log.high_watermark
        ]
        wanted = max(min([log.high_watermark, *unstable]), log.log_start_offset)
        assert log.log_start_offset <= log.last_stable_offset <= log.high_watermark
        assert log.last_stable_offset >= self.stable
        if not self.forgotten:
            assert log.last_stable_offset == wanted
        self.stable = log.last_stable_offset

    @rule(where=st.floats(0, 1), width=st.integers(0, 40))
    def read_aborted(self, where: float, width: int) -> None:
        start, end = self.log.log_start_offset, self.log.last_stable_offset
        first = start + int(where * max(end - start, 0))
        self._check_aborted(first, min(first + width, end))

    @invariant()
    def all_aborted_transactions_are_named(self) -> None:
        self._check_aborted(self.log.log_start_offset, self.log.last_stable_offset)

    def _check_aborted(self, start: int, end: int) -> None:
        wanted = [
            (each.producer_id, each.first_offset)
            for each in transactions(self.known)
            if each.committed is False
            and each.last_offset >= start
            and each.first_offset < end
            and start < end
        ]
        found = [(each.producer_id, each.first_offset) for each in self.log.aborted.between(start, end)]
        assert found == sorted(found, key=lambda each: each[1])
        if self.forgotten:
            base = self.log.segments[0].base_offset
            assert {each for each in wanted if each[1] >= base} <= set(found)
        else:
            assert sorted(found) == sorted(wanted)


TransactionsModel.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestTransactionsModel = TransactionsModel.TestCase


class LongTransactionsModel(TransactionsModel):
    """The same, for as long as it takes to believe it."""


LongTransactionsModel.TestCase.settings = settings(max_examples=1500, stateful_step_count=50, deadline=None)
TestLongTransactionsModel = pytest.mark.heavy(pytest.mark.timeout(1800)(LongTransactionsModel.TestCase))
