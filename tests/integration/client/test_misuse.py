"""What is asked for wrongly is refused at once, in words that say what to do; nobody waits for ever."""

import asyncio
from typing import Any

import pytest
from tests.support.process import BrokerProcess

from ottla.client import Admin, Consumer, DeadLetter, Producer, Retry, TopicPartition
from ottla.client.config.options import OptionError
from ottla.core.errors import KafkaError
from ottla.sync import Consumer as BlockingConsumer

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


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
@pytest.mark.parametrize("what", ["close", "unsubscribe", "getone"])
async def test_a_hook_does_not_wait_for_itself(
    broker: BrokerProcess, topic: str, protocol: Any, what: str
) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"tea")
    options: dict[str, Any] = {"group_protocol": protocol, "auto_offset_reset": "earliest"}
    async with Consumer(topic, bootstrap_servers=broker.bootstrap, group_id=topic, **options) as consumer:

        @consumer.on_assigned
        async def _hook(_partitions: frozenset[TopicPartition]) -> None:
            await getattr(consumer, what)()

        with pytest.raises(KafkaError, match="waits for the hook that calls it; raise an exception"):
            await consumer.getone()
        assert (await consumer.getone()).value == b"tea"


@pytest.mark.parametrize("what", ["close", "unsubscribe", "getone"])
async def test_a_blocking_hook_does_not_wait_for_itself(broker: BrokerProcess, topic: str, what: str) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"tea")

    def read() -> None:
        options: dict[str, Any] = {"group_id": topic, "auto_offset_reset": "earliest"}
        with BlockingConsumer(topic, bootstrap_servers=broker.bootstrap, **options) as consumer:
            consumer.on_assigned(lambda _partitions: getattr(consumer, what)())
            with pytest.raises(KafkaError, match="waits for the hook that calls it"):
                consumer.getone()
            assert consumer.getone().value == b"tea"

    await asyncio.to_thread(read)


async def test_another_task_of_a_hook_may_close(broker: BrokerProcess, topic: str) -> None:
    closing: list[asyncio.Task[None]] = []
    consumer = Consumer(topic, bootstrap_servers=broker.bootstrap, group_id=topic)

    @consumer.on_assigned
    async def _hook(_partitions: frozenset[TopicPartition]) -> None:
        closing.append(asyncio.create_task(consumer.close()))

    await consumer.start()
    with pytest.raises(KafkaError, match="this consumer is closed"):
        await consumer.getone()
    await closing[0]


async def test_a_client_stays_in_its_event_loop(broker: BrokerProcess, topic: str) -> None:
    async with (
        Consumer(topic, bootstrap_servers=broker.bootstrap, group_id=topic) as consumer,
        Admin(broker.bootstrap) as admin,
    ):
        await consumer.committed(TopicPartition(topic, 0))
        calls = (
            *(consumer.getone, consumer.commit, consumer.unsubscribe, consumer.seek_to_end, consumer.close),
            *(admin.list_topics, admin.close),
        )

        def elsewhere() -> None:
            for call in calls:
                with pytest.raises(RuntimeError, match="lives in another event loop"):
                    asyncio.run(call())  # type: ignore[operator]
            with pytest.raises(RuntimeError, match="no event loop runs in this thread"):
                consumer.subscribe([topic])

        await asyncio.to_thread(elsewhere)
        assert await admin.list_topics()


def test_what_cannot_be_is_refused_when_it_is_said() -> None:
    strategies: list[Any] = [["nonsense"], [], "range", None]
    for strategy in strategies:
        with pytest.raises(OptionError, match=r"partition_assignment_strategy.*range, roundrobin"):
            Consumer("orders", group_id="billing", partition_assignment_strategy=strategy)
    names: list[Any] = ["", None, "no spaces", "x" * 250, "."]
    for name in names:
        with pytest.raises(OptionError, match="topic must be a topic's name"):
            DeadLetter(name)
    with pytest.raises(ValueError, match="from 0 ms on"):
        Retry(backoff_ms=-1)


async def test_an_admin_that_is_not_started_leaves_nothing_open() -> None:
    admin = Admin("localhost:1")
    with pytest.raises(KafkaError, match="not started; use `async with`"):
        await admin.list_topics()
    with pytest.raises(KafkaError, match="no broker answers"):
        await admin.start()
    assert len(asyncio.all_tasks()) == 1


async def test_offsets_of_groups_are_asked_for_in_words(broker: BrokerProcess) -> None:
    async with Admin(broker.bootstrap) as admin:
        wrong: list[Any]
        for wrong in (None, [TopicPartition("orders", 0)], 5):
            with pytest.raises(TypeError, match="is no name; give one name, or a list"):
                await admin.list_group_offsets(wrong)
        for wrong in ("orders", TopicPartition("orders", 0), ["orders"]):
            with pytest.raises(TypeError, match="partitions are told as a list"):
                await admin.list_group_offsets({"billing": wrong})
            with pytest.raises(TypeError, match="partitions are told as a list"):
                await admin.delete_group_offsets("billing", wrong)
        for wrong in (None, [TopicPartition("orders", 0)]):
            with pytest.raises(TypeError, match="is no dict of offsets"):
                await admin.alter_group_offsets("billing", wrong)
            with pytest.raises(TypeError, match="is no dict of partitions"):
                await admin.delete_records(wrong)
        with pytest.raises(ValueError, match="-4 is no offset to commit"):
            await admin.alter_group_offsets("billing", {TopicPartition("orders", 0): -4})
