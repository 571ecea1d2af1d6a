"""Producer snapshots between Apache Kafka and us, both ways."""

import time
from pathlib import Path

import pytest
from confluent_kafka import Producer as Client
from tests.support import apache
from tests.support.logs import NOW_MS, TOPIC_ID, read_all

from ottla.core.errors import ErrorCode
from ottla.core.ids import random_uuid
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.system_directory import SystemDirectory
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder

pytestmark = [pytest.mark.java, pytest.mark.timeout(300)]


def produced(producer_id: int, epoch: int, base_sequence: int, count: int, now_ms: int = NOW_MS) -> Batch:
    builder = BatchBuilder(producer_id=producer_id, producer_epoch=epoch, base_sequence=base_sequence)
    for number in range(count):
        builder.append(now_ms + number, b"k", b"v")
    return Batch(builder.build())


def test_the_dump_tool_reads_ours(tmp_path: Path) -> None:
    log = Log.create(SystemDirectory(str(tmp_path / "t-0"), OpenFiles(10)), LogConfig(), TOPIC_ID, NOW_MS)
    log.append(produced(4001, 0, 0, 3), 0, NOW_MS)
    log.append(produced(4002, 7, 0, 5), 0, NOW_MS)
    log.append(produced(4001, 0, 3, 2), 0, NOW_MS)
    log.close()
    [snapshot] = (tmp_path / "t-0").glob("*.snapshot")
    assert snapshot.name == f"{10:020d}.snapshot"
    printed = apache.run_tool("kafka.tools.DumpLogSegments", "--files", str(snapshot)).decode()
    rows = {line.split()[1]: line for line in printed.splitlines() if line.startswith("producerId:")}
    assert rows.keys() == {"4001", "4002"}, printed
    for producer_id, epoch, last_sequence, last_offset, delta in ((4001, 0, 4, 9, 1), (4002, 7, 4, 7, 4)):
        row = rows[str(producer_id)]
        assert f"producerEpoch: {epoch} " in row
        assert f"lastSequence: {last_sequence} lastOffset: {last_offset} offsetDelta: {delta} " in row, row
        assert f"lastTimestamp: {NOW_MS + delta} " in row, row


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_we_know_the_producers_of_a_kafka(end: str, tmp_path: Path) -> None:
    broker = apache.ApacheBroker(tmp_path / "kafka", {"log.segment.bytes": "1048576"})
    with broker.start():
        client = Client({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "linger.ms": 5})
        for number in range(3000):
            client.produce("theirs", b"%06d" % number * 100, partition=0)
        assert client.flush(60) == 0
        getattr(broker, end)()
    assert list((broker.data / "theirs-0").glob("*.snapshot"))
    data = DataDirectory.open(
        SystemDirectory(str(broker.data), OpenFiles(10)), apache.CLUSTER_ID, 1, random_uuid()
    )
    log = data.open_log("theirs", 0, LogConfig(), NOW_MS)
    last = read_all(log, 2900)[-1]
    assert last.producer_id >= 0
    assert log.producers.check(last).base_offset == last.base_offset  # type: ignore[union-attr]
    following = produced(last.producer_id, last.producer_epoch, last.last_sequence + 1, 1)
    assert log.producers.check(following) is ErrorCode.NONE
    skipping = produced(last.producer_id, last.producer_epoch, last.last_sequence + 2, 1)
    assert log.producers.check(skipping) is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    data.close()


def test_a_kafka_knows_ours(tmp_path: Path) -> None:
    """After a clean stop it believes the snapshot: a batch that comes again gets its first offset."""
    from tests.support.wire import PRODUCE, RawConnection, parse_produced, produce_body

    now_ms = int(time.time() * 1000)  # it forgets who was silent for a day
    broker = apache.ApacheBroker(tmp_path / "kafka")
    with broker.start():
        with RawConnection(broker.port) as connection:
            assert connection.create_topic("ours", 1) == 0
        broker.stop()
    partition = broker.data / "ours-0"
    metadata = (partition / "partition.metadata").read_bytes()
    for file in partition.iterdir():
        file.unlink()
    log = Log.create(SystemDirectory(str(partition), OpenFiles(10)), LogConfig(), TOPIC_ID, NOW_MS)
    for number in range(4):
        log.append(produced(4001, 0, 3 * number, 3, now_ms), 0, NOW_MS)
    log.close()
    (partition / "partition.metadata").write_bytes(metadata)
    with broker.start(), RawConnection(broker.port) as connection:
        connection.wait_leader("ours", 0)

        def produce(batch: Batch) -> tuple[int, int]:
            body = produce_body("ours", 0, bytes(batch.buffer))
            answer = parse_produced(connection.reply(connection.send(PRODUCE, 8, body)))
            return answer.error, answer.base_offset

        assert produce(produced(4001, 0, 9, 3, now_ms)) == (0, 9)
        assert produce(produced(4001, 0, 14, 3, now_ms))[0] == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        assert produce(produced(4001, 0, 12, 3, now_ms)) == (0, 12)
