"""Consuming from brokers that go away."""

import asyncio

import pytest
from tests.conftest import NewBroker

from ottla.client import Consumer, Producer
from ottla.client.consuming import engine as consumer_engine


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
async def test_closing_does_not_wait_for_a_broker_that_is_gone(
    new_broker: NewBroker, topic: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_engine, "LEAVE_GROUP_SECONDS", 0.5)
    broker = new_broker().start()
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"in hand")
    consumer = Consumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=topic,
        group_protocol=protocol,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    assert (await consumer.getone()).value == b"in hand"
    await asyncio.to_thread(broker.kill)
    async with asyncio.timeout(30):  # half of what a commit goes on for
        await consumer.close()
    assert len(asyncio.all_tasks()) == 1
