"""`ottla transactions` as a person or a script uses it."""

import json
from collections.abc import Iterator

import pytest
from tests.support.command import Command
from tests.support.ottla import OttlaBroker
from tests.support.transactional_client import TransactionalClient


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OttlaBroker]:
    """A broker on which transactions can hang: old clients are taken at their word."""
    settings = {"transaction.partition.verification.enable": "false"}
    with OttlaBroker(tmp_path_factory.mktemp("trusting"), settings) as broker:
        yield broker


@pytest.fixture
def ottla(trusting: OttlaBroker) -> Command:
    return Command(trusting.bootstrap)


@pytest.fixture
def client(trusting: OttlaBroker, topic: str) -> Iterator[TransactionalClient]:
    with TransactionalClient(trusting.port, f"id-{topic}") as client:
        assert client.connection.create_topic(topic, 2) == 0
        yield client.begin()


def test_ids_are_listed_with_their_state(ottla: Command, client: TransactionalClient, topic: str) -> None:
    assert client.add(topic, 0) == 0
    listed = json.loads(ottla.ok("transactions", "list", "--state", "Ongoing", "--json"))
    assert {
        "transactionalId": client.transactional_id,
        "coordinator": 1,
        "producerId": client.producer_id,
        "state": "Ongoing",
    } in listed
    assert client.transactional_id in ottla.ok("transactions", "list").decode()
    assert ottla.ok("transactions", "list", "--longer-than", "1h") == b""
    of_producer = ottla.ok("transactions", "list", "--producer-id", str(client.producer_id)).decode()
    assert [line.split()[0] for line in of_producer.splitlines()[1:]] == [client.transactional_id]
    pattern = ottla.ok("transactions", "list", "--pattern", f"id-{topic[:1]}.*", "--json")
    assert client.transactional_id in {row["transactionalId"] for row in json.loads(pattern)}


def test_what_cannot_be_listed(ottla: Command) -> None:
    nonsense = ottla("transactions", "list", "--state", "Nonsense")
    assert nonsense.status == 1
    assert "knows no state Nonsense" in nonsense.err
    assert "INVALID_REGULAR_EXPRESSION" in ottla("transactions", "list", "--pattern", "(").err
    assert ottla("transactions", "list", "--longer-than", "soon").status == 2


def test_an_id_is_described(ottla: Command, client: TransactionalClient, topic: str) -> None:
    assert client.add(topic, 0, 1) == 0
    (described,) = json.loads(ottla.ok("transactions", "describe", client.transactional_id, "--json"))
    assert described.pop("startMs") > 0
    assert described == {
        "transactionalId": client.transactional_id,
        "state": "Ongoing",
        "coordinator": 1,
        "producerId": client.producer_id,
        "producerEpoch": client.epoch,
        "timeoutMs": 60_000,
        "partitions": [[topic, 0], [topic, 1]],
    }
    text = ottla.ok("transactions", "describe", client.transactional_id).decode()
    assert f"{topic}-0, {topic}-1" in text
    assert client.end(committed=False) == 0
    client.settle()
    text = ottla.ok("transactions", "describe", client.transactional_id).decode()
    assert "CompleteAbort" in text


def test_an_id_that_does_not_exist(ottla: Command) -> None:
    done = ottla("transactions", "describe", "nobody")
    assert done.status == 1
    assert "transactional id nobody does not exist" in done.err


def test_a_hanging_transaction_is_found_and_ended(
    ottla: Command, client: TransactionalClient, topic: str
) -> None:
    """Partition 0 has what the coordinator knows, partition 1 what it does not."""
    assert client.add(topic, 0) == 0
    assert client.produce(topic, 0, "known", version=11) == 0
    assert client.produce(topic, 1, "hangs", version=11) == 0
    search = ("transactions", "find-hanging", "--topic", topic)
    assert ottla.ok(*search) == b"none in 2 partitions\n"
    found = json.loads(ottla.ok(*search, "--max-transaction-timeout", "0s", "--json"))
    assert [(row["partition"], row["startOffset"], row["producerId"]) for row in found] == [
        (1, 0, client.producer_id)
    ]
    assert f"{topic}:1" in ottla.ok(*search, "--max-transaction-timeout", "0s").decode()
    assert client.end_offsets(topic, 1) == (0, 1)
    aborted = ottla.ok("transactions", "abort", f"{topic}:1", "--start-offset", "0").decode()
    assert aborted == f"{topic}-1: aborted the transaction of producer {client.producer_id}\n"
    assert client.end_offsets(topic, 1) == (2, 2)
    assert client.committed_values(topic, 1) == []
    assert ottla.ok(*search, "--max-transaction-timeout", "0s") == b"none in 2 partitions\n"
    assert client.end_offsets(topic, 0) == (0, 1)


def test_what_cannot_be_ended(ottla: Command, client: TransactionalClient, topic: str) -> None:
    nothing = ottla("transactions", "abort", f"{topic}:1", "--start-offset", "7")
    assert nothing.status == 1
    assert f"no open transaction begins at offset 7 of {topic}-1" in nothing.err
    assert ottla("transactions", "abort", topic, "--start-offset", "7").status == 2
    nowhere = ottla("transactions", "find-hanging", "--topic", "nowhere")
    assert nowhere.status == 1
    assert "topic nowhere does not exist; `ottla topics list`" in nowhere.err
