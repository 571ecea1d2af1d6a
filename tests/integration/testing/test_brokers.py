"""The brokers that other people's tests will use."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ottla.client import Admin, Consumer, Producer, TopicPartition
from ottla.client.admin import ConfigResource, ResourceType
from ottla.testing import Broker, BrokerFailedError, BrokerProcess


async def send(servers: str, value: bytes) -> int:
    async with Producer(servers) as producer:
        return (await producer.send("t", value)).offset


async def read(servers: str, offset: int) -> bytes | None:
    async with Consumer(bootstrap_servers=servers) as consumer:
        consumer.assign([TopicPartition("t", 0)])
        consumer.seek(TopicPartition("t", 0), offset)
        return (await consumer.getone()).value


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_in_process_there_and_gone() -> None:
    async with Broker() as broker:
        assert broker.running
        assert await send(broker.bootstrap_servers, b"v") == 0
        assert await read(broker.bootstrap_servers, 0) == b"v"
        assert any(broker.directory.iterdir())
    assert not broker.running
    assert not accepts(broker.port)
    assert not broker.directory.exists()


async def test_in_process_configs_by_keyword_and_by_name() -> None:
    async with (
        Broker(num_partitions=3, configs={"log.retention.ms": 5000}) as broker,
        Admin(broker.bootstrap_servers) as admin,
    ):
        assert (await admin.create_topic("t")).partitions == 3
        resource = ConfigResource(ResourceType.TOPIC, "t")
        entries = (await admin.describe_configs([resource])).one(resource)
        configs = {entry.name: entry.value for entry in entries.values()}
    assert configs["retention.ms"] == "5000"


async def test_in_process_restart_keeps_port_and_data(tmp_path: Path) -> None:
    async with Broker(tmp_path) as broker:
        port = broker.port
        await send(broker.bootstrap_servers, b"v")
        await broker.restart()
        assert broker.port == port
        assert await read(broker.bootstrap_servers, 0) == b"v"
    assert any(tmp_path.iterdir())


async def test_two_in_one_process() -> None:
    async with Broker() as one, Broker() as other:
        assert await send(one.bootstrap_servers, b"1") == 0
        assert await send(other.bootstrap_servers, b"2") == 0
        assert await read(one.bootstrap_servers, 0) == b"1"


def test_a_config_without_effect_is_refused() -> None:
    with pytest.raises(ValueError, match=r"num\.partition is unknown.*did you mean num\.partitions\?"):
        Broker(num_partition=3)


async def test_a_process_is_another_process_with_a_free_port() -> None:
    with BrokerProcess(num_partitions=2) as broker:
        assert broker.running
        assert broker.pid != os.getpid()
        assert await send(broker.bootstrap_servers, b"v") == 0
        assert any("ready at" in line for line in broker.lines)
    assert broker.exit_status == 0
    assert not broker.directory.exists()


async def test_kill_is_kill_9_and_restart_brings_everything_back() -> None:
    async with BrokerProcess() as broker:
        port, first = broker.port, broker.pid
        await send(broker.bootstrap_servers, b"v")
        assert broker.kill() == -signal.SIGKILL
        assert not broker.running
        broker.restart()
        assert (broker.port, broker.running) == (port, True)
        assert broker.pid != first
        assert await read(broker.bootstrap_servers, 0) == b"v"


def test_stop_is_clean() -> None:
    with BrokerProcess() as broker:
        assert broker.stop() == 0


def test_a_broker_that_does_not_start_says_why() -> None:
    broker = BrokerProcess(num_partitions="x")
    with pytest.raises(BrokerFailedError, match=r"ended with status 1; it said:\n.*num\.partitions"):
        broker.start()
    broker.close()


def test_a_start_that_takes_too_long_is_given_up() -> None:
    broker = BrokerProcess(start_timeout=0.0)
    with pytest.raises(BrokerFailedError, match=r"was not ready in 0\.0 s"):
        broker.start()
    assert not broker.running
    broker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_process_dies_with_the_one_that_started_it() -> None:
    code = (
        "import os, time; from ottla.testing import BrokerProcess\n"
        "broker = BrokerProcess(); broker.start(); print(broker.pid, broker.port, broker.directory, flush=True)\n"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, port, directory = parent.stdout.readline().split()
    assert accepts(int(port))
    parent.kill()
    parent.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while accepts(int(port)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not accepts(int(port)), f"process {pid} outlived its parent"
    subprocess.run(["rm", "-rf", directory], check=True)
