"""Compaction on a real disk: whole rounds over whole logs, against a model, with crashes at every step."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import apache

from ottla.core.limits import COMPACTION_MAP_ENTRY_BYTES
from ottla.log.aborted import AbortedTransaction
from ottla.log.compaction import Compaction, CompactionCancelled, last_records
from ottla.log.compaction_offsets import CleanerOffsets
from ottla.log.compaction_survey import Survey, survey
from ottla.log.config import LogConfig
from ottla.log.directory import Directory
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.producers import Producers
from ottla.log.system_directory import SystemDirectory
from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker
from ottla.records.errors import CorruptRecordError
from ottla.records.reader import read_records
from ottla.records.record import Record

NOW = 10_000_000
DAY = 86_400_000
CONFIG = LogConfig(
    segment_bytes=2000,
    index_interval_bytes=200,
    cleanup_policy=frozenset({"compact"}),
    delete_retention_ms=1000,
    min_cleanable_dirty_ratio=0.0,
    segment_ms=100 * DAY,
)


def disk(path: Path) -> SystemDirectory:
    return SystemDirectory(str(path), OpenFiles(50))


def new_log(path: Path, config: LogConfig = CONFIG) -> Log:
    return Log.create(disk(path / "topic-0"), config, bytes(16), NOW)


def append(
    log: Log, *records: tuple[bytes | None, bytes | None], codec: Codec = Codec.NONE, **fields: object
) -> int:
    """Append one batch; its base offset."""
    builder = BatchBuilder(codec, **fields)  # type: ignore[arg-type]
    for key, value in records:
        builder.append(NOW, key, value)
    appended = log.append(Batch(builder.build()), 0, NOW)
    log.high_watermark = log.log_end_offset
    return appended.base_offset


def append_marker(log: Log, control_type: ControlType, producer_id: int) -> int:
    marker = EndTransactionMarker(control_type, 0)
    raw = build_end_transaction_marker(marker, producer_id=producer_id, producer_epoch=0, timestamp_ms=NOW)
    appended = log.append_marker(Batch(raw), marker, 0, NOW)
    log.high_watermark = log.log_end_offset
    return appended.base_offset


def settle(log: Log) -> None:
    """What the broker's checkpoint does once a minute."""
    log.checkpoint()


def compact(
    log: Log,
    checkpoint: int | None = None,
    now_ms: int = NOW,
    *,
    producers: Producers | None = None,
    map_bytes: int = 1 << 20,
) -> int:
    """One whole round; where the next one begins."""
    found = survey(log, checkpoint, now_ms)
    round_ = Compaction(log, found, now_ms, last=last_records(producers or Producers()), map_bytes=map_bytes)
    for group in round_.prepare():
        log.remove_files(round_.swap(log, round_.clean(group)))
    return round_.end_offset


def all_batches(log: Log, offset: int | None = None) -> list[Batch]:
    """Read from an offset to the end, as a consumer does."""
    found: list[Batch] = []
    offset = log.log_start_offset if offset is None else offset
    while offset < log.log_end_offset:
        read = log.read(offset, 1 << 20, log.log_end_offset)
        read.load()
        if not read.records:
            break
        found += batches(bytes(read.records))
        offset = read.next_offset
    assert all(batch.crc_is_valid() for batch in found)
    return found


def all_records(log: Log, offset: int | None = None) -> list[Record]:
    return [
        record for batch in all_batches(log, offset) if not batch.is_control for record in read_records(batch)
    ]


def newest(records: Iterable[Record]) -> dict[bytes | None, Record]:
    return {record.key: record for record in records}


def reopened(log: Log, *, crashed: bool = False) -> Log:
    recovery_point = log.recovery_point if crashed else None
    if not crashed:
        log.close()
    return Log.open(
        disk(Path(log.directory.path)),
        log.config,
        now_ms=NOW,
        recovery_point=recovery_point,
        high_watermark=log.high_watermark,
    )


def filled(path: Path, config: LogConfig = CONFIG, rounds: int = 200) -> Log:
    """Twenty keys, each overwritten many times, in some dozen segments, sealed but for the last."""
    log = new_log(path, config)
    for number in range(rounds):
        append(log, (b"key %d" % (number % 20), b"value %d" % number), (b"once %d" % (number // 50), b"x"))
    settle(log)
    return log


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_record_of_each_key_stays_where_it_was(tmp_path: Path) -> None:
    log = filled(tmp_path)
    before = all_records(log)
    segments, size = len(log.segments), log.size_bytes
    end = compact(log)
    after = all_records(log)
    assert end == log.segments.active.base_offset
    assert newest(after) == newest(before)
    by_offset = {record.offset: record for record in before}
    assert all(by_offset[record.offset] == record for record in after)
    clean = [record.key for record in after if record.offset < end]
    assert len(clean) == len(set(clean))
    assert [record for record in after if record.offset >= end] == [
        record for record in before if record.offset >= end
    ]
    assert len(log.segments) < segments
    assert log.size_bytes < size / 2
    assert log.log_end_offset == before[-1].offset + 1
    assert log.log_start_offset == 0


def test_every_offset_can_be_read_from_and_the_files_are_what_memory_says(tmp_path: Path) -> None:
    log = filled(tmp_path)
    compact(log)
    for opened in (log, reopened(log), reopened(log, crashed=True)):
        expected = all_records(opened)
        for offset in range(opened.log_end_offset):
            found = all_records(opened, offset)
            assert [each for each in found if each.offset >= offset] == [
                each for each in expected if each.offset >= offset
            ]
        assert opened.log_end_offset == 400
    names = {path.name for path in (tmp_path / "topic-0").iterdir()}
    assert not [name for name in names if name.endswith((".cleaned", ".swap", ".deleted"))]


def test_indexes_of_cleaned_segments_are_right(tmp_path: Path) -> None:
    log = new_log(tmp_path, replace(CONFIG, segment_bytes=8000))
    for number in range(600):
        builder = BatchBuilder()
        builder.append(NOW + number, b"key %d" % (number % 300), b"value %d" % number)
        log.append(Batch(builder.build()), 0, NOW)
    log.high_watermark = log.log_end_offset
    settle(log)
    compact(log)
    for opened in (log, reopened(log)):
        assert sum(len(segment.index) for segment in opened.segments.sealed) > 50
        for record in all_records(opened):
            found = opened.offset_for_timestamp(record.timestamp)
            assert found is not None
            assert (found.offset, found.timestamp) == (record.offset, record.timestamp)


def test_a_second_round_has_nothing_to_do_and_a_third_takes_what_is_new(tmp_path: Path) -> None:
    log = filled(tmp_path)
    end = compact(log)
    found = survey(log, end, NOW)
    assert (found.cleanable_bytes, found.is_due(log.config)) == (0, False)
    for number in range(100):
        append(log, (b"key %d" % (number % 20), b"newer %d" % number))
    settle(log)
    before = newest(all_records(log))
    assert survey(log, end, NOW).is_due(log.config)
    assert compact(log, end) > end
    assert newest(all_records(log)) == before


def test_a_full_map_ends_the_round_and_the_next_goes_on(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    for number in range(300):
        append(log, (b"key %d" % (number % 50), b"value %d" % number))
    settle(log)
    before = newest(all_records(log))
    end, rounds = 0, 0
    while end < log.segments.active.base_offset:
        previous, end = end, compact(log, end, map_bytes=COMPACTION_MAP_ENTRY_BYTES * 7)
        assert end > previous
        assert newest(all_records(log)) == before
        rounds += 1
    assert rounds > 5
    clean = [record.key for record in all_records(log) if record.offset < end]
    assert len(clean) == len(set(clean))


def test_tombstones_go_after_their_time(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    append(log, (b"a", b"1"), (b"b", b"2"))
    append(log, (b"a", None))
    for number in range(60):
        append(log, (b"filler", b"%d" % number * 20))
    settle(log)
    end = compact(log)
    assert newest(all_records(log))[b"a"].value is None
    for now_ms, stays in ((NOW + 999, True), (NOW + 1000, False)):
        append(log, *[(b"filler", b"y" * 100) for _ in range(30)])
        settle(log)
        log.roll(NOW)
        settle(log)
        end = compact(log, end, now_ms)
        assert (b"a" in newest(all_records(log))) == stays
    assert newest(all_records(log))[b"b"].value == b"2"


def test_transactions(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    fields = {"is_transactional": True, "producer_epoch": 0}
    append(log, (b"a", b"old"))
    first = append(log, (b"a", b"aborted"), producer_id=1, base_sequence=0, **fields)
    append(log, (b"b", b"committed"), producer_id=2, base_sequence=0, **fields)
    abort = append_marker(log, ControlType.ABORT, 1)
    commit = append_marker(log, ControlType.COMMIT, 2)
    for number in range(60):
        append(log, (b"filler", b"%d" % number * 20))
    settle(log)
    compact(log)
    values = {record.key: record.value for record in all_records(log)}
    assert (values[b"a"], values[b"b"]) == (b"old", b"committed")
    markers = [batch.base_offset for batch in all_batches(log) if batch.is_control]
    assert markers == [abort, commit]
    assert (
        list(log.aborted) == list(reopened(log).aborted) == [AbortedTransaction(1, first, abort, first + 1)]
    )
    compact(log, 0)  # nothing of the aborted transaction is left: its marker gets a horizon
    assert list(log.aborted) == []
    compact(log, 0, NOW + 5000)
    assert [batch.base_offset for batch in all_batches(log) if batch.is_control] == [commit]


def test_producers_keep_their_last_sequence(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    producers = Producers()
    for number in range(100):
        builder = BatchBuilder(producer_id=number % 3, producer_epoch=0, base_sequence=number // 3)
        builder.append(NOW, b"same key", b"value")
        batch = Batch(builder.build())
        producers.appended(batch, log.append(batch, 0, NOW).base_offset)
    for _ in range(60):
        append(log, (b"same key", b"filler" * 20))
    log.high_watermark = log.log_end_offset
    settle(log)
    compact(log, producers=producers)
    rebuilt = Producers()
    for batch in all_batches(log):
        rebuilt.appended(batch, batch.base_offset)
    for producer_id in range(3):
        before, after = producers.get(producer_id), rebuilt.get(producer_id)
        assert before is not None
        assert after is not None
        assert after.batches[-1] == before.batches[-1]


@pytest.mark.parametrize("codec", list(Codec))
def test_codecs(tmp_path: Path, codec: Codec) -> None:
    log = new_log(tmp_path)
    for number in range(40):
        records = [(b"key %d" % each, b"some value %d" % number * 5) for each in range(number % 3, 60, 3)]
        append(log, *records, codec=codec)
    settle(log)
    before = newest(all_records(log))
    compact(log)
    assert newest(all_records(log)) == before
    assert {batch.codec for batch in all_batches(log) if batch.records_count} == {codec}


def test_batches_larger_than_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ottla.log.compaction_files.COMPACTION_CHUNK_BYTES", 300)
    log = new_log(tmp_path, replace(CONFIG, segment_bytes=20_000))
    for number in range(60):
        append(log, (b"key %d" % (number % 4), bytes(number * 50)))
    settle(log)
    before = newest(all_records(log))
    compact(log)
    assert newest(all_records(log)) == before


# ── what takes part ──────────────────────────────────────────────────────────────────────────────────────


def test_the_active_segment_never_takes_part(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    append(log, (b"a", b"1"), (b"a", b"2"))
    settle(log)
    assert survey(log, None, NOW) == Survey(0, 0, 0, 0, False)
    log.roll(NOW)
    settle(log)
    assert survey(log, None, NOW).first_uncleanable_offset == 2


def test_nothing_above_the_last_stable_offset_takes_part(tmp_path: Path) -> None:
    log = filled(tmp_path)
    third = log.segments[3].base_offset
    log.high_watermark = third + 1
    assert survey(log, None, NOW).first_uncleanable_offset == third


def test_nothing_that_is_not_on_disk_takes_part(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    for number in range(50):
        append(log, (b"a", b"value %d" % number * 10))
    assert len(log.segments) > 2
    assert survey(log, None, NOW).cleanable_bytes == 0
    settle(log)
    assert survey(log, None, NOW).first_uncleanable_offset == log.segments.active.base_offset


def test_min_compaction_lag(tmp_path: Path) -> None:
    log = filled(tmp_path, replace(CONFIG, min_compaction_lag_ms=5000))
    assert survey(log, None, NOW + 4999).first_uncleanable_offset == 0
    assert survey(log, None, NOW + 5000).first_uncleanable_offset == log.segments.active.base_offset


def test_max_compaction_lag_overrules_the_ratio(tmp_path: Path) -> None:
    log = filled(tmp_path, replace(CONFIG, max_compaction_lag_ms=5000, min_cleanable_dirty_ratio=1.0))
    assert not survey(log, None, NOW + 5000).is_due(log.config)
    assert survey(log, None, NOW + 5001).is_due(log.config)
    reread = reopened(log)
    assert survey(reread, None, NOW + 5001).is_overdue


def test_dirty_ratio(tmp_path: Path) -> None:
    log = filled(tmp_path, replace(CONFIG, min_cleanable_dirty_ratio=0.5))
    middle = len(log.segments) // 2
    found = survey(log, log.segments[middle].base_offset, NOW)
    assert found.clean_bytes == sum(segment.size for segment in log.segments[:middle])
    assert found.cleanable_bytes == sum(segment.size for segment in log.segments[middle:-1])
    assert found.dirty_ratio == found.cleanable_bytes / (found.clean_bytes + found.cleanable_bytes)
    assert survey(log, None, NOW).is_due(log.config)
    assert not survey(log, log.segments[-2].base_offset, NOW).is_due(log.config)
    assert not survey(log, None, NOW).is_due(replace(log.config, cleanup_policy=frozenset({"delete"})))


@pytest.mark.parametrize("checkpoint", [10**9, -1])
def test_a_checkpoint_outside_the_log_counts_for_nothing(tmp_path: Path, checkpoint: int) -> None:
    log = filled(tmp_path)
    assert survey(log, checkpoint, NOW) == survey(log, None, NOW)
    log.delete_records(log.segments[2].base_offset)
    assert survey(log, 0, NOW).first_dirty_offset == log.segments[2].base_offset


# ── what may happen meanwhile ────────────────────────────────────────────────────────────────────────────


def test_appends_and_reads_go_on_between_the_steps(tmp_path: Path) -> None:
    log = filled(tmp_path)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    for number, group in enumerate(round_.prepare()):
        append(log, (b"key 3", b"meanwhile %d" % number * 30))
        cleaned = round_.clean(group)
        append(log, (b"key 4", b"meanwhile %d" % number * 30))
        expected = newest(all_records(log))
        log.remove_files(round_.swap(log, cleaned))
        assert newest(all_records(log)) == expected
        settle(log)


async def test_a_round_in_a_worker_thread_beside_a_busy_loop(tmp_path: Path) -> None:
    log = filled(tmp_path, replace(CONFIG, segment_bytes=20_000), rounds=1500)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    appended = 0

    async def produce() -> None:
        nonlocal appended
        while True:
            append(log, (b"busy %d" % (appended % 10), b"x" * 50))
            appended += 1
            await asyncio.sleep(0)

    producing = asyncio.ensure_future(produce())
    async for doomed in round_.run(log, asyncio.to_thread):
        log.remove_files(doomed)
    producing.cancel()
    records = newest(all_records(log))
    assert appended > 0
    assert round_.end_offset > 0
    assert {key: record.value for key, record in records.items()}.keys() >= {b"key 0", b"once 0", b"busy 0"}
    assert all(records[b"key %d" % number].value == b"value %d" % (1480 + number) for number in range(20))


def test_a_cancelled_round_leaves_nothing_behind(tmp_path: Path) -> None:
    log = filled(tmp_path, replace(CONFIG, segment_bytes=100_000), rounds=3000)
    log.roll(NOW)
    settle(log)
    before = all_records(log)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    groups = round_.prepare()
    round_.cancel()
    with pytest.raises(CompactionCancelled):
        round_.clean(groups[0])
    assert all_records(log) == before
    assert not [path for path in (tmp_path / "topic-0").iterdir() if path.name.endswith(".cleaned")]


@pytest.mark.parametrize("when", ["prepared", "cleaned"])
def test_a_log_that_loses_segments_meanwhile_ends_the_round(tmp_path: Path, when: str) -> None:
    log = filled(tmp_path)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    group = round_.prepare()[0]
    cleaned = round_.clean(group) if when == "cleaned" else None
    log.delete_records(log.segments[1].base_offset)
    log.remove_files(log.delete_old_segments(NOW))
    settle(log)
    before = all_records(log)
    with pytest.raises(CompactionCancelled):
        round_.swap(log, cleaned or round_.clean(group))
    assert all_records(log) == before
    assert not [path for path in (tmp_path / "topic-0").iterdir() if path.name.endswith(".cleaned")]


def test_a_log_that_is_truncated_meanwhile_ends_the_round(tmp_path: Path) -> None:
    log = filled(tmp_path)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    cleaned = round_.clean(round_.prepare()[0])
    log.remove_files(log.truncate_to(log.segments[0].base_offset + 10, NOW))
    log.high_watermark = log.log_end_offset
    before = all_records(log)
    with pytest.raises(CompactionCancelled):
        round_.swap(log, cleaned)
    assert all_records(log) == before


def test_a_deleted_partition_ends_the_round(tmp_path: Path) -> None:
    log = filled(tmp_path)
    round_ = Compaction(log, survey(log, None, NOW), NOW)
    groups = round_.prepare()
    (tmp_path / "topic-0").rename(tmp_path / "gone")
    with pytest.raises(CompactionCancelled):
        round_.clean(groups[0])
    with pytest.raises(CompactionCancelled):
        Compaction(log, survey(log, None, NOW), NOW).prepare()


def test_damage_is_reported_and_changes_nothing(tmp_path: Path) -> None:
    log = filled(tmp_path)
    path = tmp_path / "topic-0" / f"{log.segments[1].base_offset:020}.log"
    raw = bytearray(path.read_bytes())
    raw[70] ^= 1
    path.write_bytes(raw)
    before = [segment.base_offset for segment in log.segments]
    with pytest.raises(CorruptRecordError):
        compact(log)
    assert [segment.base_offset for segment in log.segments] == before


def test_a_group_that_is_all_removed_leaves_an_empty_first_segment_or_none(tmp_path: Path) -> None:
    log = new_log(tmp_path, replace(CONFIG, segment_index_bytes=24))
    for number in range(80):
        append(log, (b"a", b"value %d" % number * 8))
    settle(log)
    compact(log)
    assert [record.key for record in all_records(log) if record.offset < log.segments.active.base_offset] == [
        b"a"
    ]
    assert (log.segments[0].base_offset, log.segments[0].size) == (0, 0)
    assert all(segment.size for segment in log.segments[1:])
    assert all_records(reopened(log)) == all_records(log)


def test_compact_and_delete_together(tmp_path: Path) -> None:
    policy = frozenset({"compact", "delete"})
    log = new_log(tmp_path, replace(CONFIG, segment_index_bytes=24, cleanup_policy=policy, retention_ms=5000))
    for number in range(80):
        append(log, (b"a", b"value %d" % number * 8))
    settle(log)
    end = compact(log)
    assert log.segments[0].size == 0
    assert log.delete_old_segments(NOW + 5000) == []
    log.remove_files(log.delete_old_segments(NOW + 5001))
    assert all_records(log) == []
    assert log.log_start_offset == log.log_end_offset
    assert survey(log, end, NOW).first_dirty_offset == log.log_start_offset


# ── crashes ──────────────────────────────────────────────────────────────────────────────────────────────


class Crash(Exception):  # noqa: N818 - it stands for one
    """The process ends here."""


class CrashingDirectory:
    """A directory that fails at the n-th call that changes anything, and at all later ones."""

    CHANGES = frozenset({"put", "patch", "rename", "remove", "sync", "sync_file", "replace"})

    def __init__(self, inner: Directory, after: int) -> None:
        self._inner = inner
        self.left = after

    def __getattr__(self, name: str) -> object:
        attribute = getattr(self._inner, name)
        if name not in self.CHANGES:
            return attribute

        def counted(*arguments: object, **keywords: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise Crash
            return attribute(*arguments, **keywords)

        return counted


def crash_after(log: Log, steps: int) -> bool:
    """Run a round that ends after `steps` changes on disk; whether it did."""
    directory = CrashingDirectory(log.directory, steps)
    log.directory = directory  # type: ignore[assignment]
    log.segments._directory = directory  # type: ignore[assignment]
    for segment in log.segments:
        segment.directory = directory  # type: ignore[assignment]
    try:
        compact(log)
    except Crash:
        return True
    return False


def test_a_crash_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    config = replace(CONFIG, segment_bytes=1200)
    steps, crashed = 0, True
    while crashed:
        log = filled(tmp_path / str(steps), config, rounds=60)
        before = all_records(log)
        point, high_watermark = log.recovery_point, log.high_watermark
        crashed = crash_after(log, steps)
        opened = Log.open(
            disk(tmp_path / str(steps) / "topic-0"),
            config,
            now_ms=NOW,
            recovery_point=point,
            high_watermark=high_watermark,
        )
        after = all_records(opened)
        assert newest(after) == newest(before), steps
        assert set(map(_identity, after)) <= set(map(_identity, before))
        assert opened.log_end_offset == before[-1].offset + 1
        compact(opened)
        assert newest(all_records(opened)) == newest(before)
        steps += 1
    assert steps > 40


def _identity(record: Record) -> tuple[object, ...]:
    return record.offset, record.timestamp, record.key, record.value, record.headers


# ── against a model ──────────────────────────────────────────────────────────────────────────────────────


class History:
    """Random batches, transactions, clocks, restarts and rounds over one log; and what readers must see of it."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.log = new_log(path, replace(CONFIG, segment_bytes=self.chance.choice((600, 2000, 9000))))
        self.now_ms = NOW
        self.end_offset = 0
        self.producers = Producers()
        self.sequences = dict.fromkeys(range(4), 0)
        self.all_aborted: list[AbortedTransaction] = []
        self.open_since: dict[int, int] = {}
        self.visible: dict[bytes, tuple[int, bytes | None]] = {}
        self.staged: dict[int, dict[bytes, tuple[int, bytes | None]]] = {}

    def step(self) -> None:
        action = self.chance.random()
        if action < 0.75:
            self.produce(self.chance.choice((-1, *self.sequences)))
        elif action < 0.85:
            self.end_transaction()
        elif action < 0.9:
            self.now_ms += self.chance.choice((10, 500, 3000))
        elif action < 0.93:
            self.log = reopened(self.log, crashed=self.chance.random() < 0.5)
        else:
            self.compact()
            self.check()

    def produce(self, producer_id: int) -> None:
        chance, is_transactional = self.chance, producer_id in (2, 3)
        records = [
            (b"k%d" % chance.randrange(15), chance.choice((None, b"v" * chance.randrange(40))))
            for _ in range(chance.randint(1, 6))
        ]
        builder = BatchBuilder(
            chance.choice(list(Codec)),
            producer_id=producer_id,
            producer_epoch=-1 if producer_id < 0 else 0,
            base_sequence=self.sequences.get(producer_id, -1),
            is_transactional=is_transactional,
        )
        for key, value in records:
            builder.append(self.now_ms, key, value)
        batch = Batch(builder.build())
        base_offset = self.log.append(batch, 0, self.now_ms).base_offset
        self.log.high_watermark = self.log.log_end_offset
        self.producers.appended(batch, base_offset)
        if producer_id >= 0:
            self.sequences[producer_id] += len(records)
        if is_transactional:
            self.open_since.setdefault(producer_id, base_offset)
        target = self.staged.setdefault(producer_id, {}) if is_transactional else self.visible
        for delta, (key, value) in enumerate(records):
            target[key] = base_offset + delta, value

    def end_transaction(self) -> None:
        if not self.open_since:
            return
        producer_id = self.chance.choice(list(self.open_since))
        is_commit = self.chance.random() < 0.6
        offset = append_marker(self.log, ControlType.COMMIT if is_commit else ControlType.ABORT, producer_id)
        first_offset, staged = self.open_since.pop(producer_id), self.staged.pop(producer_id)
        if is_commit:
            for key, entry in staged.items():
                self.visible[key] = max(entry, self.visible.get(key, entry), key=lambda each: each[0])
        else:
            self.all_aborted.append(AbortedTransaction(producer_id, first_offset, offset, -1))

    def compact(self) -> None:
        log = self.log
        assert log.last_stable_offset == min(self.open_since.values(), default=log.log_end_offset)
        settle(log)
        round_ = Compaction(
            log,
            survey(log, self.end_offset, self.now_ms),
            self.now_ms,
            last=last_records(log.producers),
            map_bytes=self.chance.choice((1 << 20, 1000)),
        )
        for group in round_.prepare():
            log.remove_files(round_.swap(log, round_.clean(group)))
        self.end_offset = round_.end_offset

    def check(self) -> None:
        found: dict[bytes, tuple[int, bytes | None]] = {}
        rebuilt, last_offset = Producers(), -1
        for batch in all_batches(self.log):
            assert batch.base_offset > last_offset
            last_offset = batch.last_offset
            rebuilt.appended(batch, batch.base_offset)
            if self.is_visible(batch):
                found |= {record.key or b"": (record.offset, record.value) for record in read_records(batch)}
        assert last_offset + 1 == self.log.log_end_offset
        assert all(self.visible[key] == entry for key, entry in found.items())
        assert found.keys() >= {key for key, (_, value) in self.visible.items() if value is not None}
        for producer in self.producers:
            again = rebuilt.get(producer.producer_id)
            assert again is not None
            assert again.batches[-1].last_sequence == producer.batches[-1].last_sequence

    def is_visible(self, batch: Batch) -> bool:
        if batch.is_control or not batch.is_transactional:
            return not batch.is_control
        if batch.base_offset >= self.open_since.get(batch.producer_id, 1 << 62):
            return False
        is_aborted = any(
            each.producer_id == batch.producer_id
            and each.first_offset <= batch.base_offset < each.last_offset
            for each in self.all_aborted
        )
        indexed = any(
            each.producer_id == batch.producer_id
            and each.first_offset <= batch.base_offset < each.last_offset
            for each in self.log.aborted.between(batch.base_offset, batch.next_offset)
        )
        assert not is_aborted or indexed, "a reader would take aborted records for committed ones"
        return not is_aborted


@pytest.mark.parametrize("seed", range(20))
def test_random_histories(tmp_path: Path, seed: int) -> None:
    history = History(tmp_path, seed)
    for _ in range(250):
        history.step()
    history.compact()
    history.check()


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_checkpoint_file_is_kafkas(tmp_path: Path) -> None:
    offsets = CleanerOffsets.open(disk(tmp_path))
    assert offsets.get("topic", 0) is None
    offsets.set("topic", 0, 500)
    offsets.set("other", 3, 7)
    offsets.save(offsets.text())
    assert (tmp_path / "cleaner-offset-checkpoint").read_text() == "0\n2\ntopic 0 500\nother 3 7\n"
    offsets.forget("other", 3)
    offsets.save(offsets.text())
    again = CleanerOffsets.open(disk(tmp_path))
    assert (again.get("topic", 0), again.get("other", 3)) == (500, None)


def test_a_damaged_checkpoint_file_makes_all_dirty(tmp_path: Path) -> None:
    (tmp_path / "cleaner-offset-checkpoint").write_text("7\nnonsense\n")
    assert CleanerOffsets.open(disk(tmp_path)).get("topic", 0) is None


@pytest.mark.java
def test_apache_kafkas_tool_reads_a_compacted_log(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    for number in range(60):
        fields = {"producer_id": number % 3, "producer_epoch": 0, "base_sequence": 2 * (number // 3)}
        value = None if number % 7 == 3 else b"value %d" % number
        append(log, (b"key %d" % (number % 9), value), (b"a", b"b"), codec=list(Codec)[number % 5], **fields)
    append_marker(log, ControlType.ABORT, 9)
    append(log, *[(b"filler", b"x" * 50) for _ in range(50)])
    settle(log)
    compact(log)
    records, headers = all_records(log), len(all_batches(log))
    log.close()
    files = sorted(str(path) for path in (tmp_path / "topic-0").glob("*.log"))
    logs = apache.run_tool(
        "kafka.tools.DumpLogSegments", "--deep-iteration", "--files", ",".join(files)
    ).decode()
    lines = logs.splitlines()
    assert sum(line.startswith("baseOffset:") for line in lines) == headers
    assert sum(line.startswith("| offset:") for line in lines) == len(records) + 1
    assert "deleteHorizonMs: OptionalLong[" in logs
    assert "isvalid: false" not in logs
    for extension in ("index", "timeindex"):
        names = ",".join(sorted(str(path) for path in (tmp_path / "topic-0").glob(f"*.{extension}")))
        said = apache.run_tool("kafka.tools.DumpLogSegments", "--files", names).decode()
        assert "Mismatches" not in said
        assert "non-consecutive" not in said
        assert "Found timestamp mismatch" not in said
