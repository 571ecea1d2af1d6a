"""Transactions of the blocking producer."""

from collections.abc import Iterator
from typing import Any

import pytest

from ottla.client import TopicPartition
from ottla.core.errors import AbortableError, KafkaError
from ottla.sync import Consumer, Producer
from ottla.testing.broker_thread import BrokerThread


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with BrokerThread() as broker:
        yield broker.bootstrap_servers


def committed(servers: str, topic: str, count: int) -> list[bytes]:
    with Consumer(
        topic, bootstrap_servers=servers, auto_offset_reset="earliest", isolation_level="read_committed"
    ) as reader:
        return [reader.getone().value for _ in range(count)]


def test_what_a_block_sent_is_visible_when_it_ends_and_not_when_it_raises(servers: str) -> None:
    with Producer(servers, transactional_id="one") as producer:
        with producer.transaction() as transaction:
            transaction.send_nowait("one", b"first", partition=0)
            assert transaction.send("one", b"second", partition=0).offset == 1
            assert len(transaction.send_many("one", [b"third"])) == 1
        with pytest.raises(LookupError), producer.transaction() as transaction:
            _send_and_fail(transaction.send_nowait)
        assert not producer.may_abort
        with producer.transaction() as transaction:
            transaction.send("one", b"last", partition=0)
    assert committed(servers, "one", 4) == [b"first", b"second", b"third", b"last"]


def _send_and_fail(send: object) -> None:
    assert callable(send)
    send("one", b"aborted", partition=0)
    raise LookupError


def test_a_record_that_nobody_can_send_spoils_it(servers: str) -> None:
    with Producer(servers, transactional_id="spoilt") as producer:
        producer.partitions_for("spoilt")
        for refused in ({"partition": 99}, {"value": bytes(2_000_000)}, {"timestamp_ms": -2}):
            with pytest.raises(AbortableError, match="the transaction can only be aborted"):
                _send_beside(producer, refused)
        with producer.transaction() as transaction:
            transaction.send_nowait("spoilt", b"alone", partition=0)
    assert committed(servers, "spoilt", 1) == [b"alone"]


def _send_beside(producer: Producer, refused: dict[str, Any]) -> None:
    with producer.transaction() as transaction:
        transaction.send_nowait("spoilt", b"beside it", partition=0)
        transaction.send_nowait("spoilt", **{"value": b"v", **refused})


def test_its_steps(servers: str) -> None:
    with Producer(servers, transactional_id="steps") as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send_nowait("steps", b"aborted", partition=0)
        assert producer.may_abort
        producer.abort_transaction()
        producer.begin_transaction()
        producer.send_nowait("steps", b"kept", partition=0)
        producer.commit_transaction()
    assert committed(servers, "steps", 1) == [b"kept"]


def test_a_consumers_progress_is_part_of_it(servers: str) -> None:
    place = TopicPartition("in", 0)
    with Producer(servers) as producer:
        producer.send_nowait("in", b"0", partition=0)
        producer.send_many("in", [b"%d" % number for number in range(1, 10)], partition=0)
    for _ in range(2):  # the second goes on where the first has committed
        _copy_five(servers)
    with Consumer(bootstrap_servers=servers, group_id="copiers") as reader:
        stored = reader.committed(place)
    assert stored is not None
    assert stored.offset == 10
    assert committed(servers, "out", 10) == [b"%d" % number for number in range(10)]


def _copy_five(servers: str) -> None:
    with (
        Producer(servers, transactional_id="copier") as producer,
        Consumer(
            "in",
            bootstrap_servers=servers,
            group_id="copiers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        ) as reader,
    ):
        copied = 0
        while copied < 5:
            with producer.transaction(reader) as transaction:
                for records in reader.getmany(timeout_ms=1000, max_records=5 - copied).values():
                    for record in records:
                        transaction.send_nowait("out", record.value, partition=0)
                        copied += 1


def test_without_an_id_it_is_said(servers: str) -> None:
    with Producer(servers) as producer, pytest.raises(KafkaError, match="give it a transactional_id"):
        producer.transaction()
