"""`ottla serve` and `ottla demo`: what they say, what they refuse, how they end."""

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.command import Command
from tests.support.process import free_port

READY = re.compile(
    r"ottla \S+ ready at 127\.0\.0\.1:(\d+), data in (\S+), (\d+\.\d\d) s after the process began\n"
)
LAST_HINT = "Ctrl-C stops the broker. What was sent stays, and is there again after the next start.\n"
ANY_PORT = "listeners=PLAINTEXT://127.0.0.1:0"


@contextmanager
def started(*words: str, **environment: str) -> "Iterator[subprocess.Popen[str]]":
    """`ottla …` in the background; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ottla", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def run_python(code: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def refused(*words: str) -> str:
    """What it says when it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "ottla", "serve", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_a_clean_end(tmp_path: Path, number: signal.Signals) -> None:
    with started("serve", "--data", str(tmp_path / "data"), "--set", ANY_PORT) as process:
        ready = READY.fullmatch(first_line(process))
        assert ready is not None
        assert ready[2] == str(tmp_path / "data")
        Command(f"127.0.0.1:{ready[1]}").ok("topics", "create", "t")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")


def test_file_then_environment_then_set(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text(f"num.partitions=2\nlog.retention.ms=1000\nlog.dirs={tmp_path}/file\n{ANY_PORT}\n")
    words = ("serve", str(file), "--set", "log.segment.bytes=2000000")
    with started(*words, KAFKA_NUM_PARTITIONS="3", KAFKA_LOG_SEGMENT_BYTES="1500000") as process:
        ready = READY.fullmatch(first_line(process))
        assert ready is not None
        assert ready[2] == str(tmp_path / "file")
        ottla = Command(f"127.0.0.1:{ready[1]}")
        assert ottla.ok("topics", "create", "t") == b"t: created, 3 partitions\n"
        described = ottla.ok("topics", "describe", "t").decode()
    assert re.search(r"retention\.ms +1000 +static broker", described)
    assert re.search(r"segment\.bytes +2000000 +static broker", described)


def test_an_unknown_config_is_a_warning(tmp_path: Path) -> None:
    words = ("--data", str(tmp_path), "--set", ANY_PORT, "--set", "num.partition=3")
    with started("serve", *words) as process:
        assert READY.fullmatch(first_line(process))
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert err.startswith("ottla: warning: num.partition is unknown")
    assert "did you mean num.partitions?" in err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--set", "num.partitions=zero"], "num.partitions"),
        (["--set", "num.partitions"], "is not key=value"),
        (["--set", "listeners=127.0.0.1:9092"], "is not NAME://host:port"),
        (["--set", "metrics.listen=9404"], "it must be host:port, such as 127.0.0.1:9404"),
        (["--set", "listeners=PLAINTEXT://nobody.invalid:9092"], "cannot listen on nobody.invalid:9092: "),
        ([sys.executable], f"{sys.executable} is no text; give a file such as Kafka's server.properties"),
        (["/nowhere/server.properties"], "/nowhere/server.properties: No such file or directory"),
        (["--data", "/dev/null/data"], "/dev/null/data"),
    ],
)
def test_a_broker_that_cannot_start_says_why_in_one_line(
    words: list[str], problem: str, tmp_path: Path
) -> None:
    message = refused("--data", str(tmp_path), *words)
    assert message.startswith("ottla: ")
    assert message.count("\n") == 1
    assert problem in message


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        message = refused("--data", str(tmp_path), "--set", f"listeners=PLAINTEXT://127.0.0.1:{port}")
        assert message == (
            f"ottla: cannot listen on 127.0.0.1:{port}: Address already in use; stop what listens there, or choose "
            "another address, such as --set listeners=PLAINTEXT://127.0.0.1:9192\n"
        )
        message = refused(
            "--data", str(tmp_path), "--set", ANY_PORT, "--set", f"metrics.listen=127.0.0.1:{port}"
        )
        assert "such as --set metrics.listen=127.0.0.1:9192\n" in message


def test_a_data_directory_that_another_broker_uses(tmp_path: Path) -> None:
    words = ("--data", str(tmp_path), "--set", ANY_PORT)
    with started("serve", *words) as process:
        assert READY.fullmatch(first_line(process))
        message = refused(*words)
    assert str(tmp_path) in message
    assert message.count("\n") == 1


def test_the_demo_shows_a_message_come_back_each_time(tmp_path: Path) -> None:
    port = free_port()
    words = ("demo", "--port", str(port), "--data", str(tmp_path / "data"))
    for offset in (0, 1):
        with started(*words) as process:
            assert process.stdout is not None
            shown = [process.stdout.readline() for _ in range(3)]
            assert READY.fullmatch(shown[0])
            assert shown[1] == 'sent a first message to the topic "first-steps", and read it back:\n'
            assert shown[2].startswith(f"  partition 0, offset {offset}: Hello from Ottla, ")
            assert Command(f"127.0.0.1:{port}").ok("consume", "first-steps").count(b"\n") == offset + 1
            hints = list(iter(process.stdout.readline, LAST_HINT))
            assert any(f"kcat -C -b 127.0.0.1:{port} -t greetings" in line for line in hints)
            code = "".join(hints).partition("with Python")[2].partition("\n\n")[0]
            run_python(textwrap.dedent(" " * len("  with Python") + code))
            assert Command(f"127.0.0.1:{port}").ok("consume", "greetings").count(b"hello\n") == offset + 1
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30) == ("", "")
            assert process.returncode == 0


def test_the_demo_says_when_its_port_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with started("demo", "--port", str(port)) as process:
            _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    fix = f"choose another: `make run PORT={port + 100}` or `ottla demo --port {port + 100}`"
    assert err == f"ottla: port {port} cannot be had (Address already in use); {fix}\n"
