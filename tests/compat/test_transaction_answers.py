"""The same questions to our transaction coordinator and to Kafka's: the same codes, epochs, states and records."""

import ast
import pprint
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.support import apache
from tests.support.transaction_questions import (
    ANSWERS,
    DIFFERENCES,
    HELD,
    LONG_QUESTIONS,
    OPEN,
    QUESTIONS,
    TIMEOUT_MS,
    Answers,
    OurTalker,
)

from ottla.core.errors import ErrorCode
from ottla.records.batch import batches
from ottla.records.builder import BatchBuilder
from ottla.records.reader import read_records
from ottla.transactions.config import TransactionConfig
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.transactions.records import TransactionLogValue, TransactionRecord, decode, encode
from ottla.transactions.transaction import partitions_of
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreateTopicsRequest,
)
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from ottla.wire.messages.list_transactions import ListTransactionsRequest
from ottla.wire.registry import all_apis
from ottla.wire.schema import Message

pytestmark = [pytest.mark.java, pytest.mark.compat]

BUSY = {
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
}
TRIES, PAUSE_SECONDS, SOCKET_SECONDS = 200, 0.1, 60
WINDOW = 64
"""Requests under way at once when epochs are used up."""
APIS = {api.request: api for api in all_apis()}


class Connection:
    """One blocking connection to Kafka."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SOCKET_SECONDS)
        self.stream = self.socket.makefile("rb")

    def send(self, request: Message, version: int, times: int = 1) -> None:
        head = encode_request_header(APIS[type(request)], version, 1, "client")
        body = b"".join([head, *request.encode(version)])
        self.socket.sendall((struct.pack(">i", len(body)) + body) * times)

    def receive(self, request: Message, version: int) -> Any:
        api = APIS[type(request)]
        frame = self.stream.read(struct.unpack(">i", self.stream.read(4))[0])
        position = decode_response_header(api, version, frame)[1]
        return api.response.decode(frame, version, position)[0]

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class ApacheTalker:
    """Two brokers: one coordinates and has the topic `a`; the other has `h`, and no time for markers while stopped."""

    def __init__(self, coordinator: apache.ApacheBroker, other: apache.ApacheBroker) -> None:
        self.coordinator, self.other = coordinator, other
        self.connection = Connection(coordinator.port)
        # The internal topic's partitions go to the brokers that run now.
        self.ask(FindCoordinatorRequest(key_type=1, coordinator_keys=["x"]), 4)
        other.start()
        for name, broker_id in ((OPEN, 1), (HELD, 2)):
            assignments = [
                CreatableReplicaAssignment(partition_index=index, broker_ids=[broker_id]) for index in (0, 1)
            ]
            topic = CreatableTopic(
                name=name, num_partitions=-1, replication_factor=-1, assignments=assignments
            )
            created = self.ask(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 7)
            assert created.topics[0].error_code == 0, created

    def ask(self, request: Message, version: int) -> Any:
        for _ in range(TRIES):
            self.connection.send(request, version)
            response = self.connection.receive(request, version)
            if not any(re.search(rf"error_code={int(code)}\b", repr(response)) for code in BUSY):
                return response
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"no coordinator: {response}")

    def hold(self, held: bool) -> None:
        self.other.signal(signal.SIGSTOP if held else signal.SIGCONT)

    def sleep(self, ms: int) -> None:
        time.sleep(ms / 1000)

    def use_up(self, transactional_ids: list[str]) -> None:
        threads = [threading.Thread(target=self.bump, args=(each, 32_766)) for each in transactional_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def bump(self, transactional_id: str, times: int) -> None:
        request = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=TIMEOUT_MS)
        connection = Connection(self.coordinator.port)
        while times > 0:
            window = min(WINDOW, times)
            connection.send(request, 5, window)
            times -= sum(connection.receive(request, 5).error_code == 0 for _ in range(window))
        connection.close()


class Asked(NamedTuple):
    """All questions, put to both once and in order."""

    theirs: ApacheTalker
    ours: OurTalker
    expected: dict[str, Answers]
    answered: dict[str, Answers]


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheTalker]:
    reason = apache.missing()
    if reason is not None:
        pytest.skip(reason)
    settings = {"transaction.abort.timed.out.transaction.cleanup.interval.ms": "200"}
    coordinator = apache.ApacheBroker(tmp_path_factory.mktemp("apache"), settings)
    with coordinator.start():
        voters = re.search("controller.quorum.voters=(.*)", coordinator.properties.read_text())
        assert voters is not None
        other = apache.ApacheBroker(tmp_path_factory.mktemp("other"))
        other.settings |= {
            "process.roles": "broker",
            "node.id": "2",
            "controller.quorum.voters": voters[1],
            "listeners": f"PLAINTEXT://{other.bootstrap}",
        }
        talker = ApacheTalker(coordinator, other)
        with other:
            yield talker
            talker.connection.close()


@pytest.fixture(scope="module")
def asked(talker: ApacheTalker) -> Asked:
    ours = OurTalker()
    expected = {question.__name__: question(talker) for question in QUESTIONS}
    return Asked(talker, ours, expected, {question.__name__: question(ours) for question in QUESTIONS})


def check(answered: Answers, expected: Answers, name: str) -> None:
    for place, (answer, wanted) in enumerate(zip(answered, expected, strict=True)):
        assert (answer != wanted) == ((name, place) in DIFFERENCES), (place, answer, wanted)


@pytest.mark.parametrize("name", [question.__name__ for question in QUESTIONS])
def test_the_same_answers(asked: Asked, name: str) -> None:
    check(asked.answered[name], asked.expected[name], name)


def test_the_kept_answers_are_kafkas(asked: Asked) -> None:
    """The file that the unit tests compare with. To renew it, delete it and run this twice."""
    if not ANSWERS.exists():
        expected = asked.expected | {question.__name__: question(asked.theirs) for question in LONG_QUESTIONS}
        ANSWERS.write_text(pprint.pformat(expected, width=118, sort_dicts=False) + "\n")
        pytest.fail(f"{ANSWERS.name} was made; run again")
    kept = ast.literal_eval(ANSWERS.read_text())
    assert {name: kept[name] for name in asked.expected} == asked.expected


@pytest.mark.heavy
def test_the_end_of_the_epochs(talker: ApacheTalker) -> None:
    kept = ast.literal_eval(ANSWERS.read_text())
    for question in LONG_QUESTIONS:
        expected = question(talker)
        assert kept[question.__name__] == expected
        check(question(OurTalker()), expected, question.__name__)


def written_records(data: Path) -> Iterator[tuple[bytes, bytes | None]]:
    for log in sorted(data.glob("__transaction_state-*/*.log")):
        for batch in batches(log.read_bytes()):
            for record in read_records(batch):
                assert record.key is not None
                yield bytes(record.key), None if record.value is None else bytes(record.value)


def decoded(data: Path) -> list[TransactionRecord]:
    records = [decode(key, value) for key, value in written_records(data)]
    return [record for record in records if record is not None]


def test_kafkas_records_are_ours_byte_for_byte(asked: Asked) -> None:
    """Every record that the questions above made Kafka write: read, and written again."""
    records = list(written_records(asked.theirs.coordinator.data))
    assert len(records) > 1_000
    for key, value in records:
        record = decode(key, value)
        assert record is not None
        assert encode(record) == (key, value)


def test_we_write_what_kafka_writes(asked: Asked) -> None:
    """The same records for each transactional id, in the same order, where the answers are the same."""
    theirs = by_transactional_id(decoded(asked.theirs.coordinator.data))
    ours = by_transactional_id(asked.ours.shell.written())
    other_answers = {"bdt-1-0", "bdt-1--2", "bdt-4-0", "bdt-4--2"}
    used_up = {transactional_id for transactional_id in theirs if transactional_id.startswith("up-")}
    assert theirs.keys() - used_up == ours.keys()
    for transactional_id in ours.keys() - other_answers:
        assert ours[transactional_id] == theirs[transactional_id], transactional_id


def by_transactional_id(records: Iterable[TransactionRecord]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    names: dict[str, dict[int, int]] = {}
    for record in records:
        transactional_id = record.key.transactional_id
        assert record.value is not None
        seen = names.setdefault(transactional_id, {-1: -1})
        found.setdefault(transactional_id, []).append(line(record.value, seen))
    return found


def line(value: TransactionLogValue, names: dict[int, int]) -> tuple[Any, ...]:
    """What of a record does not differ by run. Kafka's order of partitions is that of a hash table.

    Kafka 4.2 leaves the previous and the next producer id out, and so forgets them at a restart.
    """
    producer_id = names.setdefault(value.producer_id, len(names) - 1)
    groups = {"a": "a", "h": "h", "__consumer_offsets": "offsets"}
    partitions = sorted(
        (groups[topic], 0 if topic[0] == "_" else index) for topic, index in partitions_of(value)
    )
    return (
        producer_id, value.producer_epoch, value.next_producer_epoch, value.transaction_timeout_ms,
        value.transaction_status, value.transaction_partitions is None, tuple(partitions),
        value.transaction_start_timestamp_ms == -1, value.client_transaction_version,
    )  # fmt: skip


def test_kafkas_state_is_ours(asked: Asked) -> None:
    """A coordinator that reads Kafka's log lists what Kafka lists."""
    machine = TransactionCoordinator(TransactionConfig())
    for record in decoded(asked.theirs.coordinator.data):
        machine.apply(record)
    listed = asked.theirs.ask(ListTransactionsRequest(), 2).transaction_states
    mine = machine.listing(ListTransactionsRequest(), lambda _: True, 0)
    assert sorted(map(repr, mine)) == sorted(map(repr, listed))


def test_kafkas_tool_reads_our_records(asked: Asked, tmp_path: Path) -> None:
    """The log that the questions make us write, through Kafka's own decoder."""
    segment = tmp_path / "__transaction_state-0" / "00000000000000000000.log"
    segment.parent.mkdir()
    written = [each for batch in asked.ours.shell.log for each in batch]
    segment.write_bytes(b"".join(batch_of(offset, *each) for offset, each in enumerate(written)))
    tool = ("kafka.tools.DumpLogSegments", "--transaction-log-decoder", "--files", str(segment))
    printed = apache.run_tool(*tool).decode()
    kinds = re.findall(r'key: \{"type":"(\d+)".*payload: (<DELETE>|\{"version":"1")', printed)
    assert len(kinds) == len(written), printed[:2_000]


@pytest.mark.heavy
def test_kafka_takes_over_our_transactions(tmp_path: Path) -> None:
    """Our records in Kafka's topic, put there by hand: it starts with the transactions that we start with."""
    if apache.missing():
        pytest.skip("no Apache Kafka here")
    ours = OurTalker()
    for question in QUESTIONS:
        question(ours)
    broker = apache.ApacheBroker(tmp_path / "apache", {"transaction.state.log.num.partitions": "1"})
    with broker.start():
        listed(broker)  # which makes the topic
        broker.stop()
    segment = broker.data / "__transaction_state-0" / "00000000000000000000.log"
    written = [each for batch in ours.shell.log for each in batch]
    segment.write_bytes(b"".join(batch_of(offset, *each) for offset, each in enumerate(written)))
    (broker.data / ".kafka_cleanshutdown").unlink()
    with broker.start():
        theirs = listed(broker)
    told = ours.ask(ListTransactionsRequest(), 2).transaction_states
    # The topic `h` does not exist there, so what was ending in it ends.
    assert sorted(map(repr, told)) == sorted(map(repr, theirs))


def listed(broker: apache.ApacheBroker) -> list[Any]:
    connection = Connection(broker.port)
    for request, version in (
        (FindCoordinatorRequest(key_type=1, coordinator_keys=["x"]), 4),
        (ListTransactionsRequest(), 2),
    ):
        for _ in range(TRIES):
            connection.send(request, version)
            response = connection.receive(request, version)
            if not any(re.search(rf"error_code={int(code)}\b", repr(response)) for code in BUSY):
                break
            time.sleep(PAUSE_SECONDS)
    connection.close()
    return list(response.transaction_states)


def batch_of(offset: int, key: bytes, value: bytes | None) -> bytes:
    builder = BatchBuilder()
    builder.append(1_000, key, value)
    return builder.build(offset)
