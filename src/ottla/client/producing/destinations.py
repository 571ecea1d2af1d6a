"""The topics that a producer sends to: found out about when they are first named, looked at again when it is time."""

import asyncio
from typing import Any

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.appender import RECORD_OVERHEAD_BYTES, Appender
from ottla.client.producing.delivery import Delivery, Outcome
from ottla.client.producing.parking import ParkedRecord, Parking
from ottla.client.producing.partitioner import KeyHashes
from ottla.client.producing.record_encoding import Headers, RecordEncoding, headers_bytes
from ottla.client.producing.topic_queues import TopicQueues, partition_count
from ottla.client.topic import Topic
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import TYPED_TOPICS_REMEMBERED
from ottla.net.tasks import Tasks

AnyTopic = str | Topic[Any, Any]


class Destination:
    """A topic as a user names it: how its records are encoded, and its queues, once they are known."""

    __slots__ = ("encoding", "is_plain", "name", "queues")

    def __init__(self, encoding: RecordEncoding) -> None:
        self.name = encoding.topic
        self.encoding = encoding
        self.is_plain = encoding.is_plain
        self.queues: TopicQueues | None = None


class Destinations(dict[AnyTopic, Destination]):
    """By name or Topic. Records for one whose metadata is still being fetched are parked."""

    def __init__(self, cluster: Cluster, accumulator: Accumulator, appender: Appender) -> None:
        super().__init__()
        self._cluster = cluster
        self._accumulator = accumulator
        self._appender = appender
        self.parking = Parking(accumulator.memory)
        self._hashes = KeyHashes()
        self._queues: dict[str, TopicQueues] = {}
        self._finding: dict[str, asyncio.Task[KafkaError | None]] = {}
        self._tasks = Tasks("producer")

    def __missing__(self, topic: AnyTopic) -> Destination:
        if len(self) >= TYPED_TOPICS_REMEMBERED:
            self.clear()
        destination = self[topic] = Destination(RecordEncoding(topic, self._accumulator.settings))
        destination.queues = self._queues.get(destination.name)
        return destination

    async def found(self, destination: Destination) -> TopicQueues:
        """The queues of a topic. Raises KafkaError when there is no such topic, or it cannot be found out."""
        while (queues := self._queues.get(destination.name)) is None:
            if self._accumulator.closed is not None:
                raise self._accumulator.closed
            finding = self._find(destination.name)
            await asyncio.wait([finding])
            if not finding.cancelled() and (error := finding.result()) is not None:
                raise error.with_traceback(None)
        destination.queues = queues
        return queues

    def park(
        self,
        destination: Destination,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None,
        timestamp_ms: int,
    ) -> Delivery:
        """Raises BufferFull."""
        name = destination.name
        size_bytes = RECORD_OVERHEAD_BYTES + len(key or b"") + len(value or b"") + headers_bytes(headers)
        record = ParkedRecord(key, value, headers, partition, timestamp_ms, size_bytes, Outcome(name, -1))
        delivery = self.parking.park(name, record)
        self._find(name)
        return delivery

    async def placed(self) -> None:
        """Until nothing that was given before is parked any more: its topic is found, or is not there."""
        if self._finding:
            await asyncio.wait(list(self._finding.values()))

    def drop_parked(self, error: KafkaError) -> None:
        """What is parked now fails."""
        self.parking.drop(error)

    def names(self) -> list[str]:
        """Of the topics that are in use."""
        return list(self._queues)

    async def close(self, error: KafkaError) -> None:
        """What is parked fails."""
        try:
            await self._tasks.close()
        finally:
            self.parking.close(error)

    def _find(self, name: str) -> "asyncio.Task[KafkaError | None]":
        finding = self._finding.get(name)
        if finding is None:
            finding = self._finding[name] = self._tasks.start(self._find_queues(name), f"topic {name}")
            finding.add_done_callback(lambda _: self._finding.pop(name))
        return finding

    async def _find_queues(self, name: str) -> KafkaError | None:
        """The error, if that is what comes of it; what is parked then fails with it."""
        cluster = self._cluster
        self.parking.expect(name)
        try:
            await self._found_out(name)
            assert partition_count(cluster.metadata, name) > 0
            queues = TopicQueues(name, cluster, self._accumulator, self._hashes)
            self.parking.release(name, lambda record: self._place(queues, record))
        except KafkaError as error:
            self.parking.fail(name, error)
            return error
        except Exception as error:
            text = f"topic {name} could not be found out about: {error!r}"
            self.parking.fail(name, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, text))
            raise
        self._queues[name] = queues
        for destination in self.values():
            if destination.name == name:
                destination.queues = queues
        return None

    async def _found_out(self, name: str) -> None:
        """Ask about a topic, again while no broker answers, for `max.block.ms`."""
        cluster, settings = self._cluster, self._accumulator.settings
        give_up_at = cluster.clock.monotonic() + settings.max_block_ms / 1000
        attempts = 0
        while True:
            try:
                await cluster.topic(name, create_timeout_ms=settings.unknown_topic_timeout_ms)
            except KafkaError as error:
                attempts += 1
                delay = backoff_seconds(settings, attempts)
                nobody_answers = error.code in (ErrorCode.BROKER_NOT_AVAILABLE, ErrorCode.NETWORK_EXCEPTION)
                if not nobody_answers or cluster.clock.monotonic() + delay > give_up_at:
                    raise
                await asyncio.sleep(delay)
            else:
                return

    def _place(self, queues: TopicQueues, record: ParkedRecord) -> Delivery:
        return self._appender.append(
            queues, record.key, record.value, record.headers, record.partition, record.timestamp_ms
        )
