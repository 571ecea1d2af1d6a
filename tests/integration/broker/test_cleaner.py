"""The log cleaner behind a real broker, seen through a real client: what a compacted topic's reader must find."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess

pytestmark = [pytest.mark.compat, pytest.mark.timeout(120)]

TOPIC = "facts"
KEYS = 40
SEGMENT_BYTES = 10_000
WAIT_SECONDS = 40.0
BUSY = {
    "log.cleaner.backoff.ms": "20",
    "log.flush.offset.checkpoint.interval.ms": "50",
    "log.segment.delete.delay.ms": "200",
}
"""A cleaner that always looks, over logs that settle at once."""
COMPACTED = {
    "cleanup.policy": "compact",
    "internal.segment.bytes": str(SEGMENT_BYTES),
    "min.cleanable.dirty.ratio": "0.01",
}


@dataclass
class Told:
    """What was written: by offset, and the last of each key."""

    by_offset: dict[int, tuple[bytes, bytes | None]] = field(default_factory=dict)
    last: dict[bytes, int] = field(default_factory=dict)

    def note(self, offset: int, key: bytes, value: bytes | None) -> None:
        self.by_offset[offset] = key, value
        self.last[key] = max(offset, self.last.get(key, -1))


def create(broker: BrokerProcess, topic: str = TOPIC, **configs: str) -> None:
    settings = COMPACTED | {name.replace("_", "."): value for name, value in configs.items()}
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1, config=settings)])[topic].result(20)


def delete(broker: BrokerProcess, topic: str = TOPIC) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.delete_topics([topic])[topic].result(20)


def write(
    broker: BrokerProcess, told: Told, count: int, *, topic: str = TOPIC, tombstones: bool = False
) -> None:
    """`count` records over KEYS keys, each acknowledged by all."""
    producer = Producer({
        "bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "linger.ms": 1, "batch.num.messages": 20,
    })  # fmt: skip
    failures: list[object] = []

    def delivered(error: object, message: object) -> None:
        if error is not None:
            failures.append(error)
            return
        told.note(message.offset(), message.key(), message.value())  # type: ignore[attr-defined]

    first = len(told.by_offset)
    for number in range(first, first + count):
        value = None if tombstones else b"%07d" % number + b"." * 60
        producer.produce(
            topic, key=b"key-%d" % (number % KEYS), value=value, partition=0, on_delivery=delivered
        )
        if number % 200 == 0:
            producer.flush(20)
    assert producer.flush(30) == 0
    assert not failures


def open_consumer(broker: BrokerProcess, offset: int = 0, topic: str = TOPIC) -> Consumer:
    consumer = Consumer({
        "bootstrap.servers": broker.bootstrap, "group.id": "none", "enable.auto.commit": False,
        "enable.partition.eof": True, "fetch.message.max.bytes": 5000, "queued.min.messages": 1,
            "fetch.wait.max.ms": 20,
            "fetch.queue.backoff.ms": 1,
    })  # fmt: skip
    consumer.assign([TopicPartition(topic, 0, offset)])
    return consumer


def take(consumer: Consumer, limit: int = 1 << 40) -> list[tuple[int, bytes, bytes | None]]:
    """(offset, key, value) of up to `limit` records, or all up to the end."""
    found: list[tuple[int, bytes, bytes | None]] = []
    while len(found) < limit:
        message = consumer.poll(20)
        assert message is not None, "nothing came within 20 seconds"
        if message.error() is not None:
            assert message.error().name() == "_PARTITION_EOF", message.error()
            break
        found.append((message.offset(), message.key(), message.value()))
    return found


def read_all(broker: BrokerProcess, topic: str = TOPIC) -> list[tuple[int, bytes, bytes | None]]:
    consumer = open_consumer(broker, 0, topic)
    try:
        return take(consumer)
    finally:
        consumer.close()


def assert_true_to(told: Told, found: list[tuple[int, bytes, bytes | None]]) -> None:
    """Nothing but what was written, where it was written, in order, and the last value of every key."""
    offsets = [offset for offset, _, _ in found]
    assert offsets == sorted(set(offsets))
    for offset, key, value in found:
        assert told.by_offset[offset] == (key, value)
    missing = {key for key, offset in told.last.items() if offset not in set(offsets)}
    tombstones = {key for key, offset in told.last.items() if told.by_offset[offset][1] is None}
    assert missing <= tombstones


def eventually(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS:.0f} s: {what}"
        time.sleep(0.05)


def log_bytes(broker: BrokerProcess, topic: str = TOPIC) -> int:
    """Bytes in the partition's segments on disk; swaps go on while this looks."""
    sizes = 0
    for file in (broker.data / f"{topic}-0").glob("*.log"):
        try:
            sizes += file.stat().st_size
        except FileNotFoundError:
            continue
    return sizes


def compacted_size() -> int:
    """What a compacted log of KEYS keys takes at most: one clean segment, a few new ones."""
    return 5 * SEGMENT_BYTES


def start(new_broker: NewBroker, **more: str) -> BrokerProcess:
    settings: Mapping[str, str] = BUSY | {name.replace("_", "."): value for name, value in more.items()}
    return new_broker(**settings).start()


def test_the_last_value_of_each_key_stays_at_its_offset(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    create(broker)
    for _ in range(4):
        write(broker, told, 1000)
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())
    found = read_all(broker)
    assert_true_to(told, found)
    assert len(found) < 1000
    assert found[-1][0] == max(told.by_offset)
    leftovers = [file.name for file in (broker.data / f"{TOPIC}-0").iterdir() if file.suffix == ".cleaned"]
    assert leftovers == []
    eventually(
        "old files removed",
        lambda: not any(file.suffix == ".deleted" for file in (broker.data / f"{TOPIC}-0").iterdir()),
    )


def test_tombstones_go_after_their_time(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    create(broker, delete_retention_ms="0")
    write(broker, told, 400)
    write(broker, told, KEYS, tombstones=True)
    first_after = len(told.by_offset)

    def no_tombstones() -> bool:
        write(broker, told, 200)  # what makes the log dirty again, so that rounds go on
        return all(value is not None for _, _, value in read_all(broker))

    eventually("no tombstones", no_tombstones)
    found = read_all(broker)
    assert_true_to(told, found)
    assert all(offset >= first_after for offset, _, _ in found)


def test_a_reader_in_the_middle_is_not_disturbed(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    create(broker, min_compaction_lag_ms="1500")
    write(broker, told, 3000)
    consumer = open_consumer(broker)
    seen = take(consumer, 700)
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())
    write(broker, told, 500)
    seen += take(consumer)
    consumer.close()
    assert_true_to(told, seen)
    assert seen[-1][0] == max(told.by_offset)


def test_readers_while_rounds_go_on(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    create(broker)
    write(broker, told, 200)
    stop, failures = threading.Event(), []

    def read_over_and_over() -> None:
        try:
            while not stop.is_set():
                offsets = [offset for offset, _, _ in read_all(broker)]
                assert offsets == sorted(set(offsets))
        except BaseException as failure:  # noqa: BLE001 (shown below)
            failures.append(failure)

    reader = threading.Thread(target=read_over_and_over)
    reader.start()
    try:
        for _ in range(10):
            write(broker, told, 500)
    finally:
        stop.set()
        reader.join(30)
    assert failures == []
    assert_true_to(told, read_all(broker))


def test_a_restart_goes_on_where_the_cleaner_was(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    create(broker)
    write(broker, told, 2000)
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())
    checkpoint = broker.data / "cleaner-offset-checkpoint"
    eventually("written down", lambda: checkpoint.exists() and f"{TOPIC} 0 " in checkpoint.read_text())
    broker.restart()
    assert_true_to(told, read_all(broker))
    write(broker, told, 2000)
    eventually("compacted again", lambda: log_bytes(broker) < compacted_size())
    assert_true_to(told, read_all(broker))


def test_what_nobody_opened_is_compacted_too(new_broker: NewBroker, tmp_path: Path) -> None:
    broker, told = start(new_broker, log_cleaner_enable="false"), Told()
    create(broker)
    write(broker, told, 2000)
    broker.stop()
    assert log_bytes(broker) > 10 * SEGMENT_BYTES
    broker.settings["log.cleaner.enable"] = "true"
    broker.start()
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())
    assert_true_to(told, read_all(broker))


def test_kill_9_in_the_middle_of_compaction(new_broker: NewBroker) -> None:
    broker, told = start(new_broker), Told()
    dice = random.Random(7)
    create(broker)
    for _ in range(8):
        write(broker, told, 600)
        time.sleep(dice.uniform(0, 0.12))
        broker.kill()
        broker.start()
        assert_true_to(told, read_all(broker))
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())
    assert_true_to(told, read_all(broker))


def test_compaction_leaves_no_holes_after_the_recovery_point(new_broker: NewBroker) -> None:
    """There a restart would take them for what a power cut took, and drop what follows."""
    broker, told = start(new_broker), Told()
    create(broker)
    write(broker, told, 600)
    write(broker, told, 600)
    compacted = broker.data / "cleaner-offset-checkpoint"
    eventually("compacted", lambda: offset_in(compacted) > 0)
    assert offset_in(broker.data / "recovery-point-offset-checkpoint") >= offset_in(compacted)
    broker.kill()
    broker.start()
    assert_true_to(told, read_all(broker))


def offset_in(checkpoint: Path) -> int:
    """What a checkpoint file says of the topic's partition."""
    lines = checkpoint.read_text().splitlines() if checkpoint.exists() else []
    return next((int(line.split()[2]) for line in lines if line.startswith(f"{TOPIC} 0 ")), 0)


def test_a_topic_deleted_and_made_again_in_the_middle(new_broker: NewBroker) -> None:
    broker = start(new_broker)
    for _ in range(6):
        told = Told()
        create(broker)
        write(broker, told, 900)
        time.sleep(0.02)
        delete(broker)
        create(broker)
        told = Told()
        write(broker, told, 300)
        assert_true_to(told, read_all(broker))
        assert read_all(broker)[-1][0] == 299
        delete(broker)
    assert "Traceback" not in broker.output.read_text()


def test_a_damaged_partition_is_reported_once_and_the_others_are_compacted(new_broker: NewBroker) -> None:
    broker, told, others = start(new_broker, log_cleaner_enable="false"), Told(), Told()
    create(broker)
    create(broker, "others")
    write(broker, told, 2000)
    write(broker, others, 2000, topic="others")
    broker.stop()
    first = min((broker.data / f"{TOPIC}-0").glob("*.log"))
    damaged = bytearray(first.read_bytes())
    damaged[200] ^= 0xFF
    first.write_bytes(damaged)
    before = log_bytes(broker)
    broker.settings["log.cleaner.enable"] = "true"
    broker.start()
    eventually("the other is compacted", lambda: log_bytes(broker, "others") < compacted_size())
    assert_true_to(others, read_all(broker, "others"))
    eventually("reported", lambda: any("damaged" in line for line in broker.log_lines()))
    time.sleep(0.3)  # a dozen more looks
    assert sum("will not be compacted" in line for line in broker.log_lines()) == 1
    assert log_bytes(broker) == before


def test_the_cleaner_tells_what_it_did(new_broker: NewBroker) -> None:
    import urllib.request

    from tests.support.process import free_port

    port = free_port()
    broker, told = start(new_broker, metrics_listen=f"127.0.0.1:{port}"), Told()
    create(broker)
    write(broker, told, 2000)
    eventually("compacted", lambda: log_bytes(broker) < compacted_size())

    def metrics() -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
            lines = [line.rpartition(" ") for line in reply.read().decode().splitlines() if line[:1] != "#"]
        return {name: float(value) for name, _, value in lines}

    told_by = metrics()
    assert told_by["kafka_log_logcleaner_runs_total"] >= 1
    assert (
        told_by["kafka_log_logcleaner_bytes_in_total"] > told_by["kafka_log_logcleaner_bytes_out_total"] > 0
    )
    assert 0 <= told_by["kafka_log_logcleanermanager_max_dirty_percent"] <= 100
    assert told_by["kafka_log_logcleanermanager_uncleanable_partitions_count"] == 0
