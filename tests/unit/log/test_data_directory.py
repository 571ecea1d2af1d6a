"""A data directory: whose it is, what is in it, and that a restart finds it as it was left."""

import errno
import logging
from random import Random

import pytest
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all, sized_batch

from ottla.log.compaction_files import CleanedSegment
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.errors import DataDirectoryError, LogWriteError, OffsetOutOfRange
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.testing.directory import Disk

CONFIG = LogConfig(segment_bytes=700, index_interval_bytes=100, retention_ms=-1)
UNIQUE = bytes(16)


def opened(disk: Disk, cluster_id: str = "c", node_id: int = 1) -> DataDirectory:
    return DataDirectory.open(disk.directory(), cluster_id, node_id, TOPIC_ID)


def filled(disk: Disk, partitions: int = 3) -> DataDirectory:
    data = opened(disk)
    for index in range(partitions):
        log = data.create_log("t", index, CONFIG, TOPIC_ID, NOW_MS)
        for _ in range(10 + index):
            log.append(sized_batch(200), 0, NOW_MS)
        log.high_watermark = 5 + index
    return data


def test_a_new_directory_gets_its_properties() -> None:
    disk = Disk()
    data = opened(disk)
    assert (data.meta.cluster_id, data.meta.node_id, data.meta.directory_id) == ("c", 1, TOPIC_ID)
    assert not data.clean
    assert (
        disk.directory()
        .read("meta.properties")
        .startswith(b"#\nnode.id=1\ndirectory.id=AAECAwQFBgcICQoLDA0ODw\n")
    )
    data.close()
    again = DataDirectory.open(disk.directory(), "c", 1, bytes(16))
    assert again.meta.directory_id == TOPIC_ID
    assert again.clean


def test_after_a_clean_stop_everything_is_as_it_was_and_nothing_is_written_to_find_out() -> None:
    disk = Disk()
    filled(disk).close()
    assert b'{"version":0' in disk.directory().read(".kafka_cleanshutdown")
    assert sorted(disk.directory().read("recovery-point-offset-checkpoint").splitlines()[2:]) == [
        b"t 0 10", b"t 1 11", b"t 2 12",
    ]  # fmt: skip
    data = opened(disk)
    assert not disk.directory().exists(".kafka_cleanshutdown")
    writes = disk.writes
    assert data.partitions == {("t", 0), ("t", 1), ("t", 2)}
    for index in range(3):
        log = data.open_log("t", index, CONFIG, NOW_MS)
        assert (log.log_end_offset, log.high_watermark, log.flushed_offset) == (
            10 + index,
            5 + index,
            10 + index,
        )
        assert data.topic_id("t", index) == TOPIC_ID
        assert data.open_log("t", index, CONFIG, NOW_MS) is log
    assert disk.writes == writes


@pytest.mark.parametrize("many", [False, True], ids=["one by one", "the file system at once"])
@pytest.mark.parametrize("seed", range(5))
def test_what_a_checkpoint_covered_survives_a_power_cut(
    seed: int, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ottla.log.data_checkpoint.FILES_SYNCED_ONE_BY_ONE", 0 if many else 100)
    disk = Disk()
    data = filled(disk)
    checkpoint = data.begin_checkpoint()
    data.logs["t", 0].append(sized_batch(200), 1, NOW_MS)
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert [log.dirty for log in data.logs.values()] == [True, False, False]
    for index in range(3):
        data.logs["t", index].append(sized_batch(200), 1, NOW_MS)
    after = opened(disk.crashed(Random(seed)))
    assert not after.clean
    for index in range(3):
        log = after.open_log("t", index, CONFIG, NOW_MS)
        assert log.log_end_offset >= 10 + index
        assert log.recovery_point == 10 + index
        assert [each.base_offset for each in read_all(log)] == list(range(log.log_end_offset))


def test_kill_9_loses_nothing_that_was_written() -> None:
    disk = Disk()
    filled(disk)
    data = opened(disk.killed())
    for index in range(3):
        log = data.open_log("t", index, CONFIG, NOW_MS)
        assert (log.log_end_offset, log.recovered_bytes_cut) == (10 + index, 0)


def test_a_log_that_nobody_opened_after_a_crash_is_still_looked_at_later() -> None:
    """The clean-shutdown marker would speak for it too."""
    disk = Disk()
    filled(disk)
    disk = disk.killed()
    data = opened(disk)
    data.open_log("t", 0, CONFIG, NOW_MS)
    data.close()
    assert not disk.directory().exists(".kafka_cleanshutdown")
    data = opened(disk)
    assert data.open_log("t", 0, CONFIG, NOW_MS).recovery_point == 10
    assert data.open_log("t", 1, CONFIG, NOW_MS).log_end_offset == 11
    assert data.open_log("t", 2, CONFIG, NOW_MS).log_end_offset == 12
    data.close()
    assert disk.directory().exists(".kafka_cleanshutdown")


def test_the_log_start_offset_survives_where_it_is_inside_a_segment() -> None:
    disk = Disk()
    data = filled(disk, 1)
    data.logs["t", 0].delete_records(4)
    data.close()
    assert disk.directory().read("log-start-offset-checkpoint") == b"0\n1\nt 0 4\n"
    data = opened(disk)
    log = data.open_log("t", 0, CONFIG, NOW_MS)
    assert log.log_start_offset == 4
    log.delete_records(5)
    log.delete_old_segments(NOW_MS)
    log.raise_log_start_offset(6)
    log.delete_old_segments(NOW_MS)
    data.close()
    assert disk.directory().read("log-start-offset-checkpoint") == b"0\n0\n"


def test_a_truncation_can_be_made_known_at_once() -> None:
    disk = Disk()
    data = filled(disk, 1)
    checkpoint = data.begin_checkpoint()
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    data.logs["t", 0].truncate_to(4, NOW_MS)
    data.save_offsets()
    assert disk.directory().read("recovery-point-offset-checkpoint") == b"0\n1\nt 0 4\n"


def test_only_the_dirtiest_logs_have_their_turn() -> None:
    data = filled(Disk())
    checkpoint = data.begin_checkpoint(limit=1)
    assert list(checkpoint.flushes) == [("t", 2)]
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert [log.dirty for log in data.logs.values()] == [True, True, False]


def test_a_failed_sync_takes_its_log_offline_and_no_other() -> None:
    disk = Disk()
    data = filled(disk)
    data.logs["t", 1].abandon()
    disk.directory("/data/t-1").remove("00000000000000000000.log")
    data.logs["t", 1].segments.active.log.name = "gone.log"
    checkpoint = data.begin_checkpoint()
    with pytest.raises(FileNotFoundError):
        checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert [log.offline for log in data.logs.values()] == [False, True, False]
    assert sorted(disk.directory().read("recovery-point-offset-checkpoint").splitlines()[2:]) == [
        b"t 0 10", b"t 1 0", b"t 2 12",
    ]  # fmt: skip
    with pytest.raises(LogWriteError):
        data.logs["t", 1].append(batch(b""), 0, NOW_MS)
    data.close()
    assert not disk.directory().exists(".kafka_cleanshutdown")


@pytest.mark.parametrize("failing", ["a write", "the file system's sync"])
def test_what_was_not_written_whole_gets_no_name(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a failed log the old files stay; another log's new ones come, unless nothing at all was synced."""
    monkeypatch.setattr("ottla.log.data_checkpoint.FILES_SYNCED_ONE_BY_ONE", 0)
    disk = Disk()
    data = filled(disk, 2)
    data.close()
    data = opened(disk)
    before = [disk.directory(f"/data/t-{index}").read("leader-epoch-checkpoint") for index in range(2)]
    for index in range(2):
        data.open_log("t", index, CONFIG, NOW_MS).append(sized_batch(200), 7, NOW_MS)
    checkpoint = data.begin_checkpoint()
    if failing == "a write":
        disk.directory("/data/t-1").file("leader-epoch-checkpoint.tmp").create()
        node = disk.directory("/data/t-1").node("leader-epoch-checkpoint.tmp")
        write = disk.write

        def refusing(file: object, data: bytes, position: int) -> None:
            if file is node:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(file, data, position)  # type: ignore[arg-type]

        monkeypatch.setattr(disk, "write", refusing)
    else:
        monkeypatch.setattr(disk.directory().__class__, "sync_all", _refused)
    with pytest.raises(OSError, match=r"No space|Input/output"):
        checkpoint.sync()
    data.end_checkpoint(checkpoint)
    after = [disk.directory(f"/data/t-{index}").read("leader-epoch-checkpoint") for index in range(2)]
    assert [index for index in range(2) if after[index] == before[index]] == (
        [1] if failing == "a write" else [0, 1]
    )
    assert [data.logs["t", index].offline for index in range(2)] == [failing != "a write", True]


def _refused(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_a_log_that_cannot_end_its_flush_goes_offline_and_the_others_end_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk()
    data = filled(disk)
    checkpoint = data.begin_checkpoint()
    data.logs["t", 0].truncate_to(4, NOW_MS)  # its flush counts for nothing: the index files have to be cut
    checkpoint.sync()
    monkeypatch.setattr(disk.directory().__class__, "patch", _refused)
    data.end_checkpoint(checkpoint)
    assert [log.offline for log in data.logs.values()] == [True, False, False]
    assert [data.logs["t", index].recovery_point for index in (1, 2)] == [11, 12]
    monkeypatch.undo()
    checkpointed(data)


def test_a_checkpoint_does_not_end_before_its_sync() -> None:
    data = filled(Disk())
    checkpoint = data.begin_checkpoint()
    with pytest.raises(AssertionError):
        data.end_checkpoint(checkpoint)
    assert data.logs["t", 0].flushed_offset == 0


def test_a_stop_does_the_checkpoint_whose_thread_never_came() -> None:
    disk = Disk()
    data = filled(disk)
    late = data.begin_checkpoint()
    data.close()
    assert disk.directory().exists(".kafka_cleanshutdown")
    for index in range(3):
        assert disk.directory(f"/data/t-{index}").read("leader-epoch-checkpoint") == b"0\n1\n0 0\n"
    writes = disk.writes
    late.sync()
    assert disk.writes == writes


def test_a_deleted_partition_is_out_of_the_way_at_once_and_removed_later() -> None:
    disk = Disk()
    data = filled(disk)
    checkpoint = data.begin_checkpoint()
    name = data.delete_log("t", 1, UNIQUE)
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert name == f"t-1.{UNIQUE.hex()}-delete"
    assert ("t", 1) not in data.partitions
    assert disk.directory().exists(name)
    data.close()
    again = opened(disk)
    assert again.deleted == [name]
    again.remove(again.deleted)
    assert not disk.directory().exists(name)
    again.create_log("t", 1, CONFIG, TOPIC_ID, NOW_MS)
    assert again.open_log("t", 1, CONFIG, NOW_MS).log_end_offset == 0


def checkpointed(data: DataDirectory) -> None:
    checkpoint = data.begin_checkpoint()
    checkpoint.sync()
    data.end_checkpoint(checkpoint)


def reopened_after_kill(disk: Disk) -> tuple[int, int, int]:
    log = opened(disk.killed()).open_log("t", 0, CONFIG, NOW_MS)
    return log.log_start_offset, log.log_end_offset, log.recovery_point


@pytest.mark.parametrize("when", ["before", "queued", "after a restart"])
def test_a_partition_made_again_knows_nothing_of_its_predecessor(when: str) -> None:
    disk = Disk()
    data = filled(disk, 1)
    data.logs["t", 0].delete_records(4)
    if when == "queued":
        checkpoint = data.begin_checkpoint()
    else:
        checkpointed(data)
    data.delete_log("t", 0, UNIQUE)
    if when == "after a restart":
        data = opened(disk := disk.killed())
    log = data.create_log("t", 0, CONFIG, bytes(16), NOW_MS)
    for _ in range(3):
        log.append(sized_batch(200), 0, NOW_MS)
    flush = log.begin_flush()
    flush.sync()
    log.end_flush(flush)
    if when == "queued":
        checkpoint.sync()
        data.end_checkpoint(checkpoint)
    assert reopened_after_kill(disk) == (0, 3, 0)


def test_making_partitions_rewrites_the_offset_files_only_where_they_name_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk()
    data = filled(disk, 20)
    checkpointed(data)
    saved: list[int] = []
    save = DataDirectory.save_offsets
    monkeypatch.setattr(DataDirectory, "save_offsets", lambda data: (saved.append(1), save(data)))
    for index in range(20, 30):
        data.create_log("t", index, CONFIG, TOPIC_ID, NOW_MS)
    assert not saved
    for index in range(20):
        data.delete_log("t", index, bytes([index]) * 16)
    for index in range(20):
        data.create_log("t", index, CONFIG, TOPIC_ID, NOW_MS)
    assert len(saved) == 1
    data.delete_log("t", 25, UNIQUE)
    checkpointed(data)
    data.delete_log("t", 3, UNIQUE)
    checkpointed(data)
    data.create_log("t", 3, CONFIG, TOPIC_ID, NOW_MS)
    assert len(saved) == 1


def test_a_checkpoint_that_began_before_a_truncation_does_not_undo_it() -> None:
    disk = Disk()
    data = filled(disk, 1)
    checkpoint = data.begin_checkpoint()
    data.logs["t", 0].truncate_to(4, NOW_MS)
    data.save_offsets()
    for _ in range(8):
        data.logs["t", 0].append(sized_batch(200), 3, NOW_MS)
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert reopened_after_kill(disk)[1:] == (12, 0)


def test_snapshots_stay_while_the_disk_has_no_room_for_the_offsets() -> None:
    disk = Disk()
    data = opened(disk)
    log = data.create_log("t", 0, LogConfig(), TOPIC_ID, NOW_MS)

    def appended(producer_id: int) -> None:
        builder = BatchBuilder(producer_id=producer_id, producer_epoch=0, base_sequence=0)
        builder.append(NOW_MS, b"k", b"v")
        log.append(Batch(builder.build()), 0, NOW_MS)

    appended(1)
    log.roll(NOW_MS)
    appended(5)
    checkpointed(data)
    disk.directory("/data/recovery-point-offset-checkpoint.tmp").make()  # writing the file fails
    for producer_id in (2, 3, 4):
        appended(producer_id)
        checkpoint = data.begin_checkpoint()
        with pytest.raises(FileNotFoundError):
            checkpoint.sync()
        data.end_checkpoint(checkpoint)
    found = opened(disk.killed()).open_log("t", 0, LogConfig(), NOW_MS)
    assert {each.producer_id for each in found.producers} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("many", [False, True], ids=["one by one", "the file system at once"])
def test_what_was_queued_before_a_deletion_leaves_the_next_topic_alone(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ottla.log.data_checkpoint.FILES_SYNCED_ONE_BY_ONE", 0 if many else 100)
    disk = Disk()
    data = filled(disk, 1)
    old = data.logs["t", 0]
    builder = BatchBuilder(producer_id=9, producer_epoch=0, base_sequence=0)
    builder.append(NOW_MS, b"k", b"v")
    old.append(Batch(builder.build()), 7, NOW_MS)
    checkpoint = data.begin_checkpoint()
    disk.cold = True
    read = old.read(0, 1000, 3)
    disk.cold = False
    data.delete_log("t", 0, UNIQUE)
    new = data.create_log("t", 0, CONFIG, bytes(16), NOW_MS)
    for _ in range(11):
        new.append(sized_batch(200), 1, NOW_MS)
    names = set(new.directory.names())
    checkpoint.sync()
    data.end_checkpoint(checkpoint)
    assert set(new.directory.names()) == names
    assert not new.offline
    with pytest.raises(OffsetOutOfRange):
        read.load()
    with pytest.raises(OffsetOutOfRange):
        old.read(0, 1000, 3)
    with pytest.raises(LogWriteError):
        old.append(sized_batch(200), 0, NOW_MS)
    assert [each.base_offset for each in read_all(new)] == list(range(11))


def test_a_cold_read_does_not_return_a_cleaned_segment_in_the_old_one_s_name() -> None:
    disk = Disk()
    data = filled(disk, 1)
    log = data.logs["t", 0]
    disk.cold = True
    read = log.read(0, 10_000, 3)
    disk.cold = False
    first = log.segments[0]
    cleaned = CleanedSegment(log.directory, 0, 100, NOW_MS)
    cleaned.create()
    cleaned.append(first.read(first.size, 0))
    log.swap_segments([first], [cleaned.finish()])
    with pytest.raises(OffsetOutOfRange):
        read.load()
    assert len(log.read(0, 10_000, 3).load()) == 600


def test_what_was_put_aside_stays_and_is_named_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    data = filled(disk)
    names = [data.put_aside("t", index, bytes([index]) * 16) for index in (0, 1)]
    assert names[1] == f"t-1.{'01' * 16}-stray"
    data.create_log("t", 0, CONFIG, bytes(16), NOW_MS)
    data.close()
    data = opened(disk)
    assert data.partitions == {("t", 0), ("t", 2)}
    assert data.deleted == []
    assert data.open_log("t", 0, CONFIG, NOW_MS).log_end_offset == 0
    assert disk.directory(f"/data/{names[0]}").size("00000000000000000000.log") > 0
    assert [record.args for record in caplog.records] == [("/data", names)]


def test_a_partition_that_could_not_be_made_leaves_nothing_behind() -> None:
    disk = Disk()
    data = opened(disk)
    disk.capacity_bytes = disk.used_bytes() + 10
    with pytest.raises(OSError, match="No space"):
        data.create_log("t", 0, CONFIG, TOPIC_ID, NOW_MS)
    assert data.partitions == set()
    assert not disk.directory().exists("t-0")
    disk.capacity_bytes = 1 << 20
    assert data.create_log("t", 0, CONFIG, TOPIC_ID, NOW_MS).log_end_offset == 0


def test_two_processes_do_not_share_a_directory() -> None:
    disk = Disk()
    data = opened(disk)
    with pytest.raises(DataDirectoryError, match="/data is in use by another process"):
        opened(disk)
    data.close()
    opened(disk)


@pytest.mark.parametrize(
    ("cluster_id", "node_id", "words"),
    [
        ("other", 1, "belongs to cluster c, not to other"),
        ("c", 2, "belongs to node 1, not to 2: set node.id=1"),
    ],
)
def test_another_cluster_s_or_node_s_directory_is_refused(cluster_id: str, node_id: int, words: str) -> None:
    disk = Disk()
    opened(disk).close()
    with pytest.raises(DataDirectoryError, match=words):
        opened(disk, cluster_id, node_id)
    opened(disk)


@pytest.mark.parametrize("text", [b"", b"rubbish\n", b"version=0\n", b"\xff"])
def test_damaged_properties_are_an_error_that_names_the_file(text: bytes) -> None:
    disk = Disk()
    opened(disk).close()
    disk.directory().put("meta.properties", text)
    with pytest.raises(DataDirectoryError, match=r"/data/meta\.properties cannot be read"):
        opened(disk)


def test_what_is_no_partition_is_left_alone_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    opened(disk).close()
    for name in ("lost+found", "__cluster_metadata-0", "t-00"):
        disk.directory().child(name).make()
    with caplog.at_level(logging.WARNING):
        data = opened(disk)
    assert data.partitions == set()
    assert sorted(record.args[1] for record in caplog.records if record.args) == ["lost+found", "t-00"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["recovery-point-offset-checkpoint", "replication-offset-checkpoint"])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk()
    filled(disk)
    disk.directory().put(name, b"0\n9\nrubbish")
    data = opened(disk.killed())
    assert name in caplog.text
    assert data.open_log("t", 0, CONFIG, NOW_MS).log_end_offset == 10


def test_a_recovery_point_after_the_log_s_end_is_not_believed() -> None:
    disk = Disk()
    filled(disk, 1)
    disk.directory().put("recovery-point-offset-checkpoint", b"0\n1\nt 0 5000\n")
    log = disk.directory("/data/t-0").node("00000000000000000009.log")
    log.data[-1] ^= 1
    data = opened(disk.killed())
    assert data.open_log("t", 0, CONFIG, NOW_MS).log_end_offset == 9
