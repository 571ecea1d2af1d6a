"""100,000 messages in order through every client, and two clients at once, one with old and one with new versions."""

import threading
from collections.abc import Sequence

import pytest
from tests.compat.clients import kcat
from tests.compat.clients.aio import Aiokafka
from tests.compat.clients.base import Client
from tests.compat.clients.confluent import Confluent
from tests.compat.clients.kafka_python import KafkaPython
from tests.support.batches import Record
from tests.support.process import BrokerProcess

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore")]

MANY = 100_000
SOME = 2_000
OLD: tuple[Client, ...] = (Aiokafka(), KafkaPython(api_version=(0, 11)), KafkaPython(api_version=(2, 0)))
NEW: tuple[Client, ...] = (Confluent(), KafkaPython())


@pytest.fixture(scope="module")
def many(broker: BrokerProcess) -> str:
    """A topic with numbers in order, 0 to 99,999."""
    records = [Record(b"%d" % (number % 7), b"%d" % number) for number in range(MANY)]
    Confluent().write(broker.bootstrap, "one-hundred-thousand", records, "lz4")
    return "one-hundred-thousand"


@pytest.mark.parametrize("reader", [Confluent(), KafkaPython(), Aiokafka()], ids=lambda client: client.name)
def test_one_hundred_thousand_in_order(reader: Client, broker: BrokerProcess, many: str) -> None:
    records = reader.read(broker.bootstrap, many, MANY)
    assert [(record.offset, record.value) for record in records] == [(n, b"%d" % n) for n in range(MANY)]


@pytest.mark.skipif(kcat.missing() is not None, reason="no kcat on the PATH")
def test_one_hundred_thousand_lines_through_kcat(broker: BrokerProcess, topic: str) -> None:
    lines = b"".join(b"%d\n" % number for number in range(MANY))
    where = ["-b", broker.bootstrap, "-t", topic, "-p", "0"]
    kcat.kcat("-P", *where, "-X", "acks=all", "-z", "snappy", stdin=lines)
    assert kcat.kcat("-C", *where, "-o", "beginning", "-c", str(MANY), "-q") == lines


@pytest.mark.parametrize("new", NEW, ids=["confluent", "kafka-python"])
@pytest.mark.parametrize("old", OLD, ids=["aiokafka", "kafka-python as of 0.11", "kafka-python as of 2.0"])
def test_old_and_new_versions_at_once(old: Client, new: Client, broker: BrokerProcess, topic: str) -> None:
    """Both write to the same partition at the same time; both read what both wrote, each one's in its order."""
    wrote = {
        "old": [Record(b"old", b"%d" % number) for number in range(SOME)],
        "new": [Record(b"new", b"%d" % number, (("header", b"1"),)) for number in range(SOME)],
    }
    old.write(broker.bootstrap, topic, [Record(b"first", b"of all")])
    failures: list[BaseException] = []

    def write(client: Client, records: Sequence[Record]) -> None:
        try:
            client.write(broker.bootstrap, topic, records, "gzip")
        except BaseException as failure:  # noqa: BLE001 (told by the main thread)
            failures.append(failure)

    threads = [
        threading.Thread(target=write, args=(client, wrote[name]))
        for name, client in (("old", old), ("new", new))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for reader in (old, new):
        read = reader.read(broker.bootstrap, topic, 2 * SOME + 1)
        assert [record.offset for record in read] == list(range(2 * SOME + 1))
        for name, records in wrote.items():
            mine = [record for record in read if record.key == name.encode()]
            assert [(record.value, record.headers) for record in mine] == [
                (record.value, record.headers) for record in records
            ]
