"""Apache Kafka's own tools, the newest Java clients: console producer and consumer, topics, configs, offsets, logs."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.compat.clients.base import CODECS, SAMPLES
from tests.compat.clients.confluent import Confluent
from tests.support.apache import run_tool
from tests.support.batches import Record
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.java, pytest.mark.filterwarnings("ignore")]

TOOLS = "org.apache.kafka.tools."
PARALLEL = 2
"""Starting a JVM keeps a core busy for a second."""

Tool = Callable[..., str]


@pytest.fixture
def tool(broker: BrokerProcess) -> Tool:
    """Runs a tool by name against the broker under test."""

    def run(name: str, *arguments: str, stdin: bytes = b"") -> str:
        full_name = name if "." in name else TOOLS + name
        return run_tool(full_name, *arguments, "--bootstrap-server", broker.bootstrap, stdin=stdin).decode()

    return run


def test_console_producer_in_every_codec(broker: BrokerProcess, topic: str, tool: Tool) -> None:
    """Its defaults: idempotent, acks=all. Keys, headers, null and empty values."""
    lines = b"".join((
        b"a:1,b:2\tkey\tvalue\n", b"NULL\tkey\tNULL\n", b"NULL\tNULL\tno key\n", b"a:NULL\tk\t\n",
        *(b"NULL\tk%d\tv%d\n" % (number, number) for number in range(100)),
    ))  # fmt: skip
    reading = [
        part
        for word in ("parse.key=true", "parse.headers=true", "null.marker=NULL")
        for part in ("--reader-property", word)
    ]

    def produce(codec: str) -> None:
        tool(
            "ConsoleProducer",
            "--topic",
            f"{topic}-{codec}",
            "--compression-codec",
            codec,
            *reading,
            stdin=lines,
        )

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(produce, CODECS))
    for codec in CODECS:
        records = Confluent().read(broker.bootstrap, f"{topic}-{codec}", 104)
        assert [(record.key, record.value, record.headers) for record in records[:4]] == [
            (b"key", b"value", (("a", b"1"), ("b", b"2"))),
            (b"key", None, ()),
            (None, b"no key", ()),
            (b"k", b"", (("a", None),)),
        ]
        assert [(record.key, record.value) for record in records[4:]] == [
            (b"k%d" % number, b"v%d" % number) for number in range(100)
        ]


def test_console_consumer_of_every_codec(broker: BrokerProcess, topic: str) -> None:
    """All samples in all codecs, one after the other in one partition, byte for byte."""
    for codec in CODECS:
        Confluent().write(broker.bootstrap, topic, SAMPLES, codec)
    shown = ("print.offset", "print.timestamp", "print.headers", "print.key")
    words = [part for name in shown for part in ("--formatter-property", f"{name}=true")]
    output = run_tool(
        TOOLS + "consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap, "--topic", topic,
        "--partition", "0", "--offset", "earliest", "--max-messages", str(len(CODECS) * len(SAMPLES)), *words,
    )  # fmt: skip
    output = re.sub(rb"CreateTime:(?!1234567890123|1000000000000)\d{13}", b"CreateTime:now", output)
    expected = b"".join(console_line(offset, record) for offset, record in enumerate(SAMPLES * len(CODECS)))
    assert output == expected


def console_line(offset: int, record: Record) -> bytes:
    """A record as ConsoleConsumer prints it."""
    headers = ",".join(
        f"{name}:{'null' if value is None else value.decode()}" for name, value in record.headers
    )
    stamp = f"CreateTime:{record.timestamp or 'now'}\tOffset:{offset}\t{headers or 'NO_HEADERS'}\t".encode()
    key, value = (b"null" if part is None else part for part in (record.key, record.value))
    return stamp + key + b"\t" + value + b"\n"


def test_topics(topic: str, tool: Tool) -> None:
    tool("TopicCommand", "--create", "--topic", topic, "--partitions", "3", "--config", "retention.ms=123456")
    described = tool("TopicCommand", "--describe", "--topic", topic)
    assert "PartitionCount: 3" in described
    assert "retention.ms=123456" in described
    assert len(re.findall(r"Partition: \d+\tLeader: \d+\tReplicas: \d+\tIsr: \d+", described)) == 3
    tool("TopicCommand", "--alter", "--topic", topic, "--partitions", "5")
    assert "PartitionCount: 5" in tool("TopicCommand", "--describe", "--topic", topic)
    assert topic in tool("TopicCommand", "--list").split()
    tool("TopicCommand", "--delete", "--topic", topic)
    assert topic not in tool("TopicCommand", "--list").split()


def test_configs(broker: BrokerProcess, ready_topic: str, tool: Tool) -> None:
    command = "kafka.admin.ConfigCommand"
    entity = ("--entity-type", "topics", "--entity-name", ready_topic)
    tool(command, "--alter", *entity, "--add-config", "retention.ms=3600000,cleanup.policy=[compact,delete]")
    described = tool(command, "--describe", *entity)
    assert "retention.ms=3600000" in described
    assert "cleanup.policy=compact,delete" in described
    tool(command, "--alter", *entity, "--delete-config", "retention.ms")
    everything = tool(command, "--describe", "--all", *entity)
    assert (
        "retention.ms=604800000 sensitive=false synonyms={DEFAULT_CONFIG:log.retention.ms" not in everything
    )
    assert re.search(r"retention\.ms=604800000 sensitive=false", everything)
    assert len(re.findall(r"^  [a-z.]+=", everything, re.MULTILINE)) >= 30
    brokers = tool(command, "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
    assert "log.retention.hours=168" in brokers
    assert "message.max.bytes=" in brokers


def test_offsets_records_and_directories(broker: BrokerProcess, ready_topic: str, tool: Tool) -> None:
    with RawConnection(broker.port) as connection:
        connection.create_topic(f"{ready_topic}-other", 2)
    start = int(time.time() * 1000) - 60_000
    records = [Record(None, b"%d" % number, (), start + number) for number in range(100)]
    Confluent().write(broker.bootstrap, ready_topic, records)
    asked = {"-1": 100, "-2": 0, "-3": 99, "-4": 0, str(start + 42): 42}

    def offset_at(moment: str) -> str:
        return tool("GetOffsetShell", "--topic", ready_topic, "--time", moment).strip()

    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = dict(zip(asked, pool.map(offset_at, asked), strict=True))
    assert answers == {moment: f"{ready_topic}:0:{offset}" for moment, offset in asked.items()}
    directories = tool("LogDirsCommand", "--describe", "--topic-list", ready_topic)
    (described,) = (json.loads(line) for line in directories.splitlines() if line.startswith("{"))
    (partition,) = described["brokers"][0]["logDirs"][0]["partitions"]
    assert partition["partition"] == f"{ready_topic}-0"
    assert partition["size"] > 100
    assert partition["offsetLag"] == 0


def test_deleted_records(broker: BrokerProcess, ready_topic: str, tool: Tool, tmp_path: Path) -> None:
    Confluent().write(broker.bootstrap, ready_topic, [Record(None, b"%d" % number) for number in range(100)])
    wanted = tmp_path / "offsets.json"
    partition = {"topic": ready_topic, "partition": 0, "offset": 60}
    wanted.write_text(json.dumps({"partitions": [partition], "version": 1}))
    assert "low_watermark: 60" in tool("DeleteRecordsCommand", "--offset-json-file", str(wanted))
    assert tool("GetOffsetShell", "--topic", ready_topic, "--time", "-2").strip() == f"{ready_topic}:0:60"


def test_what_the_broker_says_of_itself(broker: BrokerProcess, tool: Tool) -> None:
    versions = tool("BrokerApiVersionsCommand")
    assert "Produce(0): 0 to 13 [usable: 13]" in versions
    assert "Fetch(1): 4 to 18 [usable: 18]" in versions
    assert "UNSUPPORTED" not in "".join(line for line in versions.splitlines() if CORE_API.search(line))
    assert "Cluster ID: " in tool("ClusterTool", "cluster-id")


CORE_API = re.compile(
    r"\b(Produce|Fetch|ListOffsets|Metadata|CreateTopics|DeleteTopics|DeleteRecords|DescribeConfigs|CreatePartitions"
    r"|IncrementalAlterConfigs|DescribeLogDirs|DescribeCluster|DescribeTopicPartitions|ListConfigResources)\("
)


def test_the_performance_tools(ready_topic: str, tool: Tool) -> None:
    """100,000 records of the Java producer at full speed, and a round trip a thousand times."""
    produced = tool(
        "ProducerPerformance", "--topic", ready_topic, "--num-records", "100000", "--record-size", "100",
        "--throughput", "-1", "--command-property", "acks=all",
    )  # fmt: skip
    assert "100000 records sent" in produced
    assert tool("GetOffsetShell", "--topic", ready_topic, "--time", "-1").strip() == f"{ready_topic}:0:100000"
    round_trips = tool(
        "EndToEndLatency", "--topic", ready_topic, "--num-records", "1000", "--producer-acks", "all",
        "--record-size", "100",
    )  # fmt: skip
    assert "Avg latency" in round_trips
