"""Apache Kafka's own tools and broker on the files that we write."""

import subprocess
import time
from pathlib import Path

import pytest
from tests.support import apache
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all, values

from ottla.core.ids import random_uuid
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.system_directory import SystemDirectory
from ottla.records.compression import Codec

pytestmark = [pytest.mark.java, pytest.mark.timeout(300)]

DUMP = "kafka.tools.DumpLogSegments"
CONFIG = LogConfig(segment_bytes=20_000, index_interval_bytes=1000, retention_ms=-1)
RECORDS = 600


def filled_log(path: Path, codec: Codec) -> Log:
    """Some 600 records in batches of 1 to 7, in several segments, under three leader epochs."""
    log = Log.create(SystemDirectory(str(path), OpenFiles(10)), CONFIG, TOPIC_ID, NOW_MS)
    while log.log_end_offset < RECORDS:
        count = log.log_end_offset % 7 + 1
        values = [b"%06d" % (log.log_end_offset + number) * 20 for number in range(count)]
        written = batch(*values, timestamp=NOW_MS + log.log_end_offset, codec=codec)
        log.append(written, log.log_end_offset * 3 // RECORDS, NOW_MS)
    log.close()
    return log


def dump(*arguments: str) -> str:
    """What Apache Kafka's dump tool prints, its complaints (on stderr) with it."""
    command = apache.java(DUMP, *arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("codec", Codec)
def test_dump_reads_segments_and_indexes_without_complaint(codec: Codec, tmp_path: Path) -> None:
    log = filled_log(tmp_path / "t-0", codec)
    logs = sorted((tmp_path / "t-0").glob("*.log"))
    assert len(logs) > 1
    indexes = sorted([*(tmp_path / "t-0").glob("*.index"), *(tmp_path / "t-0").glob("*.timeindex")])
    assert len(indexes) == 2 * len(logs)
    everything = ",".join(map(str, [*logs, *indexes]))
    printed = dump("--deep-iteration", "--files", everything)
    assert_no_complaint(printed)
    assert printed.count("| offset: ") == log.log_end_offset
    assert "isvalid: false" not in printed
    sane = dump("--index-sanity-check", "--files", ",".join(map(str, indexes)))
    assert sane.count("passed sanity check") == len(indexes)


def test_dump_does_complain_where_there_is_cause(tmp_path: Path) -> None:
    """So that the test above can fail."""
    filled_log(tmp_path / "t-0", Codec.NONE)
    index = min((tmp_path / "t-0").glob("*.index"))
    damaged = bytearray(index.read_bytes())
    damaged[3] += 1  # the first entry's offset
    index.write_bytes(damaged)
    printed = dump("--files", str(index))
    with pytest.raises(AssertionError):
        assert_no_complaint(printed)
    time_index = min((tmp_path / "t-0").glob("*.timeindex"))
    damaged = bytearray(time_index.read_bytes())
    damaged[7] += 1  # the first entry's timestamp
    time_index.write_bytes(damaged)
    printed = dump("--files", str(time_index))
    with pytest.raises(AssertionError):
        assert_no_complaint(printed)


def assert_no_complaint(printed: str) -> None:
    for word in (
        "Mismatches",
        "Misordered",
        "Found timestamp mismatch",
        "out of order",
        "Non-consecutive",
        "Error",
    ):
        assert word not in printed, printed[:2000]


def test_a_kafka_starts_on_our_files_and_serves_the_messages(tmp_path: Path) -> None:
    broker = apache.ApacheBroker(tmp_path / "kafka")
    with broker.start():
        apache.run_tool(
            "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", broker.bootstrap,
            "--create", "--topic", "ours", "--partitions", "1",
        )  # fmt: skip
        partition = broker.data / "ours-0"
        while not (partition / "partition.metadata").exists():
            time.sleep(0.05)
    metadata = (partition / "partition.metadata").read_bytes()
    for file in partition.iterdir():
        file.unlink()
    written = filled_log(tmp_path / "t-0", Codec.ZSTD)
    for file in (tmp_path / "t-0").iterdir():
        (partition / file.name).write_bytes(file.read_bytes())
    (partition / "partition.metadata").write_bytes(metadata)
    with broker.start():
        consumed = apache.run_tool(
            "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap,
            "--topic", "ours", "--partition", "0", "--offset", "earliest",
            "--max-messages", str(written.log_end_offset), "--timeout-ms", "20000",
        )  # fmt: skip
    assert consumed.split() == [b"%06d" % number * 20 for number in range(written.log_end_offset)]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_we_open_a_directory_that_a_kafka_left_behind(end: str, tmp_path: Path) -> None:
    """After kill -9 its index files are 10 MB of which most is zeros."""
    broker = apache.ApacheBroker(tmp_path / "kafka", {"log.segment.bytes": "1048576"})
    lines = b"".join(b"%06d" % number * 100 + b"\n" for number in range(3000))
    with broker.start():
        apache.run_tool(
            "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", broker.bootstrap,
            "--topic", "theirs", stdin=lines,
        )  # fmt: skip
        getattr(broker, end)()
    root = SystemDirectory(str(broker.data), OpenFiles(10))
    data = DataDirectory.open(root, apache.CLUSTER_ID, 1, random_uuid())
    assert data.clean == (end == "stop")
    assert ("theirs", 0) in data.partitions
    log = data.open_log("theirs", 0, LogConfig(), NOW_MS)
    assert log.log_end_offset == 3000
    assert log.recovered_bytes_cut == 0
    assert len(log.segments) == 2
    read = [value for each in read_all(log, 2900) for value in values(each.buffer)]
    assert read[-1] == b"002999" * 100
    assert data.topic_id("theirs", 0) is not None
    data.close()
    assert_no_complaint(
        dump("--deep-iteration", "--files", ",".join(map(str, index_and_log_files(broker.data))))
    )


def index_and_log_files(data: Path) -> list[Path]:
    files = (data / "theirs-0").iterdir()
    return sorted(file for file in files if file.suffix in {".log", ".index", ".timeindex"})
