"""The coordinators of this broker over one internal topic: one `Shard` for each of its partitions, loaded when the
broker starts, and the topic itself, made when somebody first looks for a coordinator.
"""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.shard import Shard
from ottla.broker.topic_creation import make_topics
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.java_hash import coordinator_partition
from ottla.core.limits import COORDINATOR_LOAD_WAIT_SECONDS
from ottla.net.tasks import Tasks
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig

ShardT = TypeVar("ShardT", bound=Shard[Any, Any])

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InternalTopic:
    """How an internal topic is made. `configs` are those besides what all such topics have."""

    partitions: int
    replication_factor: int
    """As many as there are brokers, where they are fewer."""
    configs: Mapping[str, str]


class Coordinators(ABC, Generic[ShardT]):
    """Everything of one kind that this broker coordinates."""

    topic: str
    """The internal topic that holds the state."""

    def __init__(
        self, cluster: Cluster, config: BrokerConfig, partitions: Partitions, clock: Clock, tasks: Tasks
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._partitions = partitions
        self._clock = clock
        self._tasks = tasks
        self._durable = config.text("log.flush.acks") == "all"
        self._closed = False
        self._shards: dict[int, asyncio.Task[ShardT]] = {}

    # What the kinds differ in.

    @abstractmethod
    def _shard(self, partition: Partition) -> ShardT:
        """The coordinator of this partition, before it is read back."""

    def _loaded(self, shard: ShardT) -> None:
        """The shard is read back."""

    @abstractmethod
    def _wanted_topic(self) -> InternalTopic:
        """What the internal topic is made with."""

    # Finding.

    def partition_of(self, key: str) -> int:
        """The partition that this id belongs to. Raises KafkaError: COORDINATOR_NOT_AVAILABLE."""
        topic = self._cluster.image.topics.get(self.topic)
        if topic is None:
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{self.topic} does not exist yet")
        return coordinator_partition(key, len(topic.partitions))

    async def shard_of(self, key: str) -> ShardT:
        """The coordinator of this id, loaded.

        Raises KafkaError: COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR.
        """
        return await self.shard(self.partition_of(key))

    async def all_shards(self) -> list[ShardT]:
        """Every coordinator, loaded."""
        return [await self.shard(index) for index in range(self._partition_count())]

    async def load_all(self) -> None:
        """What a starting broker does: from now on deadlines are kept, and what was begun is finished."""
        for index in range(self._partition_count()):
            with contextlib.suppress(KafkaError):  # the log tells; the others are loaded all the same
                await self._finished(self._loading(index), None)

    def _partition_count(self) -> int:
        topic = self._cluster.image.topics.get(self.topic)
        return len(topic.partitions) if topic else 0

    # The topic.

    async def make_topic(self) -> None:
        """Make the internal topic if it is missing. Raises KafkaError."""
        if self.topic in self._cluster.image.topics:
            return
        brokers = sum(not broker.fenced for broker in self._cluster.image.brokers.values())
        topic = self._wanted_topic()
        configs = {"cleanup.policy": "compact", "compression.type": "producer", **topic.configs}
        wanted = CreatableTopic(
            name=self.topic,
            num_partitions=topic.partitions,
            replication_factor=min(topic.replication_factor, brokers),
            configs=[CreatableTopicConfig(name=name, value=value) for name, value in configs.items()],
        )
        (creation,) = await make_topics(self._cluster, self._config, [wanted])
        if creation.verdict.code not in (ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS):
            raise KafkaError(creation.verdict.code, creation.verdict.message or "")

    # Loading.

    async def shard(self, index: int) -> ShardT:
        """The coordinator of this partition. Whoever comes while it is read back waits for it, but not for long."""
        return await self._finished(self._loading(index), COORDINATOR_LOAD_WAIT_SECONDS)

    def _loading(self, index: int) -> "asyncio.Task[ShardT]":
        if self._closed:
            raise KafkaError(ErrorCode.NOT_COORDINATOR, "the coordinator stops")
        loading = self._shards.get(index)
        if loading is None or (loading.done() and (loading.cancelled() or loading.exception())):
            loading = self._tasks.start(self._load(index), f"load {self.topic}-{index}")
            self._shards[index] = loading
        return loading

    async def _finished(self, loading: "asyncio.Task[ShardT]", seconds: float | None) -> ShardT:
        if not loading.done():
            await asyncio.wait([loading], timeout=seconds)
        if not loading.done():
            raise KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, "the coordinator is being loaded")
        if loading.cancelled():
            raise KafkaError(ErrorCode.NOT_COORDINATOR, "the coordinator stops")
        return loading.result()

    async def _load(self, index: int) -> ShardT:
        name = f"{self.topic}-{index}"
        partition = self._partitions.find(self.topic, index)
        if not isinstance(partition, Partition):
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{name}: {partition.name}")
        shard = self._shard(partition)
        try:
            await shard.load()
        except (OSError, KafkaError) as error:
            _log.error("%s cannot be read back: %s", name, error)
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, f"{name}: {error}") from error
        self._loaded(shard)
        return shard

    def _done(self) -> list[ShardT]:
        """Those that are loaded by now."""
        done = (each for each in self._shards.values() if each.done() and not each.cancelled())
        return [each.result() for each in done if each.exception() is None]

    # The end.

    def apply(self, delta: Delta) -> None:
        """Follow the cluster: with the internal topic goes what it held."""
        if any(topic.name == self.topic for topic in delta.deleted):
            self._forget()

    def close(self) -> None:
        """The broker stops: whoever waits is sent away, and so is whoever still comes."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        """Nobody waits any longer; what was known is in the log."""
        for shard in self._done():
            shard.close()
        for loading in self._shards.values():
            loading.cancel()
        self._shards.clear()
