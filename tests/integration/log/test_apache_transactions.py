"""Transactions on disk between Apache Kafka and us, both ways."""

from pathlib import Path

import pytest
from confluent_kafka import Consumer
from confluent_kafka import Producer as Client
from tests.support import apache
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all, values
from tests.support.transactions import ended, produced
from tests.support.wire import RawConnection

from ottla.core.ids import random_uuid
from ottla.log.aborted import AbortedIndex
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.system_directory import SystemDirectory
from ottla.records.control import ControlType, read_end_transaction_marker

pytestmark = [pytest.mark.java, pytest.mark.timeout(300)]

DUMP = "kafka.tools.DumpLogSegments"
CONFIG = LogConfig(segment_bytes=3000, index_interval_bytes=500, retention_ms=-1)


def interleaved_log(path: Path, *, now_ms: int = NOW_MS) -> Log:
    """Transactions of three producers, every second one aborted, across segments; the last one stays open."""
    log = Log.create(SystemDirectory(str(path), OpenFiles(10)), CONFIG, TOPIC_ID, NOW_MS)
    sequences = dict.fromkeys((1, 2, 3), 0)

    def write(producer_id: int, number: int) -> None:
        value = b"%d %06d" % (producer_id, number) * 5
        sequence, epoch = sequences[producer_id], 0
        log.append(
            produced(producer_id, epoch, sequence, value, is_transactional=True, timestamp=now_ms), 0, NOW_MS
        )
        sequences[producer_id] += 1

    for number in range(90):
        write(number % 3 + 1, number)
        log.append(batch(b"plain %d" % number, timestamp=now_ms), 0, NOW_MS)
        if number % 7 == 6:
            ended(log, number % 3 + 1, 0, committed=number % 2 == 0)
    for producer_id in (1, 2, 3):
        ended(log, producer_id, 0, committed=producer_id == 2)
    write(1, 90)
    log.high_watermark = log.log_end_offset
    return log


def committed_values(log: Log) -> list[bytes | None]:
    """What a consumer of committed transactions makes of the batches, by their markers alone."""
    found: list[tuple[int, bytes | None]] = []
    staged: dict[int, list[tuple[int, bytes | None]]] = {}
    for each in read_all(log):
        if each.is_control:
            marker = read_end_transaction_marker(each)
            assert marker is not None
            ended_values = staged.pop(each.producer_id, [])
            found += ended_values if marker.control_type is ControlType.COMMIT else []
        elif each.is_transactional:
            staged.setdefault(each.producer_id, []).append((each.base_offset, values(each.buffer)[0]))
        else:
            found.append((each.base_offset, values(each.buffer)[0]))
    return [value for offset, value in sorted(found) if offset < log.last_stable_offset]


def test_the_dump_tool_reads_our_index_and_our_open_transactions(tmp_path: Path) -> None:
    log = interleaved_log(tmp_path / "t-0")
    rows = list(log.aborted)
    log.close()
    files = sorted((tmp_path / "t-0").glob("*.txnindex"))
    assert len(files) > 1
    printed = apache.run_tool(DUMP, "--files", ",".join(map(str, files))).decode()
    found = [line for line in printed.splitlines() if line.startswith("version:")]
    assert found == [
        f"version: 0 producerId: {row.producer_id} firstOffset: {row.first_offset} lastOffset: {row.last_offset} "
        f"lastStableOffset: {row.last_stable_offset}"
        for row in rows
    ]
    snapshot = max((tmp_path / "t-0").glob("*.snapshot"))
    printed = apache.run_tool(DUMP, "--files", str(snapshot)).decode()
    [row] = [line for line in printed.splitlines() if line.startswith("producerId: 1 ")]
    assert f"currentTxnFirstOffset: {log.log_end_offset - 1}" in row.replace("OptionalLong[", "").replace(
        "]", ""
    )
    assert "coordinatorEpoch: 0 " in row


@pytest.mark.parametrize("ends_well", [True, False], ids=["stop", "kill"])
def test_a_kafka_serves_our_transactions(ends_well: bool, tmp_path: Path) -> None:
    """After a clean stop it believes our files; after a crash it makes them again, the same."""
    broker = apache.ApacheBroker(tmp_path / "kafka")
    with broker.start():
        with RawConnection(broker.port) as connection:
            assert connection.create_topic("ours", 1) == 0
        broker.stop()
    partition = broker.data / "ours-0"
    metadata = (partition / "partition.metadata").read_bytes()
    for file in partition.iterdir():
        file.unlink()
    log = interleaved_log(partition)
    log.close()
    (partition / "partition.metadata").write_bytes(metadata)
    wanted = committed_values(log)
    if not ends_well:
        (broker.data / ".kafka_cleanshutdown").unlink()
    before = {file.name: file.read_bytes() for file in partition.glob("*.txnindex")}
    with broker.start():
        assert consumed(broker.bootstrap, "ours", len(wanted)) == wanted
        broker.stop()
    assert {file.name: file.read_bytes() for file in partition.glob("*.txnindex")} == before


def consumed(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "reader",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    found: list[bytes | None] = []
    try:
        while len(found) < count:
            message = consumer.poll(30)
            assert message is not None, f"{len(found)} of {count} came"
            assert message.error() is None
            found.append(message.value())
        extra = consumer.poll(1)
        assert extra is None, "more than was committed"
    finally:
        consumer.close()
    return found


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_we_know_the_transactions_of_a_kafka(end: str, tmp_path: Path) -> None:
    broker = apache.ApacheBroker(tmp_path / "kafka", {"log.segment.bytes": "1048576"})
    with broker.start():
        for name, outcome in (("one", "abort_transaction"), ("two", "commit_transaction"), ("three", "")):
            client = Client({"bootstrap.servers": broker.bootstrap, "transactional.id": name, "linger.ms": 5})
            client.init_transactions(30)
            for _ in range(3):
                client.begin_transaction()
                for number in range(2000):
                    client.produce("theirs", b"%06d" % number * 40, partition=0)
                assert client.flush(60) == 0
                if not outcome:
                    break
                getattr(client, outcome)(30)
        getattr(broker, end)()
    partition = broker.data / "theirs-0"
    theirs = [row for file in sorted(partition.glob("*.txnindex")) for row in AbortedIndex(file.read_bytes())]
    data = DataDirectory.open(
        SystemDirectory(str(broker.data), OpenFiles(10)), apache.CLUSTER_ID, 1, random_uuid()
    )
    log = data.open_log("theirs", 0, LogConfig(), NOW_MS)
    log.high_watermark = log.log_end_offset
    assert len(theirs) == 3
    assert list(log.aborted) == theirs
    opened = [each for each in log.producers if each.current_txn_first_offset >= 0]
    assert [each.current_txn_first_offset for each in opened] == [log.last_stable_offset]
    assert 0 < log.last_stable_offset < log.log_end_offset
    data.close()
