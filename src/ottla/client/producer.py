"""Sends records. Not idempotent yet: after a lost answer one may be saved twice, but never out of order."""

import asyncio
from types import TracebackType
from typing import Self

from ottla.client.accumulator import Accumulator, Headers, OutgoingRecord, RecordMetadata
from ottla.client.cluster import Cluster
from ottla.client.metadata import TopicPartition
from ottla.client.partitioner import StickyPartitioner, partition_for_key
from ottla.client.sender import Sender
from ottla.client.settings import ProducerSettings
from ottla.core.clock import Clock, SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks

_RECORD_OVERHEAD_BYTES = 80  # the header of a batch and the fields of its record, at most, without headers


class Producer:
    """`async with Producer("127.0.0.1:9092") as producer: await producer.send("topic", b"value")`."""

    def __init__(
        self, bootstrap_servers: str, settings: ProducerSettings | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings or ProducerSettings()
        self._clock = clock or SystemClock()
        self._cluster = Cluster(bootstrap_servers, self.settings, self._clock)
        self._accumulator = Accumulator(self.settings)
        self._sender = Sender(self._cluster, self._accumulator, self.settings, self._clock)
        self._sticky = StickyPartitioner(self.settings.batch_size)
        self._tasks = Tasks("producer")

    async def __aenter__(self) -> Self:
        """Find a broker. Raises KafkaError when none answers."""
        await self._cluster.connect()
        self._tasks.start(self._sender.run(), "sender")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deliver what was enqueued; after an exception, give it up. Nothing can be sent from then on."""
        try:
            if kind is None:
                await self.flush()
        finally:
            try:
                await self._tasks.close()
            finally:
                self._accumulator.close(KafkaError(ErrorCode.NETWORK_EXCEPTION, "the producer was closed"))
                await self._cluster.close()

    async def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> RecordMetadata:
        """Where the record was saved, once it is. Raises KafkaError when it could not be."""
        return await (
            await self.enqueue(
                topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
            )
        )

    async def enqueue(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> "asyncio.Future[RecordMetadata]":
        """The future of the record's delivery; waits only while the topic is unknown or the buffer full.

        Raises KafkaError when the producer is closed, or its sender has ended.
        """
        size_bytes = self._checked_size(key, value, headers)
        await self._accumulator.wait_for_room()
        target = await self._partition(topic, key, partition, size_bytes)
        time_ms = self._clock.now_ms() if timestamp_ms is None else timestamp_ms
        record = OutgoingRecord(target, time_ms, key, value, headers)
        delivery = self._accumulator.append(record, self._clock.monotonic())
        self._sender.wake()
        return delivery

    async def flush(self) -> None:
        """Until everything enqueued so far is delivered or has failed, without lingering."""
        await self._sender.flush()

    async def _partition(
        self, topic: str, key: bytes | None, partition: int | None, size_bytes: int
    ) -> TopicPartition:
        timeout_ms = self.settings.unknown_topic_timeout_ms
        count = len((await self._cluster.topic(topic, create_timeout_ms=timeout_ms)).partitions)
        if partition is None and key is None:
            partition = self._sticky.partition(topic, size_bytes, count)
        elif partition is None:
            partition = partition_for_key(key or b"", count)
        elif not 0 <= partition < count:
            known = f"it has {count} partitions, 0 to {count - 1}"
            raise KafkaError(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"topic {topic} has no partition {partition}: {known}"
            )
        return TopicPartition(topic, partition)

    def _checked_size(self, key: bytes | None, value: bytes | None, headers: Headers) -> int:
        size_bytes = len(key or b"") + len(value or b"") + _RECORD_OVERHEAD_BYTES
        size_bytes += sum(len(name) + len(content or b"") + 10 for name, content in headers)
        limit = self.settings.max_request_size
        if size_bytes > limit:
            raise KafkaError(
                ErrorCode.MESSAGE_TOO_LARGE,
                f"a record of {size_bytes} bytes is larger than max_request_size, {limit} bytes",
            )
        return size_bytes
