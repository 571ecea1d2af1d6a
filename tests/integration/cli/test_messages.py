"""`ottla produce` and `ottla consume` as a person or a script uses them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.conftest import NewBroker
from tests.support.command import Command


def test_a_line_is_a_message(ottla: Command, topic: str) -> None:
    assert ottla.ok("produce", topic, stdin=b"hello\n\nworld") == b""
    assert ottla.ok("consume", topic) == b"hello\n\nworld\n"


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_ten_thousand_lines_come_back_in_order(ottla: Command, topic: str, codec: str) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(10_000))
    ottla.ok("produce", topic, "-z", codec, stdin=lines)
    assert ottla.ok("consume", topic) == lines


def test_any_bytes_at_all(ottla: Command, topic: str) -> None:
    data = os.urandom(300_000)
    ottla.ok("produce", topic, "--delimiter", "", stdin=data)
    assert ottla.ok("consume", topic, "--delimiter", "") == data
    assert ottla.ok("consume", topic, "-f", "%s") == data
    ottla.ok("produce", f"{topic}-0", "--delimiter", r"\0", stdin=b"a\nb\0c\xff\0")
    assert ottla.ok("consume", f"{topic}-0", "--delimiter", r"\0") == b"a\nb\0c\xff\0"


def test_keys_nulls_headers_and_a_format(ottla: Command, topic: str) -> None:
    ottla.ok(
        "produce", topic, "-K", ":", "-Z", "NULL", "-H", "a=1", "-H", "b=", stdin=b"k:v:w\nNULL:x\ny:NULL\n"
    )
    assert ottla.ok("consume", topic, "-K", "=", "-Z", "~") == b"k=v:w\n~=x\ny=~\n"
    formatted = ottla.ok("consume", topic, "-f", r"%t %p %o [%k] [%s] %K %S %h\n", "-Z", "~").decode()
    assert formatted.splitlines() == [
        f"{topic} 0 0 [k] [v:w] 1 3 a=1,b=",
        f"{topic} 0 1 [~] [x] -1 1 a=1,b=",
        f"{topic} 0 2 [y] [~] 1 -1 a=1,b=",
    ]


def test_json_copies_a_topic_exactly(ottla: Command, topic: str) -> None:
    records = [
        {
            "value": "text",
            "key": "k",
            "headers": [{"key": "h", "value": None}],
            "timestamp": 1_600_000_000_000,
        },
        {"value": {"base64": "/wA="}, "key": {"base64": "gA=="}, "timestamp": 1_600_000_000_001},
        {"value": None, "timestamp": 1_600_000_000_002},
    ]
    ottla.ok(
        "produce", topic, "--json", stdin=b"".join(json.dumps(each).encode() + b"\n" for each in records)
    )
    first = ottla.ok("consume", topic, "--json")
    ottla.ok("produce", f"{topic}-copy", "--json", stdin=first)
    second = ottla.ok("consume", f"{topic}-copy", "--json")
    assert second == first.replace(topic.encode(), f"{topic}-copy".encode())
    decoded = [json.loads(line) for line in first.splitlines()]
    assert [each["value"] for each in decoded] == ["text", {"base64": "/wA="}, None]
    assert [each["timestamp"] for each in decoded] == [each["timestamp"] for each in records]
    assert decoded[0]["headers"] == [{"key": "h", "value": None}]


def test_partitions_are_chosen_on_both_sides(ottla: Command, topic: str) -> None:
    ottla.ok("topics", "create", topic, "--partitions", "3")
    for partition in range(3):
        ottla.ok("produce", topic, "-p", str(partition), stdin=b"in %d\n" % partition)
    assert ottla.ok("consume", topic, "-p", "1") == b"in 1\n"
    assert sorted(ottla.ok("consume", topic, "-p", "0,2").splitlines()) == [b"in 0", b"in 2"]
    assert len(ottla.ok("consume", topic).splitlines()) == 3
    copied = ottla.ok("consume", topic, "--json")
    ottla.ok("topics", "create", f"{topic}-copy", "--partitions", "3")
    ottla.ok("produce", f"{topic}-copy", "--json", "--keep-partitions", stdin=copied)
    assert ottla.ok("consume", f"{topic}-copy", "-p", "2") == b"in 2\n"


def test_offsets_times_and_counts(ottla: Command, topic: str) -> None:
    lines = [{"value": str(number), "timestamp": 1_600_000_000_000 + number * 1000} for number in range(20)]
    ottla.ok("produce", topic, "--json", stdin="\n".join(map(json.dumps, lines)).encode())

    def read(*words: str) -> list[int]:
        return [int(line) for line in ottla.ok("consume", topic, *words).splitlines()]

    assert read("--offset", "15") == [15, 16, 17, 18, 19]
    assert read("--offset", "-2") == [18, 19]
    assert read("-o", "-100", "-c", "2") == [0, 1]
    assert read("--offset", "earliest", "--max-messages", "1") == [0]
    assert read("--offset", "latest") == []
    assert read("--timestamp", "1600000017000") == [17, 18, 19]
    assert read("--timestamp", "2020-09-13T12:26:57.001Z") == [18, 19]
    assert read("--timestamp", "2100-01-01T00:00:00Z") == []


@pytest.mark.parametrize("acks", ["all", "1", "0"])
def test_offsets_are_printed_when_asked(ottla: Command, topic: str, acks: str) -> None:
    printed = ottla.ok("produce", topic, "--acks", acks, "--print-offsets", stdin=b"a\nb\n").decode()
    offsets = (-1, -1) if acks == "0" else (0, 1)
    assert printed.splitlines() == [f"{topic} 0 {offset}" for offset in offsets]


def test_following_prints_what_comes_and_ends_quietly_on_interrupt(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"old\n")
    following = ottla.start("consume", topic, "--follow", "--from-beginning")
    assert following.stdout is not None
    assert following.stdout.readline() == b"old\n"
    ottla.ok("produce", topic, stdin=b"new\n")
    assert following.stdout.readline() == b"new\n"
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=30)
    assert (following.returncode, out, err) == (130, b"", b"")


def test_a_group_goes_on_where_it_has_got_to(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"one\ntwo\nthree\n")
    group = ("consume", topic, "--group", topic, "--from-beginning")
    assert ottla.ok(*group, "-c", "2") == b"one\ntwo\n"
    following = ottla.start(*group)
    assert following.stdout is not None
    assert following.stdout.readline() == b"three\n"
    ottla.ok("produce", topic, stdin=b"four\n")
    assert following.stdout.readline() == b"four\n"
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=30)
    assert (following.returncode, out, err) == (130, b"", b"")
    ottla.ok("produce", topic, stdin=b"five\n")
    assert ottla.ok(*group, "-c", "1") == b"five\n"


def test_what_does_not_go_with_a_group_is_said(ottla: Command, topic: str) -> None:
    for option in (("--offset", "3"), ("--timestamp", "0"), ("-p", "0")):
        done = ottla("consume", topic, "--group", "g", *option)
        assert done.status == 2
        assert "does not go with --group" in done.err
    done = ottla("consume", topic, "--group", "g")
    assert done.status == 1
    assert "does not exist" in done.err


def test_following_without_a_start_shows_only_what_is_new(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"old\n")
    following = ottla.start("consume", topic, "--follow", "-c", "1")
    deadline = time.monotonic() + 60
    while following.poll() is None and time.monotonic() < deadline:
        ottla.ok("produce", topic, stdin=b"new\n")
    assert following.communicate(timeout=30) == (b"new\n", b"")
    assert following.returncode == 0


def test_a_line_typed_is_sent_at_once(ottla: Command, topic: str) -> None:
    typing = ottla.start("produce", topic, "--print-offsets")
    assert typing.stdin is not None
    assert typing.stdout is not None
    typing.stdin.write(b"first\n")
    typing.stdin.flush()
    assert typing.stdout.readline() == f"{topic} 0 0\n".encode()
    assert typing.communicate(b"second\n", timeout=30) == (f"{topic} 0 1\n".encode(), b"")


def test_a_reader_that_goes_away_ends_it_quietly(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"a line that is long enough to fill a pipe\n" * 10_000)
    command = " ".join(["exec", *ottla.line("consume", topic)])
    done = subprocess.run(
        ["bash", "-c", f"({command}) | head -n 1; echo ${{PIPESTATUS[0]}}"], capture_output=True, check=True
    )
    assert done.stdout.splitlines() == [b"a line that is long enough to fill a pipe", b"141"]
    assert done.stderr == b""


def test_a_broker_that_restarts_in_the_middle_costs_a_warning_and_no_line(
    new_broker: NewBroker, topic: str
) -> None:
    broker = new_broker().start()
    ottla = Command(broker.bootstrap)
    typing = ottla.start("produce", topic, "--print-offsets")
    assert typing.stdin is not None
    assert typing.stdout is not None
    typing.stdin.write(b"before\n")
    typing.stdin.flush()
    assert typing.stdout.readline() == f"{topic} 0 0\n".encode()
    broker.kill()
    typing.stdin.write(b"while it is gone\n")
    typing.stdin.flush()
    assert typing.stderr is not None
    warning = typing.stderr.readline()
    assert warning.startswith(f"ottla: no broker answers: {broker.bootstrap}: connection refused".encode())
    assert warning.endswith(b"; trying again\n")
    broker.start()
    out, err = typing.communicate(b"after\n", timeout=60)
    assert (typing.returncode, err) == (0, b"")
    assert out == f"{topic} 0 1\n{topic} 0 2\n".encode()
    assert ottla.ok("consume", topic) == b"before\nwhile it is gone\nafter\n"


def test_a_file_as_stdin(ottla: Command, topic: str, tmp_path: "os.PathLike[str]") -> None:
    path = os.path.join(tmp_path, "lines")
    with open(path, "wb") as lines:
        lines.write(b"a\nb\n")
    with open(path, "rb") as lines:
        subprocess.run(ottla.line("produce", topic), stdin=lines, check=True)
    assert ottla.ok("consume", topic) == b"a\nb\n"


def test_an_unknown_topic_is_said_with_the_fix(ottla: Command, topic: str) -> None:
    done = ottla("consume", topic)
    assert (done.status, done.out) == (1, b"")
    assert done.err == f"ottla: topic {topic} does not exist; `ottla topics create {topic}` makes it\n"


@pytest.mark.parametrize(
    ("words", "stdin", "problem"),
    [
        (["-p", "7"], b"v\n", "has no partition 7"),
        (["--json"], b'{"value": "ok"}\n{"value": 5}\n', "line 2: value must be a string"),
        (["-K", ":"], b"k:v\nnokey\n", "line 2: no key separator"),
        (["--max-request-size", "500"], b"x" * 600, "larger than max_request_size, 500 bytes"),
    ],
)
def test_what_cannot_be_sent_is_one_line_and_status_1(
    ottla: Command, topic: str, words: list[str], stdin: bytes, problem: str
) -> None:
    done = ottla("produce", topic, *words, stdin=stdin)
    assert done.status == 1
    assert problem in done.err
    assert done.err.count("\n") == 1


def test_what_the_broker_refuses_is_counted(ottla: Command, topic: str) -> None:
    ottla.ok("topics", "create", topic, "--config", "max.message.bytes=200")
    done = ottla("produce", topic, stdin=b"x" * 1000)
    assert done.status == 1
    assert done.err.startswith("ottla: 1 of 1 records not saved; ")


def test_partitions_and_offsets_that_are_not_there(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"v\n")
    assert "has no partition 3: it has 1" in ottla("consume", topic, "-p", "3").err
    assert f"{topic}-0 has no offset 5: it has 0 to 1" in ottla("consume", topic, "-o", "5").err


def test_the_environment_names_the_broker(ottla: Command, topic: str) -> None:
    ottla.ok("topics", "create", topic)
    environment = {**os.environ, "OTTLA_BOOTSTRAP_SERVERS": ottla.bootstrap}
    listed = subprocess.run(
        [sys.executable, "-m", "ottla", "topics", "list"], env=environment, capture_output=True, check=True
    )
    assert topic in listed.stdout.decode().splitlines()
