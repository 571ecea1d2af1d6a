"""A log against a list: whatever is appended, read, cut and reopened, both hold the same."""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all, values

from ottla.log.config import LogConfig
from ottla.log.flush import Flush
from ottla.log.log import Log
from ottla.records.batch import batches
from ottla.testing.directory import Disk

CONFIG = LogConfig(segment_bytes=1500, index_interval_bytes=200, retention_ms=-1, segment_index_bytes=96)


@dataclass(frozen=True)
class Known:
    """A batch as the model knows it."""

    base_offset: int
    values: tuple[bytes, ...]
    timestamp: int
    epoch: int

    @property
    def end_offset(self) -> int:
        return self.base_offset + len(self.values)

    @property
    def max_timestamp(self) -> int:
        return self.timestamp + len(self.values) - 1


class LogModel(RuleBasedStateMachine):
    """`known` is the model; `saved` is what a data directory's checkpoint files would say.

    `waiting` is a checkpoint that has begun and whose thread has not: all else may happen meanwhile.
    """

    waiting: Flush | None = None

    @initialize()
    def create(self) -> None:
        self.disk = Disk()
        self.disk.directory("/data").make()
        self.disk.directory("/data").sync_entry()
        self.log = Log.create(self.disk.directory("/data/t-0"), CONFIG, TOPIC_ID, NOW_MS)
        self.known: list[Known] = []
        self.start = 0
        self.epoch = 0
        self.saved_recovery_point = 0
        self.waiting = None

    @property
    def end(self) -> int:
        return self.known[-1].end_offset if self.known else self.start

    @rule(
        count=st.integers(1, 4),
        size=st.sampled_from([0, 10, 100, 700, 2000]),
        timestamp=st.integers(0, 50),
    )
    def append(self, count: int, size: int, timestamp: int) -> None:
        written = tuple(b"%d" % (self.end + number) + b"." * size for number in range(count))
        appended = self.log.append(
            batch(*written, timestamp=NOW_MS + timestamp), self.epoch, NOW_MS + timestamp
        )
        assert appended == (self.end, self.end + count - 1, -1)
        self.known.append(Known(self.end, written, NOW_MS + timestamp, self.epoch))

    @rule()
    def new_leader(self) -> None:
        self.epoch += 1

    @rule(
        where=st.floats(0, 1), end=st.floats(0, 1), max_bytes=st.sampled_from([0, 1, 70, 300, 1000, 10_000]),
        at_least_one=st.booleans(), cold=st.booleans(),
    )  # fmt: skip
    def read(self, where: float, end: float, max_bytes: int, at_least_one: bool, cold: bool) -> None:
        offset = self.start + int(where * (self.end - self.start))
        end_offset = self._boundary(end)
        self.disk.cold = cold
        read = self.log.read(offset, max_bytes, end_offset, at_least_one)
        records = read.load() if read.cold else read.records
        self.disk.cold = False
        self._check(list(batches(records)), len(records), offset, end_offset)
        first = next((each for each in self.known if each.end_offset > offset), None)
        if at_least_one and first is not None and first.end_offset <= end_offset:
            assert len(records) > 0
        if len(records) > max_bytes:
            assert at_least_one
            assert len(list(batches(records))) == 1

    def _boundary(self, part: float) -> int:
        """An offset at which a batch ends: high watermarks lie at such."""
        ends = [self.start, *(each.end_offset for each in self.known)]
        return ends[int(part * (len(ends) - 1))]

    def _check(self, found: list, size: int, offset: int, end_offset: int) -> None:  # type: ignore[type-arg]
        assert sum(each.size_in_bytes for each in found) == size, "a batch was cut"
        wanted = [each for each in self.known if each.end_offset > offset][: len(found)]
        assert [each.base_offset for each in found] == [each.base_offset for each in wanted]
        for batch_read, each in zip(found, wanted, strict=True):
            assert batch_read.crc_is_valid()
            assert values(batch_read.buffer) == list(each.values)
            assert batch_read.partition_leader_epoch == each.epoch
            assert batch_read.next_offset <= end_offset

    @rule(timestamp=st.integers(-5, 60))
    def find_timestamp(self, timestamp: int) -> None:
        target = NOW_MS + timestamp
        wanted = next(
            (
                (each.base_offset + number, each.timestamp + number)
                for each in self.known
                for number in range(len(each.values))
                if each.timestamp + number >= target and each.base_offset + number >= self.start
            ),
            None,
        )
        found = self.log.offset_for_timestamp(target)
        assert (None if found is None else (found.offset, found.timestamp)) == wanted

    @rule()
    def greatest_timestamp(self) -> None:
        # A record that DeleteRecords hid may still hold the greatest timestamp of its segment.
        if self.start in {each.base_offset for each in self.known} and self.start == self._first_base():
            found = self.log.latest_by_timestamp()
            assert found is not None
            assert found.timestamp == max(each.max_timestamp for each in self.known)

    def _first_base(self) -> int:
        return self.log.segments[0].base_offset

    @rule()
    def roll(self) -> None:
        self.log.roll(NOW_MS)

    @rule(part=st.floats(0, 1))
    def truncate(self, part: float) -> None:
        offset = self._boundary(part)
        doomed = self.log.truncate_to(offset, NOW_MS)
        self.log.remove_files(doomed)
        self.known = [each for each in self.known if each.end_offset <= offset]
        self.start = min(self.start, offset)
        self._checkpoint()

    @rule(part=st.floats(0, 1))
    def delete_records(self, part: float) -> None:
        self.log.high_watermark = self.log.log_end_offset
        self.start = self.start + int(part * (self.end - self.start))
        assert self.log.delete_records(self.start) == self.start
        self.log.remove_files(self.log.delete_old_segments(NOW_MS))
        self.known = [each for each in self.known if each.end_offset > self.start]
        self._checkpoint()

    @rule()
    def start_over(self) -> None:
        self.start = self.end + 7
        self.log.remove_files(self.log.truncate_fully_and_start_at(self.start, NOW_MS))
        self.known = []
        self._checkpoint()

    @rule()
    def flush(self) -> None:
        flush = self.log.begin_flush()
        flush.sync()
        self.log.end_flush(flush)
        assert self.log.flushed_offset == self.end

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
    def _checkpoint(self) -> None:
        self.end_checkpoint()
        self.log.checkpoint()
        assert self.log.recovery_point == self.end
        self.saved_recovery_point = self.end

    @rule()
    def checkpoint_meanwhile(self) -> None:
        """A checkpoint whose sync runs while the log goes on."""
        self.end_checkpoint()
        flush = self.log.begin_flush(checkpoint=True)
        self.append(2, 100, 3)
        flush.sync()
        self.append(1, 700, 4)
        self.log.end_flush(flush)
        self.saved_recovery_point = self.log.recovery_point

    @rule()
    def stop_and_start(self) -> None:
        self.end_checkpoint()
        self.log.close()
        self.disk = self.disk.killed()
        self._open(None)
        assert self.log.log_end_offset == self.end
        assert not self.log.dirty or self.start == self.end
        self.saved_recovery_point = self.end

    @rule()
    def kill_and_start(self) -> None:
        self.log.abandon()
        self.disk = self.disk.killed()
        self._open(self.saved_recovery_point)
        assert self.log.recovered_bytes_cut == 0
        assert self.log.log_end_offset == self.end

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power(self, seed: int) -> None:
        flushed_offset = self.log.flushed_offset
        self.log.abandon()
        self.disk = self.disk.crashed(Random(seed))
        if not self.disk.directory("/data/t-0").made():
            assert flushed_offset == self.start
            self.create()
            return
        self._open(self.saved_recovery_point)
        assert self.log.log_end_offset >= min(flushed_offset, self.end)
        self.known = [each for each in self.known if each.end_offset <= self.log.log_end_offset]
        assert self.end == self.log.log_end_offset

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power_after_a_flush_beside_a_checkpoint(self, seed: int) -> None:
        self.append(1, 2000, 0)
        self.log.roll(NOW_MS)
        if self.waiting is None:
            self.begin_checkpoint()
        self.append(1, 10, 0)
        self.flush()
        self.lose_power(seed)

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power_after_a_kill(self, seed: int) -> None:
        """What the killed one left in the page cache, names of files too, the next one has to sync."""
        self.checkpoint_meanwhile()
        self.append(1, 2000, 0)
        self.append(1, 10, 0)
        self.kill_and_start()
        self.flush()
        self.lose_power(seed)

    def _open(self, recovery_point: int | None) -> None:
        self.waiting = None
        self.log = Log.open(
            self.disk.directory("/data/t-0"),
            CONFIG,
            now_ms=NOW_MS,
            recovery_point=recovery_point,
            log_start_offset=self.start,
            high_watermark=self.log.high_watermark,
        )

    @invariant()
    def same_as_the_model(self) -> None:
        assert self.log.log_start_offset == self.start
        assert self.log.log_end_offset == self.end
        assert self.log.log_start_offset <= self.log.high_watermark <= self.log.log_end_offset
        assert self.log.recovery_point <= self.log.flushed_offset <= self.log.log_end_offset
        found = [each.base_offset for each in read_all(self.log, max_bytes=600)]
        assert found == [each.base_offset for each in self.known]

    @invariant()
    @precondition(lambda self: self.known)
    def epochs_are_those_of_the_batches(self) -> None:
        for each in self.known:
            epoch, end_offset = self.log.end_offset_for_epoch(each.epoch)
            assert epoch == each.epoch
            assert end_offset == max(other.end_offset for other in self.known if other.epoch == epoch)


LogModel.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestLogModel = LogModel.TestCase


class LongLogModel(LogModel):
    """The same, for as long as it takes to believe it."""


LongLogModel.TestCase.settings = settings(max_examples=4000, stateful_step_count=60, deadline=None)
TestLongLogModel = pytest.mark.heavy(pytest.mark.timeout(1800)(LongLogModel.TestCase))
