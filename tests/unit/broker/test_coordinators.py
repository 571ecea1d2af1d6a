"""Coordinators that are read back for long: whoever asks is told so, and nothing else waits for them."""

import asyncio
from typing import Any, cast

import pytest
from tests.support.group_shard import ToldClock

from ottla.broker import coordinators
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.coordinators import Coordinators, InternalTopic
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.shard import Shard
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks

TOPIC = TopicImage("__state", bytes(range(16)), (PartitionImage(1, 0, 0, (1,), (1,)),))


class SlowShard:
    """Loaded when the test says so."""

    def __init__(self) -> None:
        self.may_load = asyncio.Event()
        self.error: Exception | None = None
        self.closed = False

    async def load(self) -> None:
        await self.may_load.wait()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed = True


class OneShard(Coordinators[Shard[Any, Any]]):
    topic = TOPIC.name

    def __init__(self, tasks: Tasks) -> None:
        self.image = ClusterImage()
        self.made: list[SlowShard] = []
        partition = Partition.__new__(Partition)
        finder = type("Finder", (), {"find": lambda *_: partition})()
        cluster = cast("Cluster", self)
        super().__init__(cluster, BrokerConfig({}), cast("Partitions", finder), ToldClock(), tasks)

    def _wanted_topic(self) -> InternalTopic:
        return InternalTopic(1, 1, {})

    def _shard(self, partition: Partition) -> Shard[Any, Any]:
        self.made.append(SlowShard())
        return cast("Shard[Any, Any]", self.made[-1])


@pytest.fixture
async def one(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(coordinators, "COORDINATOR_LOAD_WAIT_SECONDS", 0.01)
    tasks = Tasks("test")
    one = OneShard(tasks)
    one.image = ClusterImage(topics=ClusterImage().topics.changed([(TOPIC.name, TOPIC)], []))
    yield one
    await tasks.close()


async def code_of(one: OneShard) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        await one.shard_of("key")
    return refused.value.code


async def test_who_comes_while_it_is_loaded_is_told_so_and_later_served(one: OneShard) -> None:
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.made[0].may_load.set()
    assert await one.shard_of("key") is cast("object", one.made[0])
    assert len(one.made) == 1


async def test_a_load_that_fails_is_tried_again(one: OneShard) -> None:
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.made[0].error = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "bad disk")
    one.made[0].may_load.set()
    assert await code_of(one) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.made[1].may_load.set()
    assert await one.shard_of("key") is cast("object", one.made[1])


async def test_without_its_topic_there_is_no_coordinator(one: OneShard) -> None:
    one.image = ClusterImage()
    assert await code_of(one) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert await one.all_shards() == []


async def test_with_its_topic_goes_the_coordinator(one: OneShard) -> None:
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.made[0].may_load.set()
    await one.shard_of("key")
    one.apply(Delta(one.image, ClusterImage(), (TOPIC,), (), (), (), ()))
    assert one.made[0].closed


async def test_a_stop_ends_the_load_and_sends_everybody_away(one: OneShard) -> None:
    assert await code_of(one) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.close()
    assert await code_of(one) is ErrorCode.NOT_COORDINATOR
