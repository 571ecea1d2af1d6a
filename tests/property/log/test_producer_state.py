"""A log's producers against a list: whatever is appended, cut, damaged and reopened, the last batches are known."""

from dataclasses import dataclass
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all

from ottla.core.errors import ErrorCode
from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.log.producers import AppendedBatch
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.testing.directory import Disk

CONFIG = LogConfig(segment_bytes=900, index_interval_bytes=200, retention_ms=-1)
PATH = "/data/t-0"


@dataclass(frozen=True)
class Known:
    """A batch of an idempotent producer as the model knows it."""

    batch: Batch
    base_offset: int

    @property
    def end_offset(self) -> int:
        return self.base_offset + self.batch.records_count


def produced(producer_id: int, epoch: int, base_sequence: int, count: int) -> Batch:
    builder = BatchBuilder(producer_id=producer_id, producer_epoch=epoch, base_sequence=base_sequence)
    for number in range(count):
        builder.append(NOW_MS + number, b"k", b"v" * 50)
    return Batch(builder.build())


class ProducersModel(RuleBasedStateMachine):
    """`known` holds every producer's batches, also those that DeleteRecords took."""

    @initialize()
    def create(self) -> None:
        self.disk = Disk()
        self.disk.directory("/data").make()
        self.disk.directory("/data").sync_entry()
        self.log = Log.create(self.disk.directory(PATH), CONFIG, TOPIC_ID, NOW_MS)
        self.known: dict[int, list[Known]] = {}
        self.start = self.saved_recovery_point = 0
        self.damaged = False
        self.cut_after_deletion = False

    @rule(producer_id=st.integers(0, 3), count=st.integers(1, 4), new_epoch=st.booleans())
    def produce(self, producer_id: int, count: int, new_epoch: bool) -> None:
        last = self.log.producers.get(producer_id)
        epoch, sequence = (last.epoch, last.batches[-1].last_sequence + 1) if last else (0, 0)
        if new_epoch and last:
            epoch, sequence = epoch + 1, 0
        made = produced(producer_id, epoch, sequence, count)
        assert self.log.producers.check(made) is ErrorCode.NONE
        appended = self.log.append(made, 0, NOW_MS)
        self.known.setdefault(producer_id, []).append(Known(made, appended.base_offset))

    @rule(size=st.sampled_from([10, 300]))
    def append_plainly(self, size: int) -> None:
        self.log.append(batch(b"x" * size), 0, NOW_MS)

    @rule()
    def roll(self) -> None:
        self.log.roll(NOW_MS)

    @rule(between=st.integers(0, 2))
    def checkpoint(self, between: int) -> None:
        """A checkpoint whose sync runs while the log goes on."""
        flush = self.log.begin_flush(checkpoint=True)
        if between:
            self.produce(between, 2, False)
        flush.sync()
        if between:
            self.roll()
        self.log.end_flush(flush)
        self.saved_recovery_point = self.log.recovery_point
        names = self.disk.directory(PATH).names()
        settled = [
            name
            for name in names
            if name.endswith(".snapshot") and int(name[:20]) <= self.saved_recovery_point
        ]
        assert len(settled) <= 2, names

    @rule(back=st.integers(1, 6), during_checkpoint=st.booleans())
    def truncate(self, back: int, during_checkpoint: bool) -> None:
        flush = self.log.begin_flush(checkpoint=True) if during_checkpoint else None
        self.log.remove_files(self.log.truncate_to(max(self.log.log_end_offset - back, self.start), NOW_MS))
        self._forget_after_end()
        self.saved_recovery_point = min(self.saved_recovery_point, self.log.log_end_offset)
        if flush is not None:
            flush.sync()
            self.log.end_flush(flush)
        self.checkpoint(0)

    @rule()
    @precondition(lambda self: not self.damaged)
    def delete_records(self) -> None:
        self.log.high_watermark = self.log.log_end_offset
        self.start = self.log.delete_records(-1)
        self.log.remove_files(self.log.delete_old_segments(NOW_MS))

    @rule()
    def start_over(self) -> None:
        self.start = self.log.log_end_offset + 7
        self.log.remove_files(self.log.truncate_fully_and_start_at(self.start, NOW_MS))
        self.known = {}
        self.cut_after_deletion = False
        self.log.checkpoint()
        self.saved_recovery_point = self.start

    @rule(position=st.integers(0, 200))
    @precondition(lambda self: self.start == 0)
    def damage(self, position: int) -> None:
        """One byte of the newest snapshot; what it said is read from the batches again."""
        directory = self.disk.directory(PATH)
        name = max((each for each in directory.names() if each.endswith(".snapshot")), default=None)
        if name is not None:
            self.damaged = True
            data = bytearray(directory.read(name))
            if data:
                data[position % len(data)] ^= 0x40
            directory.put(name, data)

    @rule()
    def stop_and_start(self) -> None:
        self.log.close()
        self.disk = self.disk.killed()
        self._open(None)
        self.saved_recovery_point = self.log.log_end_offset

    @rule()
    def kill_and_start(self) -> None:
        self.log.abandon()
        self.disk = self.disk.killed()
        self._open(self.saved_recovery_point)

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power(self, seed: int) -> None:
        self.log.abandon()
        self.disk = self.disk.crashed(Random(seed))
        if not self.disk.directory(PATH).made():
            self.create()
            return
        self._open(self.saved_recovery_point)
        self.cut_after_deletion = self.cut_after_deletion or self.start > 0
        self.known = {}  # a disk may even bring back what was cut: what counts is what the log holds now
        for each in read_all(self.log, self.log.segments[0].base_offset if self.start == 0 else self.start):
            if each.producer_id >= 0:
                self.known.setdefault(each.producer_id, []).append(Known(each, each.base_offset))

    def _open(self, recovery_point: int | None) -> None:
        self.log = Log.open(
            self.disk.directory(PATH),
            CONFIG,
            now_ms=NOW_MS,
            recovery_point=recovery_point,
            log_start_offset=self.start,
        )

    def _forget_after_end(self) -> None:
        end_offset = self.log.log_end_offset
        self.cut_after_deletion = self.cut_after_deletion or self.start > 0
        for producer_id, sent in self.known.items():
            self.known[producer_id] = [each for each in sent if each.end_offset <= end_offset]

    @invariant()
    def the_last_batch_of_each_is_known_again(self) -> None:
        for producer_id, sent in self.known.items():
            if sent and not (self.cut_after_deletion and sent[-1].end_offset <= self.start):
                verdict = self.log.producers.check(sent[-1].batch)
                assert isinstance(verdict, AppendedBatch), (producer_id, verdict)
                assert verdict.base_offset == sent[-1].base_offset
            elif not sent and not self.cut_after_deletion:
                assert self.log.producers.get(producer_id) is None


ProducersModel.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestProducers = ProducersModel.TestCase
