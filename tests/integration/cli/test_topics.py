"""`ottla topics` as a person or a script uses it."""

import json

import pytest
from tests.support.command import Command


def test_a_topics_life(ottla: Command, topic: str) -> None:
    created = ottla.ok(
        "topics", "create", topic, "--partitions", "2", "--config", "retention.ms=5000"
    ).decode()
    assert created == f"{topic}: created, 2 partitions\n"
    assert topic in ottla.ok("topics", "list").decode().splitlines()
    altered = ottla.ok(
        "topics",
        "alter",
        topic,
        "--partitions",
        "3",
        "--config",
        "segment.ms=60000",
        "--delete-config",
        "retention.ms",
    )
    assert altered.decode() == f"{topic}: altered\n"
    [described] = json.loads(ottla.ok("topics", "describe", topic, "--json"))
    assert [row["partition"] for row in described["partitions"]] == [0, 1, 2]
    assert described["configs"]["segment.ms"] == {"value": "60000", "source": "TOPIC"}
    assert described["configs"]["retention.ms"]["source"] == "DEFAULT"
    assert ottla.ok("topics", "delete", topic).decode() == f"{topic}: deleted\n"
    assert topic not in ottla.ok("topics", "list").decode().splitlines()


def test_describe_is_aligned_text(ottla: Command, topic: str) -> None:
    ottla.ok("topics", "create", topic, "--partitions", "2", "--config", "retention.ms=5000")
    lines = ottla.ok("topics", "describe", topic).decode().splitlines()
    assert lines[0].startswith(f"{topic}  id ")
    assert lines[0].endswith(", 2 partitions")
    assert lines[1] == "  PARTITION  LEADER  REPLICAS  IN SYNC"
    assert [line[:11] for line in lines[2:4]] == ["          0", "          1"]
    assert any(line.split() == ["retention.ms", "5000", "topic"] for line in lines[5:])


def test_lists_and_results_as_json(ottla: Command, topic: str) -> None:
    [created] = json.loads(ottla.ok("topics", "create", topic, "--json"))
    assert created["topic"] == topic
    [listed] = [row for row in json.loads(ottla.ok("topics", "list", "--json")) if row["topic"] == topic]
    assert listed["topic_id"] == created["topic_id"]
    assert json.loads(ottla.ok("topics", "delete", topic, "--json")) == [{"topic": topic, "deleted": True}]


def test_validate_only_creates_nothing(ottla: Command, topic: str) -> None:
    assert b"could be created" in ottla.ok("topics", "create", topic, "--validate-only")
    assert topic not in ottla.ok("topics", "list").decode().splitlines()


def test_existing_and_missing_ones_can_be_allowed(ottla: Command, topic: str) -> None:
    ottla.ok("topics", "create", topic)
    ottla.ok("topics", "create", topic, "--if-not-exists")
    assert ottla.ok("topics", "delete", f"{topic}-gone", "--if-exists") == b""


def test_the_systems_own_topics_are_deleted_on_demand_only(ottla: Command, topic: str) -> None:
    ottla.ok("produce", topic, stdin=b"v\n")
    ottla.ok("consume", topic, "--group", topic, "--from-beginning", "-c", "1")
    done = ottla("topics", "delete", "__consumer_offsets")
    assert (done.status, done.out) == (1, b"")
    assert "topic __consumer_offsets is the system's own" in done.err
    assert ottla.ok("groups", "describe", topic)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["create", "TOPIC"], "exists already; `ottla topics alter` changes it"),
        (["create", "no spaces"], "ottla: invalid topic name 'no spaces': only"),
        (["create", "TOPIC-x", "--config", "retention.ms=x"], "retention.ms"),
        (["create", "TOPIC-x", "--replication-factor", "9"], "replica"),
        (["describe", "TOPIC-gone"], "TOPIC-gone does not exist; `ottla topics create TOPIC-gone` makes it"),
        (["alter", "TOPIC", "--partitions", "1"], "topic 'TOPIC' has 1 partition, and 1 would not be more"),
        (
            ["alter", "TOPIC-gone", "--partitions", "3"],
            "topic TOPIC-gone does not exist; `ottla topics list`",
        ),
        (["alter", "TOPIC-gone", "--config", "retention.ms=1"], "topic TOPIC-gone does not exist; `ottla "),
        (["delete", "TOPIC-gone"], "TOPIC-gone does not exist; `ottla topics list` shows those that do"),
    ],
)
def test_refusals_are_one_line_and_status_1(
    ottla: Command, topic: str, words: list[str], problem: str
) -> None:
    ottla.ok("topics", "create", topic, "--if-not-exists")
    done = ottla("topics", *(word.replace("TOPIC", topic) for word in words))
    assert (done.status, done.out) == (1, b"")
    assert done.err.startswith("ottla: ")
    assert done.err.count("\n") == 1
    assert problem.replace("TOPIC", topic) in done.err


def test_nothing_to_alter_is_wrong_usage(ottla: Command, topic: str) -> None:
    done = ottla("topics", "alter", topic)
    assert done.status == 2
    assert "nothing to alter; give --partitions" in done.err


@pytest.mark.parametrize("words", [("topics", "list"), ("consume", "t"), ("produce", "t")])
def test_no_broker_is_said_with_the_fix(words: tuple[str, ...]) -> None:
    done = Command("127.0.0.1:1")(*words)
    assert (done.status, done.out) == (1, b"")
    assert done.err.startswith("ottla: no broker answers: 127.0.0.1:1: connection refused")
    assert "ottla serve" in done.err
    assert "--bootstrap-server" in done.err
    assert done.err.count("\n") == 1
