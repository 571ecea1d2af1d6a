"""Where a consumer is in its partitions, and how it is moved."""

import asyncio
from collections.abc import Collection, Mapping

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.locator import Locator
from ottla.client.consuming.offsets import FoundOffset, found_offsets
from ottla.client.consuming.positions import UNKNOWN, Place, Positions
from ottla.client.consuming.reading import Reading
from ottla.core.errors import ErrorCode, KafkaError


class Seeking:
    """What was fetched of a partition is dropped when it is moved, and what is in hand of it counts as done."""

    def __init__(
        self,
        cluster: Cluster,
        settings: ConsumerSettings,
        positions: Positions,
        fetcher: Fetcher,
        locator: Locator,
        reading: Reading,
    ) -> None:
        self.moved = asyncio.Event()
        """Set whenever positions have been found or partitions have come or gone."""
        self._cluster = cluster
        self._settings = settings
        self._positions = positions
        self._fetcher = fetcher
        self._locator = locator
        self._reading = reading

    async def located(self, partition: TopicPartition) -> Place:
        """The partition's place, once it has an offset. Raises KafkaError when none can be found."""
        limit_ms = self._settings.default_api_timeout_ms
        try:
            async with asyncio.timeout(limit_ms / 1000):
                while True:
                    self._reading.settle()
                    place = self._positions.of(partition)
                    if place.position != UNKNOWN:
                        return place
                    if place.problem is not None:
                        raise place.problem
                    self.moved.clear()
                    await self.moved.wait()
        except TimeoutError:
            text = f"no offset of {partition} was found in default_api_timeout_ms, {limit_ms} ms"
            raise KafkaError(ErrorCode.REQUEST_TIMED_OUT, text) from None

    def to_offset(self, partition: TopicPartition, offset: int) -> None:
        """Raises KafkaError for a partition that is not assigned."""
        self._reading.stop([self._positions.of(partition)])
        self._positions.seek(partition, offset)
        self._go_on()

    async def to_time(self, partitions: Collection[TopicPartition], timestamp: int) -> None:
        """Of these, or of all that are assigned; EARLIEST and LATEST are times as well."""
        chosen = partitions or self._positions.partitions
        for partition in chosen:
            self._reading.stop([self._positions.of(partition)])
            self._positions.reset(partition, timestamp)
        self._go_on()
        for partition in chosen:
            await self.located(partition)

    async def find_offsets(
        self, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset]:
        """By ListOffsets, as a reader of this isolation sees them."""
        for topic in {partition.topic for partition in timestamps}:
            await self._cluster.topic(topic)
        read_committed = self._settings.isolation_level == "read_committed"
        return await found_offsets(self._cluster, timestamps, read_committed=read_committed)

    def _go_on(self) -> None:
        self._fetcher.queue.resumed()
        self._locator.wake()
