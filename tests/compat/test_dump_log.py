"""Apache Kafka's DumpLogSegments reads what the broker left on the disk, record by record, without a complaint."""

import re
from collections.abc import Callable
from pathlib import Path

import confluent_kafka
import pytest
from tests.compat.clients.aio import Aiokafka
from tests.compat.clients.base import CODECS, SAMPLES, Client
from tests.compat.clients.confluent import Confluent
from tests.compat.clients.kafka_python import KafkaPython
from tests.conftest import NewBroker
from tests.support.apache import run_tool
from tests.support.batches import Record
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [
    pytest.mark.compat, pytest.mark.java, pytest.mark.timeout(180), pytest.mark.filterwarnings("ignore"),
]  # fmt: skip

TOPICS: dict[str, dict[str, str]] = {"created": {}, "appended": {"message_timestamp_type": "LogAppendTime"}}
CLIENTS: tuple[Client, ...] = (
    Confluent(),
    KafkaPython(),
    Aiokafka(),
    Confluent(**{"enable.idempotence": True}),
)
SMALL = [Record(b"%d" % number, b"small %d" % number) for number in range(500)]
COMPLAINTS = re.compile(
    r"isvalid: false|Mismatches|Non-consecutive|corrupt|out of order|Exception|Error|Found .* mismatch",
    re.IGNORECASE,
)


def write_everything(broker: BrokerProcess) -> dict[str, int]:
    """Every client in every codec, into small segments with dense indexes; the number of records by topic."""
    counts = dict.fromkeys(TOPICS, 0)
    with RawConnection(broker.port) as connection:
        for topic, settings in TOPICS.items():
            small = {"segment_bytes": "1048576", "index_interval_bytes": "1000"}
            assert connection.create_topic(topic, 1, **small, **settings) == 0
    for topic in TOPICS:
        for client in CLIENTS:
            for codec in CODECS:
                samples = [record for record in SAMPLES if client.can_write(record)] + SMALL
                client.write(broker.bootstrap, topic, samples, codec)
                counts[topic] += len(samples)
    return counts


def clean_stop(broker: BrokerProcess) -> None:
    broker.stop()


def kill_and_recover(broker: BrokerProcess) -> None:
    """Indexes as recovery builds them again; a broker may leave that until somebody asks for the partition."""
    broker.kill()
    broker.start()
    with RawConnection(broker.port) as connection:
        for topic in TOPICS:
            connection.wait_leader(topic, 0)
    broker.stop()


@pytest.mark.parametrize("end", [clean_stop, kill_and_recover], ids=lambda way: way.__name__)
def test_nothing_to_complain_about(new_broker: NewBroker, end: Callable[[BrokerProcess], None]) -> None:
    broker = new_broker().start()
    counts = write_everything(broker)
    end(broker)
    for topic, count in counts.items():
        folder = broker.data / f"{topic}-0"
        assert len(list(folder.glob("*.log"))) > 3, "rolled"
        assert dumped_offsets(folder) == list(range(count))
        check_indexes(folder)
        check_snapshots(folder)


def dump(*options: str, files: list[Path]) -> str:
    names = ",".join(str(file) for file in files)
    output = run_tool("kafka.tools.DumpLogSegments", *options, "--files", names).decode(errors="replace")
    complaint = COMPLAINTS.search(output)
    assert complaint is None, output[complaint.start() - 500 : complaint.end() + 500]
    return output


def dumped_offsets(folder: Path) -> list[int]:
    """The offsets of all records, each batch decompressed and each checksum verified."""
    output = dump("--deep-iteration", files=sorted(folder.glob("*.log")))
    assert output.count("isvalid: true") > 10
    return [int(offset) for offset in re.findall(r"^\| offset: (\d+) ", output, re.MULTILINE)]


def check_indexes(folder: Path) -> None:
    """Each entry of each index against the log that it indexes."""
    indexes = sorted([*folder.glob("*.index"), *folder.glob("*.timeindex")])
    assert len(indexes) == 2 * len(list(folder.glob("*.log")))
    entries = dump("--deep-iteration", files=indexes)
    assert len(re.findall(r"^offset: \d+ position: \d+", entries, re.MULTILINE)) > 10
    assert len(re.findall(r"^timestamp: \d+ offset: \d+", entries, re.MULTILINE)) > 5
    sane = dump("--index-sanity-check", files=indexes)
    assert sane.count("passed sanity check.") == len(indexes)


@pytest.mark.parametrize("end", [clean_stop, kill_and_recover], ids=lambda way: way.__name__)
def test_aborted_transactions(new_broker: NewBroker, end: Callable[[BrokerProcess], None]) -> None:
    """Every index of them, beside segments that begin and end within transactions; then the producers."""
    broker = new_broker().start()
    with RawConnection(broker.port) as connection:
        for topic in TOPICS:
            assert connection.create_topic(topic, 1, segment_bytes="1048576") == 0
    producers = transactional_producers(broker)
    for turn in range(4):
        for producer in producers:
            producer.begin_transaction()
        for number in range(1500):
            for producer in producers:
                for topic in TOPICS:
                    producer.produce(topic, b"%d %06d" % (turn, number) * 10, partition=0)
        for producer in producers:
            assert producer.flush(30) == 0
        producers[0].commit_transaction(30)
        producers[1].abort_transaction(30)
    transactional_producers(broker)  # these wait until every marker is written
    end(broker)
    for topic in TOPICS:
        folder = broker.data / f"{topic}-0"
        dumped_offsets(folder)
        entries = dump(files=sorted(folder.glob("*.txnindex")))
        rows = [
            tuple(map(int, row))
            for row in re.findall(r"producerId: (\d+) firstOffset: (\d+) lastOffset: (\d+)", entries)
        ]
        assert len(rows) == 4
        [loser] = {producer_id for producer_id, _, _ in rows}
        markers = re.findall(r"baseOffset: (\d+) .*producerId: (\d+) .*isControl: true", segments_of(folder))
        assert [last for _, _, last in rows] == [
            int(offset) for offset, producer_id in markers if int(producer_id) == loser
        ]
        check_snapshots(folder)


def transactional_producers(broker: BrokerProcess) -> list[confluent_kafka.Producer]:
    """One that will commit and one that will abort."""
    producers = [
        confluent_kafka.Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": name})
        for name in ("keeps", "loses")
    ]
    for producer in producers:
        producer.init_transactions(30)
    return producers


def segments_of(folder: Path) -> str:
    return dump(files=sorted(folder.glob("*.log")))


def check_snapshots(folder: Path) -> None:
    """What is remembered of idempotent producers."""
    snapshots = sorted(folder.glob("*.snapshot"))
    assert snapshots
    described = dump(files=snapshots)
    assert "producerId: " in described
