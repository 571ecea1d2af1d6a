"""Consuming from brokers that go away."""

import asyncio
from typing import Any

import pytest
from tests.conftest import NewBroker

from ottla.client import Consumer, Producer
from ottla.client.consuming import engine as consumer_engine
from ottla.client.consuming.commits import Commits
from ottla.core.errors import ErrorCode, KafkaError


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


async def test_a_group_that_has_moved_on_while_the_place_to_begin_is_asked_for_is_no_failure(
    new_broker: NewBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a rebalance the coordinator does not know the member's generation; the next answer tells."""
    asked = 0
    ask = Commits.committed

    async def not_at_first(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION, "the group is ahead")
        return await ask(*arguments)

    monkeypatch.setattr(Commits, "committed", not_at_first)
    broker = new_broker().start()
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"read")
    async with Consumer(
        topic, bootstrap_servers=broker.bootstrap, group_id=topic, auto_offset_reset="earliest"
    ) as consumer:
        assert (await consumer.getone()).value == b"read"
    assert asked > 1
