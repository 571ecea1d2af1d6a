"""`ottla groups` as a person or a script uses it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.support.command import Command
from tests.support.process import BrokerProcess

pytestmark = pytest.mark.filterwarnings("ignore")

RECORDS = 10
START_MS = 1_700_000_000_000
Moves = dict[int, tuple[int | None, int, int, int | None]]


@pytest.fixture
def filled(broker: BrokerProcess, ottla: Command, topic: str) -> str:
    """A topic with two partitions, ten records in each, a second apart."""
    ottla.ok("topics", "create", topic, "--partitions", "2")
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    for number in range(2 * RECORDS):
        producer.produce(topic, b"v", partition=number % 2, timestamp=START_MS + number // 2 * 1000)
    assert producer.flush(60) == 0
    return topic


def consumer(broker: BrokerProcess, group: str, **settings: Any) -> Consumer:
    common = {"bootstrap.servers": broker.bootstrap, "group.id": group, "log_level": 0, "client.id": "reader"}
    return Consumer({**common, "enable.auto.commit": False, **settings})


def commit(broker: BrokerProcess, group: str, topic: str, *offsets: int) -> None:
    committing = consumer(broker, group)
    wanted = [TopicPartition(topic, partition, offset) for partition, offset in enumerate(offsets)]
    committing.commit(offsets=wanted, asynchronous=False)
    committing.close()


@contextmanager
def member(broker: BrokerProcess, group: str, topic: str, **settings: Any) -> Iterator[None]:
    joined = consumer(broker, group, **settings)
    joined.subscribe([topic])
    try:
        deadline = time.monotonic() + 60
        while len(joined.assignment()) < 2:
            joined.poll(0.05)
            assert time.monotonic() < deadline
        yield
    finally:
        joined.close()


def moves(ottla: Command, group: str, *words: str) -> Moves:
    """What a reset says of each partition."""
    document = json.loads(ottla.ok("groups", "reset-offsets", group, "--json", *words))
    assert document["executed"] == ("--execute" in words)
    return {
        row["partition"]: (row["current"], row["new"], row["end"], row["difference"])
        for row in document["partitions"]
    }


def committed(ottla: Command, group: str) -> dict[int, int]:
    [described] = json.loads(ottla.ok("groups", "describe", group, "--json"))
    return {row["partition"]: row["committed"] for row in described["partitions"]}


def test_lists(broker: BrokerProcess, ottla: Command, filled: str) -> None:
    commit(broker, filled, filled, 3, 4)
    listed = json.loads(ottla.ok("groups", "list", "--json"))
    assert {"group": filled, "type": "classic", "state": "Empty"} in listed
    lines = ottla.ok("groups", "list").decode().splitlines()
    assert lines[0].split() == ["GROUP", "TYPE", "STATE"]
    assert [filled, "classic", "Empty"] in [line.split() for line in lines]
    assert filled not in ottla.ok("groups", "list", "--state", "stable").decode()
    assert filled not in ottla.ok("groups", "list", "--type", "consumer").decode()
    assert filled in ottla.ok("groups", "list", "--state", "empty", "--type", "classic").decode()


def test_describes_a_group_that_only_has_offsets(broker: BrokerProcess, ottla: Command, filled: str) -> None:
    commit(broker, filled, filled, 3, 10)
    lines = ottla.ok("groups", "describe", filled).decode().splitlines()
    assert lines[0] == f"{filled}  classic group, Empty, 0 members, lag 7; coordinator 1"
    assert lines[1].split() == ["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER"]
    assert [line.split() for line in lines[2:]] == [
        [filled, "0", "3", "10", "7", "-"],
        [filled, "1", "10", "10", "0", "-"],
    ]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_describes_members(broker: BrokerProcess, ottla: Command, filled: str, protocol: str) -> None:
    with member(broker, filled, filled, **{"group.protocol": protocol}):
        [described] = json.loads(ottla.ok("groups", "describe", filled, "--json"))
        assert (described["type"], described["state"], described["lag"]) == (protocol, "Stable", 0)
        [only] = described["members"]
        assert (only["client"], only["host"], only["instance"]) == ("reader", "/127.0.0.1", None)
        assert only["assignment"] == [[filled, 0], [filled, 1]]
        rows = described["partitions"]
        assert [(row["committed"], row["end"], row["lag"]) for row in rows] == [(None, 10, None)] * 2
        assert {row["member"] for row in rows} == {only["member"]}
        text = ottla.ok("groups", "describe", filled).decode()
        assert f"{protocol} group, Stable, 1 member, lag 0" in text
        assert f"{only['member']}  reader" in text


def test_describes_offsets_of_a_topic_that_is_gone(
    broker: BrokerProcess, ottla: Command, filled: str
) -> None:
    """They went with it."""
    commit(broker, filled, filled, 3, 4)
    ottla.ok("topics", "delete", filled)
    assert committed(ottla, filled) == {}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--to-earliest"], {0: (3, 0, 10, -3), 1: (4, 0, 10, -4)}),
        (["--to-latest"], {0: (3, 10, 10, 7), 1: (4, 10, 10, 6)}),
        (["--to-offset", "4"], {0: (3, 4, 10, 1), 1: (4, 4, 10, 0)}),
        (["--to-offset", "99"], {0: (3, 10, 10, 7), 1: (4, 10, 10, 6)}),
        (["--to-timestamp", str(START_MS + 6500)], {0: (3, 7, 10, 4), 1: (4, 7, 10, 3)}),
        (["--to-timestamp", "2023-11-14T22:13:25Z"], {0: (3, 5, 10, 2), 1: (4, 5, 10, 1)}),
        (["--to-timestamp", "2033-01-01"], {0: (3, 10, 10, 7), 1: (4, 10, 10, 6)}),
        (["--by-duration", "90s"], {0: (3, 10, 10, 7), 1: (4, 10, 10, 6)}),
        (["--by-duration", "P20000DT1H"], {0: (3, 0, 10, -3), 1: (4, 0, 10, -4)}),
        (["--shift-by", "2"], {0: (3, 5, 10, 2), 1: (4, 6, 10, 2)}),
        (["--shift-by", "-4"], {0: (3, 0, 10, -3), 1: (4, 0, 10, -4)}),
    ],
    ids=lambda value: "".join(value) if isinstance(value, list) else "",
)
def test_resets(
    broker: BrokerProcess, ottla: Command, filled: str, words: list[str], expected: Moves
) -> None:
    """First only shown, then done."""
    commit(broker, filled, filled, 3, 4)
    assert moves(ottla, filled, "--all-topics", *words) == expected
    assert moves(ottla, filled, "--topic", filled, "--dry-run", *words) == expected
    assert committed(ottla, filled) == {0: 3, 1: 4}
    assert moves(ottla, filled, "--all-topics", "--execute", *words) == expected
    assert committed(ottla, filled) == {partition: new for partition, (_, new, _, _) in expected.items()}


def test_resets_some_partitions_and_says_so_as_text(
    broker: BrokerProcess, ottla: Command, filled: str
) -> None:
    commit(broker, filled, filled, 3)
    words = ("groups", "reset-offsets", filled, "--topic", f"{filled}:0,1", "--to-latest")
    lines = ottla.ok(*words).decode().splitlines()
    assert lines[0].split() == ["TOPIC", "PARTITION", "CURRENT", "NEW", "END", "DIFFERENCE"]
    assert [line.split() for line in lines[1:3]] == [
        [filled, "0", "3", "10", "10", "+7"],
        [filled, "1", "-", "10", "10", "-"],
    ]
    assert lines[3:] == ["nothing is changed yet; --execute does it"]
    assert moves(ottla, filled, "--topic", f"{filled}:1", "--to-offset", "5", "--execute") == {
        1: (None, 5, 10, None)
    }
    assert committed(ottla, filled) == {0: 3, 1: 5}


def test_a_group_that_is_not_there_yet_can_be_given_offsets(ottla: Command, filled: str) -> None:
    assert moves(ottla, filled, "--topic", filled, "--to-offset", "5", "--execute").keys() == {0, 1}
    assert committed(ottla, filled) == {0: 5, 1: 5}


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_with_members_is_left_alone(
    broker: BrokerProcess, ottla: Command, filled: str, protocol: str
) -> None:
    problem = f"ottla: group {filled} has members (reader at 127.0.0.1); stop them first\n"
    with member(broker, filled, filled, **{"group.protocol": protocol}):
        reset = ottla("groups", "reset-offsets", filled, "--topic", filled, "--to-earliest", "--execute")
        assert (reset.status, reset.out, reset.err) == (1, b"", problem)
        delete = ottla("groups", "delete", filled)
        assert (delete.status, delete.out, delete.err) == (1, b"", problem)
    assert ottla.ok("groups", "delete", filled).decode() == f"{filled}: deleted\n"


def test_deletes(broker: BrokerProcess, ottla: Command, filled: str) -> None:
    for group in ("a", "b"):
        commit(broker, f"{filled}.{group}", filled, 1)
    names = [f"{filled}.a", f"{filled}.b"]
    assert json.loads(ottla.ok("groups", "delete", *names, "--json")) == [
        {"group": name, "deleted": True} for name in names
    ]
    listed = ottla.ok("groups", "list").decode()
    assert not any(name in listed for name in names)


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["list", "--state", "Asleep"], 2, "choose from "),
        (["describe", "none"], 1, "group none does not exist; `ottla groups list` shows those that do"),
        (["delete", "none"], 1, "group none does not exist; `ottla groups list` shows those that do"),
        (["reset-offsets", "none", "--all-topics", "--to-latest"], 1, "group none has no offsets"),
        (["reset-offsets", "none", "--topic", "nowhere", "--to-latest"], 1, "topic nowhere does not exist"),
        (["reset-offsets", "none", "--topic", "TOPIC:7", "--to-latest"], 1, "no partition 7; it has 0 to 1"),
        (["reset-offsets", "none", "--topic", "TOPIC", "--shift-by", "1"], 1, "nothing is committed"),
        (["reset-offsets", "none", "--topic", "TOPIC:x", "--to-latest"], 2, "TOPIC:PARTITION"),
        (["reset-offsets", "none", "--topic", "TOPIC", "--to-offset", "x"], 2, "write a number"),
        (["reset-offsets", "none", "--topic", "TOPIC", "--to-offset=-1"], 2, "offsets begin at 0"),
        (["reset-offsets", "none", "--topic", "TOPIC", "--by-duration", "soon"], 2, "1h30m"),
        (["reset-offsets", "none", "--topic", "TOPIC", "--to-timestamp", "noon"], 2, "ISO 8601"),
        (["reset-offsets", "none", "--topic", "TOPIC"], 2, "--to-earliest"),
        (["reset-offsets", "none", "--to-latest"], 2, "--all-topics"),
    ],
)
def test_what_cannot_be_done(
    ottla: Command, filled: str, words: list[str], status: int, problem: str
) -> None:
    done = ottla("groups", *[word.replace("TOPIC", filled) for word in words])
    assert (done.status, done.out) == (status, b"")
    assert problem.replace("TOPIC", filled if "PARTITION" not in problem else "TOPIC") in done.err
    assert done.err.count("\n") == 1
