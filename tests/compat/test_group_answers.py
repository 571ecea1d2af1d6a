"""The same questions to our coordinator and to Apache Kafka's: the same codes, epochs, assignments and states."""

import ast
import pprint
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.support import apache
from tests.support.group_questions import ANSWERS, DIFFERENCES, QUESTIONS, Answers, OurTalker
from tests.support.groups import DEVELOPMENT

from ottla.core.errors import ErrorCode
from ottla.groups.coordinator import GroupCoordinator
from ottla.groups.records.codec import GroupRecord, decode, encode
from ottla.records.batch import batches
from ottla.records.builder import BatchBuilder
from ottla.records.reader import read_records
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest
from ottla.wire.messages.list_groups import ListedGroup, ListGroupsRequest
from ottla.wire.registry import all_apis
from ottla.wire.schema import Message

pytestmark = [pytest.mark.java, pytest.mark.compat]

BUSY = {
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
}
TRIES, PAUSE_SECONDS, SOCKET_SECONDS = 200, 0.1, 60


class ApacheTalker:
    """A connection for each request: JoinGroup blocks the one it is on."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.apis = {api.request: api for api in all_apis()}
        self.until_ready(lambda: self.ask(FindCoordinatorRequest(coordinator_keys=["g"]), 4).coordinators[0])
        topic = CreatableTopic(name="a", num_partitions=3, replication_factor=1)
        created = self.ask(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 7)
        self.topic_id: bytes = created.topics[0].topic_id

    def until_ready(self, ask: Callable[[], Any]) -> Any:
        for _ in range(TRIES):
            response = ask()
            if not any(f"error_code={int(code)}," in repr(response) for code in BUSY):
                return response
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"no coordinator: {response}")

    def ask(self, request: Message, version: int) -> Any:
        return self.until_ready(self.park(request, version, again=True))

    def park(self, request: Message, version: int, *, again: bool = False) -> Callable[[], Any]:
        api = self.apis[type(request)]
        head = encode_request_header(api, version, 1, "client")
        body = b"".join([head, *request.encode(version)])

        def send() -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", self.port), SOCKET_SECONDS)
            connection.sendall(struct.pack(">i", len(body)) + body)
            return connection

        def receive(connection: socket.socket) -> Any:
            with connection, connection.makefile("rb") as stream:
                frame = stream.read(struct.unpack(">i", stream.read(4))[0])
            position = decode_response_header(api, version, frame)[1]
            return api.response.decode(frame, version, position)[0]

        if again:
            return lambda: receive(send())
        parked = send()
        return lambda: receive(parked)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apache.ApacheBroker]:
    reason = apache.missing()
    if reason is not None:
        pytest.skip(reason)
    broker = apache.ApacheBroker(tmp_path_factory.mktemp("apache"))
    with broker.start():
        yield broker


class Asked(NamedTuple):
    """All questions, put to both once and in order."""

    theirs: ApacheTalker
    expected: dict[str, Answers]
    answered: dict[str, Answers]


@pytest.fixture(scope="module")
def asked(reference: apache.ApacheBroker) -> Asked:
    theirs, ours = ApacheTalker(reference.port), OurTalker()
    expected = {question.__name__: question(theirs) for question in QUESTIONS}
    return Asked(theirs, expected, {question.__name__: question(ours) for question in QUESTIONS})


def test_the_kept_answers_are_kafkas(asked: Asked) -> None:
    """The file that the unit tests compare with. To renew it, delete it and run this twice."""
    if not ANSWERS.exists():
        ANSWERS.write_text(pprint.pformat(asked.expected, width=118, sort_dicts=False) + "\n")
        pytest.fail(f"{ANSWERS.name} was made; run again")
    assert ast.literal_eval(ANSWERS.read_text()) == asked.expected


@pytest.mark.parametrize("name", [question.__name__ for question in QUESTIONS])
def test_the_same_answers(asked: Asked, name: str) -> None:
    pairs = zip(asked.answered[name], asked.expected[name], strict=True)
    for place, (answer, wanted) in enumerate(pairs):
        assert (answer != wanted) == ((name, place) in DIFFERENCES), (place, answer, wanted)


def test_kafkas_records_are_ours_byte_for_byte(reference: apache.ApacheBroker, asked: Asked) -> None:
    """Every record that the questions above made Kafka write: read, and written again."""
    seen: set[str] = set()
    for key, value in written_records(reference.data):
        record = decode(key, value)
        assert record is not None
        assert encode(record) == (key, value)
        seen.add(type(record.key).__name__)
    assert len(seen) == 9, seen


def written_records(data: Path) -> Iterator[tuple[bytes, bytes | None]]:
    for log in data.glob("__consumer_offsets-*/*.log"):
        for batch in batches(log.read_bytes()):
            for record in read_records(batch) if not batch.is_control else ():
                assert record.key is not None
                yield bytes(record.key), None if record.value is None else bytes(record.value)


def test_kafkas_state_is_ours(reference: apache.ApacheBroker, asked: Asked) -> None:
    """A coordinator that reads Kafka's log knows the groups that Kafka lists."""
    coordinator = GroupCoordinator(DEVELOPMENT)
    for key, value in written_records(reference.data):
        record = decode(key, value)
        assert isinstance(record, GroupRecord)
        coordinator.apply(record)
    listed = asked.theirs.ask(ListGroupsRequest(), 5).groups
    assert {group.group_id for group in listed} == coordinator.groups.keys()
    classic = {group.group_id for group in listed if group.group_type == "classic"}
    assert classic == {g for g, group in coordinator.groups.items() if type(group).__name__ == "ClassicGroup"}


def test_kafkas_tool_reads_our_records(tmp_path: Path) -> None:
    """The log that the questions make us write, through Kafka's own decoder."""
    ours = OurTalker()
    for question in QUESTIONS:
        question(ours)
    segment = tmp_path / "__consumer_offsets-0" / "00000000000000000000.log"
    segment.parent.mkdir()
    segment.write_bytes(
        b"".join(batch_of(offset, *record[:2]) for offset, record in enumerate(ours.shell.log))
    )
    printed = apache.run_tool(
        "kafka.tools.DumpLogSegments", "--offsets-decoder", "--files", str(segment)
    ).decode()
    kinds = re.findall(r'key: \{"type":"(\d+)".*payload: (<DELETE>|\{"version")', printed)
    assert len(kinds) == len(ours.shell.log)
    assert {kind for kind, _ in kinds} == {"1", "2", "3", "4", "5", "6", "7", "8", "16"}


def test_kafka_takes_over_our_groups(tmp_path: Path) -> None:
    """Our records in Kafka's topic, put there by hand: it starts with the groups that we start with."""
    ours = OurTalker()
    for question in QUESTIONS:
        question(ours)
    broker = apache.ApacheBroker(tmp_path / "apache", {"offsets.topic.num.partitions": "1"})
    with broker.start():
        ApacheTalker(broker.port)  # which makes the topic
        broker.stop()
    segment = broker.data / "__consumer_offsets-0" / "00000000000000000000.log"
    assert segment.read_bytes() == b""
    segment.write_bytes(
        b"".join(batch_of(offset, *record[:2]) for offset, record in enumerate(ours.shell.log))
    )
    (broker.data / ".kafka_cleanshutdown").unlink()
    with broker.start():
        theirs = ApacheTalker(broker.port)
        listed = theirs.ask(ListGroupsRequest(), 5).groups
    ours.shell.restart()
    told = ours.ask(ListGroupsRequest(), 5).groups
    assert sorted(map(line, listed)) == sorted(map(line, told))


def line(group: ListedGroup) -> tuple[str, str, str, str]:
    return group.group_id, group.protocol_type, group.group_state, group.group_type


def batch_of(offset: int, key: bytes, value: bytes | None) -> bytes:
    builder = BatchBuilder()
    builder.append(1_000, key, value)
    return builder.build(offset)
