"""Consumers of topics that do not exist, or not yet."""

import asyncio
import logging
from typing import Any

import pytest
from tests.support.process import BrokerProcess
from tests.support.waiting import until

from ottla.client import Admin, Consumer, Producer, TopicPartition
from ottla.core.errors import StaleMetadataError

pytestmark = pytest.mark.timeout(60)


def reader(servers: str, topic: str, protocol: str | None = None, **more: Any) -> Consumer[bytes, bytes]:
    options: dict[str, Any] = {
        "allow_auto_create_topics": False,
        "auto_offset_reset": "earliest",
        "retry_backoff_max_ms": 100,
        **more,
    }
    if protocol is not None:
        options |= {"group_id": topic, "group_protocol": protocol}
    return Consumer(topic, bootstrap_servers=servers, **options)


@pytest.mark.parametrize("protocol", ["classic", "consumer", None])
async def test_a_topic_that_is_made_later_is_read_and_its_absence_is_said_once(
    broker: BrokerProcess, topic: str, protocol: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ottla.client")
    absence = f"topic {topic} does not exist; `ottla topics create {topic}` makes it; it is read from when"
    async with reader(broker.bootstrap, topic, protocol) as consumer, Admin(broker.bootstrap) as admin:
        reading = asyncio.ensure_future(consumer.getone())
        await until(lambda: absence in caplog.text)
        await asyncio.sleep(0.3)  # two more looks
        assert caplog.text.count(absence) == 1
        await admin.create_topic(topic)
        async with Producer(broker.bootstrap) as producer:
            await producer.send(topic, b"tea")
        async with asyncio.timeout(20):
            assert (await reading).value == b"tea"


async def test_the_leader_of_a_classic_group_finds_what_only_another_member_wants(
    broker: BrokerProcess, topic: str
) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(f"{topic}-a")
        async with (
            reader(broker.bootstrap, topic, "classic") as waiting,
            reader(broker.bootstrap, topic, "classic") as second,
        ):
            await asyncio.sleep(0)
            second.subscribe([f"{topic}-a"])
            await until(second.assignment)
            await admin.create_topic(topic)
            async with Producer(broker.bootstrap) as producer:
                await producer.send(topic, b"tea")
            reading = asyncio.ensure_future(second.getone())
            async with asyncio.timeout(20):
                assert (await waiting.getone()).value == b"tea"
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_a_partition_that_is_not_there_does_not_hold_up_the_others(
    broker: BrokerProcess, topic: str
) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"tea")
    async with reader(broker.bootstrap, topic, default_api_timeout_ms=400) as consumer:
        await consumer.unsubscribe()
        there, beyond, nowhere = (
            *(TopicPartition(topic, 0), TopicPartition(topic, 9)),
            TopicPartition(f"{topic}-nowhere", 0),
        )
        consumer.assign([nowhere, beyond, there])
        async with asyncio.timeout(20):
            found = []
            problems = set()
            while not found or len(problems) < 2:
                try:
                    found.append((await consumer.getone()).value)
                except StaleMetadataError as error:
                    problems.add(error.message)
        assert found == [b"tea"]
        assert problems == {
            f"topic {topic} has no partition 9",
            f"topic {nowhere.topic} does not exist; `ottla topics create {nowhere.topic}` makes it",
        }
