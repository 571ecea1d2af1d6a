"""Producing over a network that fails and to brokers that die: every record is there once, in order, or is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess

from ottla.client import Admin, BufferFull, Consumer, Delivery, Producer, TopicPartition
from ottla.core.errors import KafkaError
from ottla.testing.network import Proxy

PARTITIONS = 3


@pytest.fixture
def proxied(new_broker: NewBroker) -> "AsyncIterator[tuple[BrokerProcess, Proxy]]":
    """A broker that clients reach through a proxy only."""
    with Proxy() as proxy:
        broker = new_broker(**{"advertised.listeners": proxy.listener, "num.partitions": str(PARTITIONS)})
        broker.start()
        proxy.target = ("127.0.0.1", int(broker.bootstrap.rpartition(":")[2]))
        yield broker, proxy  # type: ignore[misc]


async def send(producer: Producer, topic: str, number: int) -> Delivery:
    while True:
        try:
            return producer.send_nowait(topic, b"%d" % number, partition=number % PARTITIONS)
        except BufferFull:
            await producer.ready()


async def logged(servers: str, topic: str) -> list[list[int]]:
    """The numbers in each partition."""
    async with Consumer(bootstrap_servers=servers) as consumer:
        partitions = [TopicPartition(topic, index) for index in range(PARTITIONS)]
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[list[int]] = [[] for _ in partitions]
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for where, records in (await consumer.getmany(timeout_ms=100)).items():
                    found[where.partition] += [int(record.value) for record in records]
        return found


@asynccontextmanager
async def trouble(proxy: Proxy) -> AsyncIterator[None]:
    """Cuts, resets, requests and replies that end in the middle, one after another."""

    async def make() -> None:
        while True:
            for fault in (proxy.cut, proxy.reset):
                await asyncio.sleep(0.05)
                await asyncio.to_thread(fault)
            proxy.to_broker.cut_after_bytes = 5_000
            await asyncio.sleep(0.05)
            proxy.to_broker.cut_after_bytes = None
            proxy.to_client.cut_after_bytes = 150
            await asyncio.sleep(0.05)
            proxy.to_client.cut_after_bytes = None

    making = asyncio.ensure_future(make())
    try:
        yield
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        await asyncio.to_thread(proxy.heal)


async def test_cut_connections_neither_lose_nor_repeat_nor_reorder(
    proxied: tuple[BrokerProcess, Proxy], topic: str
) -> None:
    _, proxy = proxied
    count = 6_000
    async with Producer(
        proxy.bootstrap_servers, batch_size=500, linger_ms=1, retry_backoff_ms=5, retry_backoff_max_ms=50
    ) as producer:
        await producer.partitions_for(topic)
        deliveries: list[Delivery] = []
        async with trouble(proxy):
            for number in range(count):
                deliveries.append(await send(producer, topic, number))
                if number % 20 == 0:
                    await asyncio.sleep(0.002)
        offsets = [(await delivery).offset for delivery in deliveries]
        assert producer.health().counters.batches_retried > 0
    expected = [list(range(first, count, PARTITIONS)) for first in range(PARTITIONS)]
    assert await logged(proxy.bootstrap_servers, topic) == expected
    assert all(offsets[number] == number // PARTITIONS for number in range(count) if offsets[number] >= 0)
    assert len(asyncio.all_tasks()) == 1


async def test_a_topic_is_asked_about_until_a_broker_answers(
    proxied: tuple[BrokerProcess, Proxy], topic: str
) -> None:
    _, proxy = proxied
    async with Producer(proxy.bootstrap_servers) as producer:
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.reset)
        delivery = producer.send_nowait(topic, b"v")
        flushing = asyncio.ensure_future(producer.flush())
        await asyncio.sleep(0.2)
        assert not delivery.done()
        await asyncio.to_thread(proxy.heal)
        await flushing
        assert delivery.result().offset == 0


async def test_a_broker_that_is_killed_again_and_again_has_every_record_once(
    new_broker: NewBroker, topic: str
) -> None:
    broker = new_broker(**{"num.partitions": str(PARTITIONS)}).start()
    count = 3_000
    async with Producer(broker.bootstrap, batch_size=500, retry_backoff_ms=20) as producer:
        await producer.partitions_for(topic)
        deliveries = []
        for number in range(count):
            deliveries.append(await send(producer, topic, number))
            if number % 10 == 0:
                await asyncio.sleep(0.001)
            if number % 1_000 == 700:
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
        for delivery in deliveries:
            await delivery
    expected = [list(range(first, count, PARTITIONS)) for first in range(PARTITIONS)]
    assert await logged(broker.bootstrap, topic) == expected


async def test_what_is_given_up_is_told_and_what_is_told_as_saved_is_there(
    proxied: tuple[BrokerProcess, Proxy], topic: str
) -> None:
    """With too little time for each record some fail: none of the others is lost, none is there twice."""
    _, proxy = proxied
    saved, failed = set(), set()
    async with Producer(proxy.bootstrap_servers) as producer:
        await producer.partitions_for(topic)  # in peace
    async with Producer(
        proxy.bootstrap_servers, batch_size=300, linger_ms=1, delivery_timeout_ms=150, request_timeout_ms=100
    ) as producer:
        await producer.partitions_for(topic)
        deliveries = {}
        for number in range(900):
            deliveries[number] = await send(producer, topic, number)
            deliveries[number].add_done_callback(lambda _: None)
            if number % 10 == 0:
                await asyncio.sleep(0.005)
            if number % 300 == 100:
                proxy.stall()
            if number % 300 == 200:
                await asyncio.to_thread(proxy.reset)
                proxy.heal()
        for number, delivery in deliveries.items():
            try:
                await delivery
                saved.add(number)
            except KafkaError:
                failed.add(number)
        while not saved:  # a busy machine may have been too slow for all of them
            number = len(failed)
            with suppress(KafkaError):
                await (await send(producer, topic, number))
                saved.add(number)
            failed.add(number)
    found = await logged(proxy.bootstrap_servers, topic)
    for numbers in found:
        assert len(numbers) == len(set(numbers)), "twice"
        assert numbers == sorted(numbers), "out of order"
    assert saved <= {number for numbers in found for number in numbers}, "lost"


async def test_a_topic_that_is_no_more_is_made_again_as_by_javas_producer(
    new_broker: NewBroker, topic: str
) -> None:
    broker = new_broker().start()
    async with Producer(broker.bootstrap) as producer, Admin(broker.bootstrap) as admin:
        for number in range(5):
            await producer.send(topic, b"%d" % number, partition=0)
        await admin.delete_topic(topic)
        assert (await producer.send(topic, b"5", partition=0)).offset == 0
