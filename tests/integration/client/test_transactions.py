"""Transactions against a real broker, in both protocols (`--broker=apache` for the reference)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess

from ottla.client import (
    Consumer,
    GroupMetadata,
    OffsetAndMetadata,
    Producer,
    TopicPartition,
)
from ottla.client.transactions.requests import TransactionRequests
from ottla.core.errors import AbortableError, FencedError, KafkaError, RefusedError


@pytest.fixture(params=[1, 2], ids=["first-protocol", "second-protocol"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The version of the protocol that the producer uses; a broker of the second serves the first as well."""

    async def version(_: TransactionRequests) -> int:
        return int(request.param)

    if request.param == 1:
        monkeypatch.setattr(TransactionRequests, "version", version)
    return int(request.param)


@asynccontextmanager
async def transactional(broker: BrokerProcess, name: str, **options: Any) -> AsyncIterator[Producer]:
    async with Producer(broker.bootstrap, transactional_id=name, **options) as producer:
        yield producer
        machine = producer._transactor.machine  # type: ignore[union-attr]
        assert not machine.has_content


async def committed_values(broker: BrokerProcess, topic: str) -> list[bytes]:
    """What a reader of committed records sees once no transaction is open, partition by partition."""
    servers = broker.bootstrap
    async with (
        Consumer(bootstrap_servers=servers, isolation_level="read_committed") as consumer,
        Consumer(bootstrap_servers=servers) as reader_of_all,
    ):
        partitions = await consumer.partitions_for(topic)
        while True:  # a commit is answered when it is decided; its markers follow
            ends = await consumer.end_offsets(partitions)
            if ends == await reader_of_all.end_offsets(partitions):
                break
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        values: list[bytes] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    values += [record.value for record in records]
        return values


async def test_what_is_committed_is_visible_and_what_is_aborted_is_not(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    async with transactional(broker, topic) as producer:
        async with producer.transaction() as transaction:
            delivery = transaction.send_nowait(topic, b"1", partition=0)
            await transaction.send(topic, b"2", partition=0)
            await transaction.send_many(topic, [b"3", b"4"])
        assert delivery.done()
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what raises
            async with producer.transaction() as transaction:
                await transaction.send(topic, b"aborted", partition=0)
                raise ZeroDivisionError
        async with producer.transaction() as transaction:
            transaction.send_nowait(topic, b"5", partition=0)
    assert sorted(await committed_values(broker, topic)) == [b"1", b"2", b"3", b"4", b"5"]


async def test_hundreds_of_transactions_leave_each_record_once(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    expected = []
    async with transactional(broker, topic, linger_ms=0) as producer:
        for number in range(60):
            try:
                async with producer.transaction() as transaction:
                    for part in range(3):
                        transaction.send_nowait(topic, b"%d.%d" % (number, part), key=b"%d" % part)
                    if number % 3 == 0:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            expected += [b"%d.%d" % (number, part) for part in range(3)]
    assert sorted(await committed_values(broker, topic)) == sorted(expected)


async def test_an_empty_transaction_asks_nobody(broker: BrokerProcess, topic: str, protocol: int) -> None:
    async with transactional(broker, topic) as producer:
        async with producer.transaction():
            pass
        await producer.begin_transaction()
        await producer.abort_transaction()
        async with producer.transaction() as transaction:
            await transaction.send(topic, b"v")
    assert await committed_values(broker, topic) == [b"v"]


async def test_offsets_are_part_of_the_transaction(broker: BrokerProcess, topic: str, protocol: int) -> None:
    source, group = f"{topic}.source", f"group-of-{topic}"
    async with Producer(broker.bootstrap) as filling:
        await filling.send_many(source, [b"%d" % number for number in range(50)], partition=0)
    options: dict[str, Any] = {
        "bootstrap_servers": broker.bootstrap,
        "group_id": group,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
    }
    async with transactional(broker, topic) as producer, Consumer(source, **options) as consumer:
        copied = 0
        while copied < 50:
            batches = await consumer.getmany(timeout_ms=1000, max_records=20)
            records = [record for each in batches.values() for record in each]
            async with producer.transaction(consumer) as transaction:
                for record in records:
                    transaction.send_nowait(topic, record.value, partition=0)
            copied += len(records)
        position = TopicPartition(source, 0)
        assert (await consumer.committed(position) or OffsetAndMetadata(-1)).offset == 50
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what raises
            async with producer.transaction() as transaction:
                await transaction.send_offsets({position: OffsetAndMetadata(7)}, consumer.group_metadata())
                raise ZeroDivisionError
        assert (await consumer.committed(position) or OffsetAndMetadata(-1)).offset == 50
    assert await committed_values(broker, topic) == [b"%d" % number for number in range(50)]


async def test_a_member_that_was_replaced_commits_nothing(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    source, group = f"{topic}.source", f"group-of-{topic}"
    async with Producer(broker.bootstrap) as filling:
        await filling.send(source, b"v")
    async with (
        transactional(broker, topic) as producer,
        Consumer(
            source, bootstrap_servers=broker.bootstrap, group_id=group, auto_offset_reset="earliest"
        ) as consumer,
    ):
        await consumer.getone()
        stranger = GroupMetadata(group, 1, "somebody-else")
        with pytest.raises(AbortableError, match="UNKNOWN_MEMBER_ID"):  # noqa: PT012 - the block raises
            async with producer.transaction() as transaction:
                await transaction.send(topic, b"not to be seen")
                await transaction.send_offsets({TopicPartition(source, 0): OffsetAndMetadata(1)}, stranger)
        async with producer.transaction() as transaction:
            await transaction.send(topic, b"v")
    assert await committed_values(broker, topic) == [b"v"]


async def test_the_newer_of_two_producers_fences_the_older(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    async with Producer(broker.bootstrap, transactional_id=topic) as older:
        await older.begin_transaction()
        await older.send(topic, b"of the older")
        async with transactional(broker, topic) as newer:
            with pytest.raises(FencedError, match="taken over"):
                await older.commit_transaction()
            with pytest.raises(FencedError):
                await older.begin_transaction()
            with pytest.raises(FencedError):
                older.send_nowait(topic, b"v")
            async with newer.transaction() as transaction:
                await transaction.send(topic, b"of the newer")
        assert older.health().transaction == "FATAL_ERROR"
    assert await committed_values(broker, topic) == [b"of the newer"]


async def test_cancelling_the_block_aborts(broker: BrokerProcess, topic: str, protocol: int) -> None:
    async with transactional(broker, topic) as producer:
        sent = asyncio.Event()

        async def work() -> None:
            async with producer.transaction() as transaction:
                await transaction.send(topic, b"cancelled")
                sent.set()
                await asyncio.Event().wait()

        working = asyncio.ensure_future(work())
        await sent.wait()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        async with producer.transaction() as transaction:
            await transaction.send(topic, b"kept")
    assert await committed_values(broker, topic) == [b"kept"]


async def test_a_commit_whose_caller_is_cancelled_is_finished_before_the_next_begins(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    async with transactional(broker, topic) as producer:
        await producer.begin_transaction()
        await producer.send(topic, b"1")
        committing = asyncio.ensure_future(producer.commit_transaction())
        for _ in range(3):
            await asyncio.sleep(0)
        committing.cancel()
        await asyncio.wait([committing])
        async with producer.transaction() as transaction:
            await transaction.send(topic, b"2")
    assert sorted(await committed_values(broker, topic)) == [b"1", b"2"]


async def test_a_record_that_is_refused_spoils_the_transaction_only(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    async with transactional(broker, topic) as producer:
        await producer.begin_transaction()
        bad = producer.send_nowait(topic, b"", partition=0, timestamp_ms=2**62)
        with pytest.raises(RefusedError, match="t"):
            await bad
        with pytest.raises(AbortableError, match="can only be aborted"):
            producer.send_nowait(topic, b"more")
        with pytest.raises(AbortableError, match="can only be aborted"):
            await producer.commit_transaction()
        await producer.abort_transaction()
        async with producer.transaction() as transaction:
            await transaction.send(topic, b"good", partition=0)
    assert await committed_values(broker, topic) == [b"good"]


async def test_a_record_whose_topic_cannot_be_had_spoils_the_transaction(
    broker: BrokerProcess, topic: str, protocol: int
) -> None:
    async with transactional(broker, topic) as producer:
        await producer.begin_transaction()
        await producer.send(topic, b"with the other or not at all")
        nowhere = producer.send_nowait("no such name", b"v")
        with pytest.raises(AbortableError, match="is not a topic name"):
            await producer.commit_transaction()
        with pytest.raises(RefusedError, match="is not a topic name"):
            await nowhere
        await producer.abort_transaction()
    assert await committed_values(broker, topic) == []


async def test_closing_aborts_what_is_open(broker: BrokerProcess, topic: str, protocol: int) -> None:
    async with Producer(broker.bootstrap, transactional_id=topic) as producer:
        await producer.begin_transaction()
        await producer.send(topic, b"forgotten")
    assert await committed_values(broker, topic) == []
    assert len(asyncio.all_tasks()) == 1


async def test_what_cannot_be_done_says_what_to_do(broker: BrokerProcess, topic: str) -> None:
    async with Producer(broker.bootstrap) as plain:
        with pytest.raises(KafkaError, match="give it a transactional_id"):
            plain.transaction()
    async with Producer(broker.bootstrap, transactional_id=topic) as producer:
        with pytest.raises(KafkaError, match="begin a transaction first"):
            await producer.send(topic, b"v")
        with pytest.raises(KafkaError, match="begin a transaction first"):
            await producer.commit_transaction()
        await producer.begin_transaction()
        with pytest.raises(KafkaError, match="commit or abort the one that is open"):
            await producer.begin_transaction()
    with pytest.raises(KafkaError, match="lower transaction_timeout_ms"):
        async with Producer(broker.bootstrap, transactional_id=topic, transaction_timeout_ms=2**31 - 1):
            pass
    assert len(asyncio.all_tasks()) == 1


async def test_a_copy_in_transactions_is_exact_while_the_broker_is_killed(
    new_broker: NewBroker, topic: str, protocol: int
) -> None:
    """Consume, send on and commit the positions in one transaction, with kill -9 of the broker in between."""
    broker = new_broker().start()
    source, group, count = f"{topic}.source", f"group-of-{topic}", 400
    async with Producer(broker.bootstrap) as filling:
        await filling.send_many(source, [b"%d" % number for number in range(count)], partition=0)
    kills = iter((60, 200, 330))
    next_kill = next(kills)
    async with Producer(broker.bootstrap, transactional_id=topic, retry_backoff_ms=20) as producer:
        position = TopicPartition(source, 0)
        async with Consumer(
            bootstrap_servers=broker.bootstrap, group_id=group, enable_auto_commit=False, fetch_max_wait_ms=20
        ) as consumer:
            consumer.assign([position])
            while True:
                committed = await consumer.committed(position)
                done = committed.offset if committed is not None else 0
                if done == count:
                    break
                consumer.seek(position, done)
                batches = await consumer.getmany(timeout_ms=1000, max_records=20)
                records = [record for each in batches.values() for record in each]
                try:
                    async with producer.transaction(consumer) as transaction:
                        for record in records:
                            transaction.send_nowait(topic, record.value, partition=0)
                        if done >= next_kill:
                            next_kill = next(kills, 2 * count)
                            await asyncio.to_thread(broker.kill)
                            await asyncio.to_thread(broker.start)
                except AbortableError:
                    continue
    assert await committed_values(broker, topic) == [b"%d" % number for number in range(count)]
