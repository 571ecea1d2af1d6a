"""A full disk, a data directory that another broker uses, one that belongs to another broker or cluster."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compat.witness import one_record
from tests.conftest import NewBroker
from tests.support import batches
from tests.support.process import BrokerProcess, free_port
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.crash]

KAFKA_STORAGE_ERROR = 56
CHUNK = b"x" * 100_000
DISK_BYTES = 32 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(connection: RawConnection, topic: str, limit_bytes: int) -> tuple[list[int], int]:
    """Produce until refused: the acknowledged offsets, and the error (-1 when the broker hung up)."""
    acknowledged: list[int] = []
    for number in range(limit_bytes // len(CHUNK) + 1):
        try:
            produced = connection.produce(topic, 0, one_record(CHUNK, b"%d" % number))
        except (OSError, EOFError):
            return acknowledged, -1
        if produced.error:
            return acknowledged, produced.error
        acknowledged.append(produced.base_offset)
    raise AssertionError("the disk never filled")


def assert_all_there(connection: RawConnection, topic: str, acknowledged: list[int]) -> None:
    """Every acknowledged record is read back, whole and in order."""
    offset = 0
    while offset < len(acknowledged):
        fetched = connection.fetch(topic, 0, offset)
        assert fetched.error == 0
        for record in batches.decode(fetched.records):
            assert (record.offset, record.key, record.value) == (offset, b"%d" % offset, CHUNK)
            offset += 1
    assert acknowledged == list(range(len(acknowledged)))


def test_a_full_disk_loses_nothing(new_broker: NewBroker, small_disk: Path) -> None:
    broker = new_broker(small_disk / "broker").start()
    with RawConnection(broker.port) as connection, RawConnection(broker.port) as reader:
        assert connection.create_topic("fills") == 0
        acknowledged, error = fill(connection, "fills", DISK_BYTES * 2)
        assert acknowledged
        if broker.kind == "ottla":
            assert error == KAFKA_STORAGE_ERROR
            assert_all_there(reader, "fills", acknowledged)
        else:
            assert error in (KAFKA_STORAGE_ERROR, -1), "Apache Kafka halts when its last log directory fails"
    broker.kill()
    assert not any("Traceback" in line for line in broker.log_lines())
    make_room = ["mount", "-o", f"remount,size={DISK_BYTES * 8}", str(small_disk)]
    subprocess.run(make_room, check=True)
    with broker.start(), RawConnection(broker.port) as connection:
        connection.wait_leader("fills", 0)
        assert_all_there(connection, "fills", acknowledged)
        produced = connection.produce("fills", 0, one_record())
        assert (produced.error, produced.base_offset >= len(acknowledged)) == (0, True)


def test_a_file_that_may_not_grow_loses_nothing(new_broker: NewBroker) -> None:
    """The same without the right to mount: the kernel refuses to let the process's files grow."""
    broker = new_broker()
    if broker.kind == "apache":
        pytest.skip("the JVM's own files would fail first")
    broker.start()
    with RawConnection(broker.port) as connection, RawConnection(broker.port) as reader:
        assert connection.create_topic("fills") == 0
        with file_size_limit(broker, 2_000_000):
            acknowledged, error = fill(connection, "fills", 4_000_000)
            assert error == KAFKA_STORAGE_ERROR
            assert_all_there(reader, "fills", acknowledged)
    broker.kill()
    with broker.start(), RawConnection(broker.port) as connection:
        assert_all_there(connection, "fills", acknowledged)
        assert connection.produce("fills", 0, one_record()).base_offset >= len(acknowledged)


@contextlib.contextmanager
def file_size_limit(broker: BrokerProcess, limit_bytes: int) -> Iterator[None]:
    """While inside, no file of the broker's may become longer."""
    _, hard = resource.prlimit(broker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (limit_bytes, hard))
    yield
    resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_a_data_directory_in_use(new_broker: NewBroker) -> None:
    first = new_broker().start()
    second = new_broker(first.directory)
    second.output = first.directory / "second.log"
    prepare_second(second)
    second.spawn()
    assert second.wait_end() != 0
    assert_refused_in_one_line(second, str(first.data))
    with RawConnection(first.port) as connection:
        assert connection.create_topic("served-on") == 0
        assert connection.produce("served-on", 0, one_record()).error == 0


def prepare_second(broker: BrokerProcess) -> None:
    """Another port over the same data; Apache Kafka reads it from a file that the first one wrote."""
    if broker.kind == "apache":
        properties = broker.directory / "server.properties"
        lines = properties.read_text().splitlines()
        kept = [
            line for line in lines if not line.startswith(("listeners", "advertised", "controller.quorum"))
        ]
        listeners = f"PLAINTEXT://{broker.bootstrap},CONTROLLER://127.0.0.1:{free_port()}"
        voters = f"1@127.0.0.1:{free_port()}"
        kept += [f"listeners={listeners}", f"controller.quorum.voters={voters}"]
        properties.write_text("\n".join(kept))


def assert_refused_in_one_line(broker: BrokerProcess, *words: str) -> None:
    lines = [line for line in broker.log_lines() if all(word in line for word in words)]
    assert lines, broker.log_tail()
    if broker.kind == "ottla":
        assert len(broker.log_lines()) == 1, broker.log_tail()


@pytest.mark.parametrize(("key", "value"), [("node.id", "77"), ("cluster.id", "QW5vdGhlckNsdXN0ZXJfMQ")])
def test_a_data_directory_of_another(new_broker: NewBroker, key: str, value: str) -> None:
    broker = new_broker()
    if broker.kind == "apache" and key == "cluster.id":
        pytest.skip("with one directory Apache Kafka takes its cluster's name from there")
    with broker.start(), RawConnection(broker.port) as connection:
        assert connection.create_topic("kept") == 0
        assert connection.produce("kept", 0, one_record()).error == 0
        broker.stop()
    meta = broker.data / "meta.properties"
    before = meta.read_text()
    changed = [f"{key}={value}" if line.startswith(key) else line for line in before.splitlines()]
    assert changed != before.splitlines()
    meta.write_text("\n".join(changed) + "\n")
    broker.output.unlink()
    broker.spawn()
    assert broker.wait_end() != 0
    assert_refused_in_one_line(broker, value)
    meta.write_text(before)
    with broker.start(), RawConnection(broker.port) as connection:
        connection.wait_leader("kept", 0)
        assert connection.list_offset("kept", 0, -1)[2] == 1
