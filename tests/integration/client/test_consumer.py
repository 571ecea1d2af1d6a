"""The consumer against a real broker."""

import asyncio

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess

from ottla.client import Admin, Consumer, ConsumerSettings, Producer, TopicPartition
from ottla.client.settings import ProducerSettings
from ottla.core.errors import ErrorCode, KafkaError


async def fill(servers: str, topic: str, count: int, *, partition: int = 0, first: int = 0) -> None:
    """Records `first`… with their number as value and as timestamp (in seconds)."""
    async with Producer(servers, ProducerSettings(batch_size=1000)) as producer:
        for number in range(first, first + count):
            await producer.enqueue(topic, b"%d" % number, partition=partition, timestamp_ms=number * 1000)


async def take(consumer: Consumer, count: int) -> list[bytes | None]:
    values: list[bytes | None] = []
    async for _, record in consumer:
        values.append(record.value)
        if len(values) == count:
            break
    return values


async def test_from_the_middle_of_a_batch(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 100)
    async with Consumer(broker.bootstrap) as consumer:
        await consumer.assign({TopicPartition(topic, 0): 37})
        assert await take(consumer, 63) == [b"%d" % number for number in range(37, 100)]


async def test_small_fetches_lose_and_repeat_nothing(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 3000)
    settings = ConsumerSettings(max_partition_fetch_bytes=500, fetch_max_bytes=800)
    async with Consumer(broker.bootstrap, settings) as consumer:
        await consumer.assign({TopicPartition(topic, 0): 0})
        assert await take(consumer, 3000) == [b"%d" % number for number in range(3000)]


async def test_all_partitions_at_once(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=5)
    for partition in range(5):
        await fill(broker.bootstrap, topic, 10, partition=partition, first=partition * 10)
    async with Consumer(broker.bootstrap) as consumer:
        partitions = await consumer.partitions(topic)
        await consumer.assign(await consumer.beginning_offsets(partitions))
        values = await take(consumer, 50)
    assert sorted(int(value or b"") for value in values) == list(range(50))


async def test_following_shows_what_comes_later(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 3)
    async with Consumer(broker.bootstrap) as consumer:
        await consumer.assign(await consumer.end_offsets(await consumer.partitions(topic)))
        coming = asyncio.ensure_future(take(consumer, 2))
        await asyncio.sleep(0.1)
        assert not coming.done()
        await fill(broker.bootstrap, topic, 2, first=3)
        assert await coming == [b"3", b"4"]


async def test_offsets_of_times(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    async with Consumer(broker.bootstrap) as consumer:
        assert await consumer.beginning_offsets([partition]) == {partition: 0}
        assert await consumer.end_offsets([partition]) == {partition: 100}
        for moment_ms, offset in [
            (0, 0),
            (49_999, 50),
            (50_000, 50),
            (50_001, 51),
            (99_000, 99),
            (99_001, -1),
        ]:
            assert await consumer.offsets_for_times({partition: moment_ms}) == {partition: offset}


async def test_an_unassigned_partition_is_silent(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=2)
    await fill(broker.bootstrap, topic, 5, partition=0)
    await fill(broker.bootstrap, topic, 5, partition=1, first=5)
    async with Consumer(broker.bootstrap) as consumer:
        await consumer.assign({TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 0})
        consumer.unassign(TopicPartition(topic, 0))
        assert await take(consumer, 5) == [b"5", b"6", b"7", b"8", b"9"]


async def test_an_unknown_topic(broker: BrokerProcess, topic: str) -> None:
    async with Consumer(broker.bootstrap) as consumer:
        with pytest.raises(KafkaError, match="does not exist") as caught:
            await consumer.partitions(topic)
    assert caught.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


async def test_an_offset_out_of_range_is_an_error_or_reset(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 5)
    partition = TopicPartition(topic, 0)
    async with Consumer(broker.bootstrap, ConsumerSettings(auto_offset_reset="none")) as consumer:
        await consumer.assign({partition: 99})
        with pytest.raises(KafkaError, match="has no offset 99") as caught:
            await consumer.poll()
        assert caught.value.code == ErrorCode.OFFSET_OUT_OF_RANGE
    async with Consumer(broker.bootstrap, ConsumerSettings(auto_offset_reset="earliest")) as consumer:
        await consumer.assign({partition: 99})
        assert await take(consumer, 5) == [b"0", b"1", b"2", b"3", b"4"]


async def test_reading_goes_on_after_the_broker_was_killed(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    await fill(broker.bootstrap, topic, 5)
    async with Consumer(broker.bootstrap) as consumer:
        await consumer.assign({TopicPartition(topic, 0): 0})
        before = await take(consumer, 5)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await fill(broker.bootstrap, topic, 5, first=5)
        assert before + await take(consumer, 5) == [b"%d" % number for number in range(10)]


async def test_a_broker_that_stays_away_ends_it(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    await fill(broker.bootstrap, topic, 1)
    async with Consumer(broker.bootstrap, ConsumerSettings(default_api_timeout_ms=500)) as consumer:
        await consumer.assign({TopicPartition(topic, 0): 0})
        assert await take(consumer, 1) == [b"0"]
        await asyncio.to_thread(broker.kill)
        with pytest.raises(KafkaError) as caught:
            await consumer.poll()
    assert caught.value.code == ErrorCode.NETWORK_EXCEPTION
