"""Apache Kafka's own tools about transactions: kafka-transactions, kafka-features, and the dump of the log."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.conftest import NewBroker
from tests.support.apache import run_tool
from tests.support.process import BrokerProcess
from tests.support.transactional_client import TransactionalClient

pytestmark = [
    pytest.mark.compat,
    pytest.mark.java,
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore"),
]

TOOLS = "org.apache.kafka.tools."
Tool = Callable[..., str]
EMPTY, ONGOING, PREPARE_COMMIT, COMPLETE_COMMIT = "0124"


@pytest.fixture
def trusting(new_broker: NewBroker) -> BrokerProcess:
    """A broker on which transactions can hang: old clients are taken at their word."""
    return new_broker(**{
        "transaction.partition.verification.enable": "false",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
    }).start()  # fmt: skip


@pytest.fixture
def client(trusting: BrokerProcess) -> Iterator[TransactionalClient]:
    with TransactionalClient(trusting.port, "tx") as client:
        assert client.connection.create_topic("a", 2) == 0
        yield client.begin()


@pytest.fixture
def tool(trusting: BrokerProcess) -> Tool:
    def run(name: str, *arguments: str) -> str:
        return run_tool(TOOLS + name, "--bootstrap-server", trusting.bootstrap, *arguments).decode()

    return run


def test_the_transactions_tool(client: TransactionalClient, tool: Tool) -> None:
    assert client.add("a", 0) == 0
    assert client.produce("a", 0, "known", version=11) == 0
    assert client.produce("a", 1, "hangs", version=11) == 0

    def ask(*words: str) -> list[list[str]]:
        """The table's rows; where a tool pads them with tabs, words are words."""
        return [line.split() for line in tool("TransactionsCommand", *words).splitlines()[1:]]

    with ThreadPoolExecutor(2) as pool:
        listed = pool.submit(ask, "list")
        described = pool.submit(ask, "describe", "--transactional-id", "tx")
        hanging = pool.submit(ask, "find-hanging", "--topic", "a", "--max-transaction-timeout", "0")
        producers = pool.submit(ask, "describe-producers", "--topic", "a", "--partition", "1")
    assert listed.result() == [["tx", "1", str(client.producer_id), "Ongoing"]]
    (row,) = described.result()
    assert row[:5] == ["1", "tx", str(client.producer_id), str(client.epoch), "Ongoing"]
    assert row[-1] == "a-0"
    assert [row[:4] for row in hanging.result()] == [["a", "1", str(client.producer_id), str(client.epoch)]]
    ((*_, start_offset),) = producers.result()
    assert start_offset == "0"
    tool("TransactionsCommand", "abort", "--topic", "a", "--partition", "1", "--start-offset", start_offset)
    assert client.end_offsets("a", 1) == (2, 2)
    assert client.committed_values("a", 1) == []


def test_the_features_tool(client: TransactionalClient, tool: Tool) -> None:
    lowered = tool("FeatureCommand", "downgrade", "--feature", "transaction.version=1")
    assert "transaction.version was downgraded to 1" in lowered
    described = {line.split()[1]: line.split() for line in tool("FeatureCommand", "describe").splitlines()}
    row = described["transaction.version"]
    assert row[row.index("FinalizedVersionLevel:") + 1] == "1"
    assert "transaction.version was upgraded to 2" in tool(
        "FeatureCommand", "upgrade", "--feature", "transaction.version=2"
    )


def test_the_dump_of_the_coordinators_log(trusting: BrokerProcess, client: TransactionalClient) -> None:
    """What Apache Kafka's decoder reads in it: every state on the way, in its own words."""
    assert client.produce("a", 0, "x") == 0
    assert client.end(committed=True) == 0
    assert client.settle() == "CompleteCommit"
    trusting.stop()
    log = trusting.data / "__transaction_state-0" / "00000000000000000000.log"
    dump = run_tool(
        "kafka.tools.DumpLogSegments", "--files", str(log), "--transaction-log-decoder", "--deep-iteration"
    ).decode()
    states = re.findall(r'"transactionStatus":(\d)', dump)
    assert states == [EMPTY, ONGOING, PREPARE_COMMIT, COMPLETE_COMMIT], dump
    assert f'"producerId":{client.producer_id},' in dump
