"""Timestamps that the client or the log gives, and offsets found by them: earliest, latest, newest, by time."""

import asyncio
import time
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from kafka import KafkaConsumer
from kafka import TopicPartition as PythonPartition
from tests.compat.clients import kcat
from tests.compat.clients.aio import Aiokafka
from tests.compat.clients.confluent import Confluent
from tests.compat.clients.kafka_python import KafkaPython
from tests.support.batches import Record
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore")]

# Years ago: the topics keep their records for ever.
START_MS = 1_600_000_000_000
STEP_MS = 1_000
COUNT = 3_000
NEWEST = 2_345
"""The record with the latest timestamp is not the last one."""
FILLER = b"x" * 1_000


@pytest.fixture(scope="module")
def timed(broker: BrokerProcess) -> str:
    """Three segments of records, one a second, compressed and not; one in the middle is out of order."""
    name = "timed"
    with RawConnection(broker.port) as connection:
        assert connection.create_topic(name, segment_bytes="1048576", retention_ms="-1") == 0
    stamps = [START_MS + number * STEP_MS for number in range(COUNT)]
    stamps[NEWEST] = START_MS + 10 * COUNT * STEP_MS
    records = [Record(b"%d" % number, FILLER, (), stamp) for number, stamp in enumerate(stamps)]
    Confluent().write(broker.bootstrap, name, records[:1000], "none")
    Confluent().write(broker.bootstrap, name, records[1000:2000], "gzip")
    Aiokafka().write(broker.bootstrap, name, records[2000:], "none")
    return name


def with_confluent(bootstrap: str, topic: str, timestamp: int) -> int | None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none"})
    (found,) = consumer.offsets_for_times([TopicPartition(topic, 0, timestamp)], timeout=10)
    consumer.close()
    return None if found.offset < 0 else int(found.offset)


def with_kafka_python(bootstrap: str, topic: str, timestamp: int) -> int | None:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    found = consumer.offsets_for_times({PythonPartition(topic, 0): timestamp})
    consumer.close()
    (answer,) = found.values()
    return None if answer is None or answer.offset < 0 else int(answer.offset)


def with_aiokafka(bootstrap: str, topic: str, timestamp: int) -> int | None:
    async def ask() -> int | None:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        async with consumer:
            (answer,) = (await consumer.offsets_for_times({AioPartition(topic, 0): timestamp})).values()
        return None if answer is None else int(answer.offset)

    return asyncio.run(ask())


def with_kcat(bootstrap: str, topic: str, timestamp: int) -> int | None:
    if kcat.missing():
        pytest.skip("no kcat on the PATH")
    answer = kcat.kcat("-Q", "-b", bootstrap, "-t", f"{topic}:0:{timestamp}")
    offset = int(answer.split()[-1])
    return None if offset < 0 else offset


ASKING = [with_confluent, with_kafka_python, with_aiokafka, with_kcat]


@pytest.mark.parametrize("ask", ASKING)
def test_offsets_by_time(
    ask: Callable[[str, str, int], int | None], broker: BrokerProcess, timed: str
) -> None:
    """The first record at or after the time, wherever in a batch and in whichever segment it is."""
    expected = {
        1: 0,
        START_MS: 0,
        START_MS + 1: 1,
        START_MS + 999 * STEP_MS: 999,
        START_MS + 999 * STEP_MS + 1: 1000,
        START_MS + 1500 * STEP_MS: 1500,
        START_MS + (NEWEST + 1) * STEP_MS: NEWEST,
        START_MS + 2 * COUNT * STEP_MS: NEWEST,
        START_MS + 10 * COUNT * STEP_MS: NEWEST,
        START_MS + 10 * COUNT * STEP_MS + 1: None,
    }
    # librdkafka answers with the end of the log where nothing is late enough; both mean the same.
    answers = {stamp: ask(broker.bootstrap, timed, stamp) for stamp in expected}
    assert {stamp: None if offset == COUNT else offset for stamp, offset in answers.items()} == expected


@pytest.mark.parametrize(("spec", "offset"), [
    (OffsetSpec.earliest(), 0), (OffsetSpec.latest(), COUNT), (OffsetSpec.max_timestamp(), NEWEST),
    (OffsetSpec.for_timestamp(START_MS + 7 * STEP_MS), 7),
], ids=["earliest", "latest", "newest", "by time"])  # fmt: skip
def test_special_offsets(spec: OffsetSpec, offset: int, broker: BrokerProcess, timed: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    partition = TopicPartition(timed, 0)
    assert admin.list_offsets({partition: spec})[partition].result(10).offset == offset


def test_ends_of_the_log(broker: BrokerProcess, timed: str) -> None:
    partition = PythonPartition(timed, 0)
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=None)
    assert consumer.beginning_offsets([partition]) == {partition: 0}
    assert consumer.end_offsets([partition]) == {partition: COUNT}
    consumer.close()
    librdkafka = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "none"})
    assert librdkafka.get_watermark_offsets(TopicPartition(timed, 0), timeout=10) == (0, COUNT)
    librdkafka.close()


def test_kcat_reads_a_span_of_time(broker: BrokerProcess, timed: str) -> None:
    if kcat.missing():
        pytest.skip("no kcat on the PATH")
    start, end = START_MS + 100 * STEP_MS, START_MS + 110 * STEP_MS
    options = [
        "-b",
        broker.bootstrap,
        "-t",
        timed,
        "-p",
        "0",
        "-o",
        f"s@{start}",
        "-o",
        f"e@{end}",
        "-q",
        "-f",
        "%o ",
    ]
    assert kcat.kcat("-C", *options).split() == [b"%d" % number for number in range(100, 110)]


@pytest.mark.parametrize("writer", [Confluent(), KafkaPython(), Aiokafka()], ids=lambda client: client.name)
@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_log_append_time(
    writer: Confluent | KafkaPython | Aiokafka, codec: str, broker: BrokerProcess, topic: str
) -> None:
    """The log's own time for all records of a batch, whatever the client said."""
    with RawConnection(broker.port) as connection:
        assert connection.create_topic(topic, message_timestamp_type="LogAppendTime") == 0
    before = int(time.time() * 1000)
    writer.write(
        broker.bootstrap, topic, [Record(b"k", b"%d" % n, (), START_MS + n) for n in range(50)], codec
    )
    after = int(time.time() * 1000)
    for reader in (Confluent(), KafkaPython(), Aiokafka()):
        stamps = [record.timestamp or 0 for record in reader.read(broker.bootstrap, topic, 50)]
        assert stamps == sorted(stamps)
        assert before <= stamps[0] <= stamps[-1] <= after
    assert timestamp_type(broker.bootstrap, topic) == TIMESTAMP_LOG_APPEND_TIME


def test_create_time_says_so(broker: BrokerProcess, timed: str) -> None:
    assert timestamp_type(broker.bootstrap, timed) == TIMESTAMP_CREATE_TIME


def timestamp_type(bootstrap: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(10)
    assert message is not None
    consumer.close()
    return int(message.timestamp()[0])


def test_deleted_records_move_the_start(broker: BrokerProcess, topic: str) -> None:
    with RawConnection(broker.port) as connection:
        assert connection.create_topic(topic, retention_ms="-1") == 0
    Confluent().write(broker.bootstrap, topic, [Record(None, b"%d" % n, (), START_MS + n) for n in range(20)])
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    partition = TopicPartition(topic, 0, 15)
    assert admin.delete_records([partition])[partition].result(10).low_watermark == 15
    assert with_kafka_python(broker.bootstrap, topic, START_MS) == 15
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "none"})
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (15, 20)
    consumer.close()
    values = [record.value for record in Confluent().read(broker.bootstrap, topic, 5)]
    assert values == [b"%d" % number for number in range(15, 20)]
