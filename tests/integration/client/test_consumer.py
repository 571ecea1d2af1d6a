"""The consumer against a real broker."""

import asyncio

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess
from tests.support.waiting import until

from ottla.client import Admin, Consumer, Producer, TopicPartition
from ottla.core.errors import ErrorCode, KafkaError


async def fill(servers: str, topic: str, count: int, *, partition: int = 0, first: int = 0) -> None:
    """Records `first`… with their number as value and as timestamp (in seconds)."""
    async with Producer(servers, batch_size=1000) as producer:
        sends = [
            producer.send(topic, b"%d" % number, partition=partition, timestamp_ms=number * 1000)
            for number in range(first, first + count)
        ]
        await asyncio.gather(*sends)


async def take(consumer: Consumer[bytes, bytes], count: int) -> list[bytes]:
    return [(await consumer.getone()).value for _ in range(count)]


def read_from(consumer: Consumer[bytes, bytes], positions: dict[TopicPartition, int]) -> None:
    consumer.assign(positions)
    for partition, offset in positions.items():
        consumer.seek(partition, offset)


async def test_from_the_middle_of_a_batch(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 100)
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        read_from(consumer, {TopicPartition(topic, 0): 37})
        assert await take(consumer, 63) == [b"%d" % number for number in range(37, 100)]


async def test_small_fetches_lose_and_repeat_nothing(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 3000)
    small = {"max_partition_fetch_bytes": 500, "fetch_max_bytes": 800}
    async with Consumer(bootstrap_servers=broker.bootstrap, **small) as consumer:
        read_from(consumer, {TopicPartition(topic, 0): 0})
        assert await take(consumer, 3000) == [b"%d" % number for number in range(3000)]


async def test_all_partitions_at_once(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=5)
    for partition in range(5):
        await fill(broker.bootstrap, topic, 10, partition=partition, first=partition * 10)
    async with Consumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        values = await take(consumer, 50)
        assert consumer.assignment() == {TopicPartition(topic, number) for number in range(5)}
        assert set(consumer.lag().values()) == {0}
    assert sorted(int(value) for value in values) == list(range(50))


async def test_following_shows_what_comes_later(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 3)
    async with Consumer(topic, bootstrap_servers=broker.bootstrap) as consumer:
        await until(consumer.assignment)
        assert await consumer.position(TopicPartition(topic, 0)) == 3
        coming = asyncio.ensure_future(take(consumer, 2))
        await asyncio.sleep(0.1)
        assert not coming.done()
        await fill(broker.bootstrap, topic, 2, first=3)
        assert await coming == [b"3", b"4"]


async def test_offsets_of_times(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        assert await consumer.beginning_offsets([partition]) == {partition: 0}
        assert await consumer.end_offsets([partition]) == {partition: 100}
        for moment_ms, offset in [(0, 0), (49_999, 50), (50_000, 50), (50_001, 51), (99_000, 99)]:
            found = (await consumer.offsets_for_times({partition: moment_ms}))[partition]
            assert found is not None
            assert (found.offset, found.timestamp) == (offset, offset * 1000)
        assert await consumer.offsets_for_times({partition: 99_001}) == {partition: None}


async def test_a_paused_partition_is_silent_until_it_is_resumed(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=2)
    await fill(broker.bootstrap, topic, 5, partition=0)
    await fill(broker.bootstrap, topic, 5, partition=1, first=5)
    quiet, other = TopicPartition(topic, 0), TopicPartition(topic, 1)
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        read_from(consumer, {quiet: 0, other: 0})
        consumer.pause(quiet)
        assert await take(consumer, 5) == [b"5", b"6", b"7", b"8", b"9"]
        consumer.resume(quiet)
        assert await take(consumer, 2) == [b"0", b"1"]
        consumer.pause(quiet)
        assert await consumer.getmany(timeout_ms=50) == {}
        consumer.resume(quiet)
        assert await take(consumer, 3) == [b"2", b"3", b"4"]
        consumer.assign([other])
        consumer.seek(other, 1)
        assert await take(consumer, 1) == [b"6"]


async def test_the_ends(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 5)
    partition = TopicPartition(topic, 0)
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning()
        assert await take(consumer, 2) == [b"0", b"1"]
        assert await consumer.position(partition) == 2
        await consumer.seek_to_end(partition)
        assert await consumer.position(partition) == 5
        await consumer.seek_to_beginning(partition)
        assert await take(consumer, 1) == [b"0"]


async def test_batches_and_many(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 1000)
    partition = TopicPartition(topic, 0)
    values = [b"%d" % number for number in range(1000)]
    everything = {"bootstrap_servers": broker.bootstrap, "auto_offset_reset": "earliest"}
    async with Consumer(topic, **everything) as consumer:
        read: list[bytes] = []
        async for batch in consumer.batches(max_records=70):
            assert 0 < len(batch) <= 70
            assert [record.value for record in batch] == batch.values()
            assert batch.offsets == list(range(len(read), len(read) + len(batch)))
            read += batch.values()
            assert batch.next_offset == len(read)
            if len(read) == 1000:
                break
        assert read == values
    async with Consumer(topic, **everything) as consumer:
        many: list[bytes] = []
        while len(many) < 1000:
            found = await consumer.getmany(timeout_ms=5_000, max_records=130)
            assert found.keys() == {partition}
            assert len(found[partition]) <= 130
            many += [record.value for record in found[partition]]
        assert many == values
        # A mixture of all four goes on where the last one stopped.
        consumer.seek(partition, 0)
        mixed = await take(consumer, 3)
        async for record in consumer:
            mixed.append(record.value)
            if len(mixed) == 10:
                break
        mixed += [r.value for r in (await consumer.getmany(max_records=7))[partition]]
        async for batch in consumer.batches(max_records=9):
            mixed += batch.values()
            break
        mixed += await take(consumer, 4)
        assert mixed == values[: len(mixed)]


async def test_looking_without_waiting_finds_what_is_there(broker: BrokerProcess, topic: str) -> None:
    large = [bytes(1000) + b"%d" % number for number in range(600)]
    async with Producer(broker.bootstrap, batch_size=900_000, compression_type="none") as producer:
        await producer.send_many(topic, [*large, b"small"])
    async with Consumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        found: list[bytes] = []
        async with asyncio.timeout(30):
            while len(found) < 601:
                for records in (await consumer.getmany(max_records=250)).values():
                    found += [record.value for record in records]
                await asyncio.sleep(0.01)
    assert found == [*large, b"small"]


async def test_an_unknown_topic(broker: BrokerProcess, topic: str) -> None:
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        with pytest.raises(KafkaError, match="does not exist") as caught:
            await consumer.partitions_for(topic)
    assert caught.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


async def test_an_offset_out_of_range_is_an_error_or_reset(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 5)
    partition = TopicPartition(topic, 0)
    async with Consumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="none") as consumer:
        read_from(consumer, {partition: 99})
        with pytest.raises(KafkaError, match="has no offset 99") as caught:
            await consumer.getone()
        assert caught.value.code == ErrorCode.OFFSET_OUT_OF_RANGE
        consumer.seek(partition, 3)
        assert await take(consumer, 2) == [b"3", b"4"]
    async with Consumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        read_from(consumer, {partition: 99})
        assert await take(consumer, 5) == [b"0", b"1", b"2", b"3", b"4"]


async def test_reading_goes_on_after_the_broker_was_killed(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    await fill(broker.bootstrap, topic, 5)
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        read_from(consumer, {TopicPartition(topic, 0): 0})
        before = await take(consumer, 5)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await fill(broker.bootstrap, topic, 5, first=5)
        assert before + await take(consumer, 5) == [b"%d" % number for number in range(10)]


async def test_a_broker_that_stays_away_is_an_error(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    await fill(broker.bootstrap, topic, 1)
    async with Consumer(bootstrap_servers=broker.bootstrap, default_api_timeout_ms=500) as consumer:
        read_from(consumer, {TopicPartition(topic, 0): 0})
        assert await take(consumer, 1) == [b"0"]
        await asyncio.to_thread(broker.kill)
        with pytest.raises(KafkaError) as caught:
            await consumer.getone()
    assert caught.value.code == ErrorCode.NETWORK_EXCEPTION


async def test_two_readers_at_once_are_an_error(broker: BrokerProcess, topic: str) -> None:
    async with Consumer(topic, bootstrap_servers=broker.bootstrap) as consumer:
        first = asyncio.ensure_future(consumer.getone())
        await asyncio.sleep(0.05)
        with pytest.raises(RuntimeError, match="another task is reading"):
            await consumer.getone()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_closing_ends_a_wait(broker: BrokerProcess, topic: str) -> None:
    consumer = Consumer(topic, bootstrap_servers=broker.bootstrap)
    await consumer.start()
    waiting = asyncio.ensure_future(consumer.getone())
    await asyncio.sleep(0.05)
    await consumer.close()
    with pytest.raises(KafkaError, match="closed"):
        await waiting
    await consumer.close()
    assert {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()} == set()  # type: ignore[union-attr]
