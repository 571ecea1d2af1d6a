"""What is asked for wrongly is refused at once, in words that say what to do; nobody waits for ever."""

import asyncio
from typing import Any

import pytest
from tests.support.process import BrokerProcess

from ottla.client import Consumer, DeadLetter, Producer, TopicPartition
from ottla.core.errors import KafkaError

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("topic", ["", None, b"orders"])
async def test_what_is_no_topic_is_not_sent_to(broker: BrokerProcess, topic: Any) -> None:
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(TypeError, match="is no topic; give each by its name"):
            await producer.send(topic, b"tea")


@pytest.mark.parametrize("wrong", [{"partition": "0"}, {"timestamp_ms": "now"}])
async def test_a_record_that_cannot_be_placed_fails_and_those_behind_it_are_sent(
    broker: BrokerProcess, topic: str, wrong: Any
) -> None:
    async with Producer(broker.bootstrap) as producer:
        failing = producer.send_nowait(topic, b"tea", **wrong)
        following = producer.send_nowait(topic, b"coffee")
        with pytest.raises(KafkaError, match="the record cannot be sent"):
            await failing
        assert (await following).offset == 0


async def test_what_a_partitioner_raises_is_why_its_record_is_not_sent(
    broker: BrokerProcess, topic: str
) -> None:
    async with Producer(broker.bootstrap, partitioner=lambda _key, _all, _led: 1 // 0) as producer:
        with pytest.raises(KafkaError, match="ZeroDivisionError"):
            await producer.send(topic, b"tea")


@pytest.mark.parametrize("values", [None, b"tea", "tea", iter([b"tea"])])
async def test_many_values_are_a_list(broker: BrokerProcess, topic: str, values: Any) -> None:
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(TypeError, match="values are a list"):
            await producer.send_many(topic, values)


async def test_a_consumer_that_is_not_started_does_not_wait(topic: str) -> None:
    consumer = Consumer(topic)
    for read in (consumer.getone, consumer.getmany, lambda: anext(aiter(consumer))):
        with pytest.raises(KafkaError, match="not started"):
            await read()
    await consumer.close()


async def test_a_consumer_of_nothing_does_not_wait(broker: BrokerProcess) -> None:
    async with Consumer(bootstrap_servers=broker.bootstrap) as consumer:
        with pytest.raises(KafkaError, match="nothing to read; give it topics"):
            await consumer.getone()


@pytest.mark.parametrize("partitions", ["orders", ["orders"], TopicPartition("orders", 0), 5])
async def test_what_is_no_partition_is_not_assigned(partitions: Any) -> None:
    consumer = Consumer()
    with pytest.raises(TypeError, match="partitions are told as a list"):
        consumer.assign(partitions)
    assert not consumer.assignment()
    await consumer.close()


@pytest.mark.parametrize("offset", [-5, "5", None])
async def test_what_is_no_offset_is_not_committed(broker: BrokerProcess, topic: str, offset: Any) -> None:
    async with Consumer(topic, bootstrap_servers=broker.bootstrap, group_id=topic) as consumer:
        with pytest.raises(ValueError, match="is no offset to commit"):
            await consumer.commit({TopicPartition(topic, 0): offset})


async def test_no_batch_is_of_no_records(broker: BrokerProcess, topic: str) -> None:
    async with Consumer(topic, bootstrap_servers=broker.bootstrap) as consumer:
        with pytest.raises(ValueError, match="max_records is 0"):
            await anext(aiter(consumer.batches(max_records=0)))


async def test_a_plain_function_is_no_handler_and_its_records_no_dead_letters(
    broker: BrokerProcess, topic: str
) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"tea")
    plain: Any = lambda _record: None  # noqa: E731
    async with Consumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        with pytest.raises(TypeError, match="run takes an `async def`"):
            await consumer.run(plain, on_error=DeadLetter(f"{topic}-dead"))
        with pytest.raises(TypeError, match="on_error is 'retry'"):
            await consumer.run(plain, on_error="retry")  # type: ignore[arg-type]


async def test_a_record_sent_from_a_thread_is_refused(broker: BrokerProcess, topic: str) -> None:
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(RuntimeError, match="no event loop runs in this thread"):
            await asyncio.to_thread(producer.send_nowait, topic, b"tea")
