"""A partition's promises when its syncs are voided or refused, and a fetch whose file goes away under it."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.support.logs import NOW_MS, TOPIC_ID, batch, values

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.housekeeping import Housekeeping
from ottla.broker.partition import Partition
from ottla.broker.reading import Reading
from ottla.broker.sessions import Wanted
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.log.reading import Read
from ottla.net.tasks import Tasks
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.testing.directory import Disk

CONFIG = LogConfig(segment_bytes=500, index_interval_bytes=100)


class HeldFlusher:
    """Takes note of who asked; the test runs the flushes."""

    def __init__(self) -> None:
        self.asked = 0

    def request(self, _partition: object) -> None:
        self.asked += 1


def new_partition(disk: Disk, flusher: object) -> Partition:
    log = Log.create(disk.directory("/data/t-0"), CONFIG, TOPIC_ID, NOW_MS)
    image = PartitionImage(leader=1, leader_epoch=0, partition_epoch=0, replicas=(1,), in_sync=(1,))
    topic = TopicImage(name="t", id=TOPIC_ID, partitions=(image,))
    return Partition(topic, 0, log, flusher)  # type: ignore[arg-type]


async def test_who_waits_for_a_flush_that_a_truncation_voided_gets_another() -> None:
    flusher = HeldFlusher()
    partition = new_partition(Disk(), flusher)
    partition.append(batch(b"1"), NOW_MS, durable=True)
    partition.append(batch(b"2"), NOW_MS, durable=True)
    committed = partition.committed(1)
    assert committed is not None
    flush = partition.begin_flush()
    partition.log.truncate_to(1, NOW_MS)
    flush.sync()
    asked = flusher.asked
    partition.end_flush(flush, None)
    assert not committed.done()
    assert flusher.asked == asked + 1
    flush = partition.begin_flush()
    flush.sync()
    partition.end_flush(flush, None)
    assert await committed is ErrorCode.NONE
    assert flusher.asked == asked + 1, "nothing is left to be synced"


def synced(partition: Partition) -> None:
    """One flush, from its beginning to its end."""
    flush = partition.begin_flush()
    flush.sync()
    partition.end_flush(flush, None)


def test_the_high_watermark_stays_before_a_batch_that_somebody_waits_to_have_on_disk() -> None:
    partition = new_partition(Disk(), HeldFlusher())
    log = partition.log
    partition.append(batch(b"1"), NOW_MS, durable=False)
    assert log.high_watermark == log.log_end_offset == 1
    partition.append(batch(b"2"), NOW_MS, durable=True)
    partition.append(batch(b"3"), NOW_MS, durable=False)
    assert (log.high_watermark, log.log_end_offset) == (1, 3)
    synced(partition)
    assert log.high_watermark == 3
    partition.append(batch(b"4"), NOW_MS, durable=False)
    assert log.high_watermark == 4


async def test_what_a_crash_left_is_readable_at_once_and_promised_only_when_synced() -> None:
    disk, flusher = Disk(), HeldFlusher()
    log = new_partition(disk, flusher).log
    log.append(Batch(batch(b"1").buffer), 0, NOW_MS)
    asked = flusher.asked
    again = Log.open(disk.directory("/data/t-0"), CONFIG, now_ms=NOW_MS, recovery_point=0)
    image = PartitionImage(leader=1, leader_epoch=0, partition_epoch=0, replicas=(1,), in_sync=(1,))
    partition = Partition(TopicImage(name="t", id=TOPIC_ID, partitions=(image,)), 0, again, flusher)  # type: ignore[arg-type]
    assert again.high_watermark == 1
    assert flusher.asked == asked + 1
    committed = partition.committed(1)
    assert committed is not None
    synced(partition)
    assert await committed is ErrorCode.NONE
    assert partition.committed(1) is None


def reading(partition: Partition, offset: int) -> Reading:
    wanted = Wanted("t", 0, offset, 1 << 20, -1, -1, -1)
    return Reading([(wanted, partition)], 1 << 20, read_committed=False)


def filled(disk: Disk) -> Partition:
    partition = new_partition(disk, HeldFlusher())
    for number in range(20):
        partition.append(batch(b"%02d" % number + b"." * 100), NOW_MS, durable=False)
    return partition


async def test_a_cold_read_whose_file_goes_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    partition = filled(disk)
    disk.cold = True
    loads, load = [], Read.load

    def load_after_a_swap(read: Read) -> object:
        loads.append(read)
        if len(loads) == 1:
            raise FileNotFoundError(2, "No such file", "00000000000000000000.log")
        return load(read)

    monkeypatch.setattr(Read, "load", load_after_a_swap)
    found = reading(partition, 0)
    await found.read()
    assert len(loads) == 2
    assert found.results[0].error_code == ErrorCode.NONE
    assert found.results[0].records is not None
    assert values(found.results[0].records)[0] == b"00" + b"." * 100


async def test_retention_that_was_faster_is_an_offset_out_of_range(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    partition = filled(disk)
    disk.cold = True
    load = Read.load

    def load_after_retention(read: Read) -> object:
        partition.log.high_watermark = partition.log.log_end_offset
        partition.log.delete_records(15)
        partition.log.remove_files(partition.log.delete_old_segments(NOW_MS))
        return load(read)

    monkeypatch.setattr(Read, "load", load_after_retention)
    found = reading(partition, 0)
    await found.read()
    assert found.results[0].error_code == ErrorCode.OFFSET_OUT_OF_RANGE


@pytest.mark.parametrize("cold", [True, False])
async def test_a_disk_that_refuses_is_an_error_of_the_partition(
    cold: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk()
    partition = filled(disk)
    disk.cold = cold

    def refuse(*_: object, **__: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Read, "load", refuse)
    if not cold:
        monkeypatch.setattr(type(partition.log), "read", refuse)
    found = reading(partition, 0)
    await found.read()
    assert found.results[0].error_code == ErrorCode.KAFKA_STORAGE_ERROR
    assert found.urgent
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_producers_that_were_silent_for_long_are_forgotten() -> None:
    partition = new_partition(Disk(), HeldFlusher())
    clock = SystemClock()
    for producer_id, timestamp in ((7, clock.now_ms() - 10_000), (8, clock.now_ms())):
        builder = BatchBuilder(producer_id=producer_id, producer_epoch=0, base_sequence=0)
        builder.append(timestamp, b"k", b"v")
        partition.append(Batch(builder.build()), timestamp, durable=False)
    config = BrokerConfig(
        {"producer.id.expiration.ms": "5000", "producer.id.expiration.check.interval.ms": "1"}
    )
    tasks = Tasks("test")
    Housekeeping(config, None, [partition], SimpleNamespace(directories=[]), clock, tasks)  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while partition.log.producers.get(7) is not None:  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.001)
    await tasks.close()
    assert partition.log.producers.get(8) is not None


def test_a_full_disk_and_its_end_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    partition = new_partition(disk, HeldFlusher())
    partition.append(batch(b"1"), NOW_MS, durable=False)
    room, disk.capacity_bytes = disk.capacity_bytes, disk.used_bytes()
    for _ in range(3):
        with pytest.raises(KafkaError, match="No space left"):
            partition.append(batch(b"2"), NOW_MS, durable=False)
    disk.capacity_bytes = room
    for _ in range(2):
        partition.append(batch(b"2"), NOW_MS, durable=False)
    refused, takes = caplog.messages
    assert refused.startswith("t-0: cannot append: ")
    assert takes == "t-0: appends again"
    assert partition.log.log_end_offset == 3
