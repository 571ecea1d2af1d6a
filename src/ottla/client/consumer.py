"""Reads partitions that are assigned by hand, without a group. Shows what is committed or not alike."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ottla.client.cluster import Cluster
from ottla.client.fetcher import FetchedBatches, Fetcher
from ottla.client.metadata import TopicPartition
from ottla.client.offsets import EARLIEST, LATEST, list_offsets
from ottla.client.settings import ConsumerSettings
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks
from ottla.records.batch import Batch
from ottla.records.reader import read_records
from ottla.records.record import RawRecord


@dataclass(frozen=True, slots=True)
class FetchedRecords:
    """Records of one partition, in order."""

    partition: TopicPartition
    records: list[RawRecord]
    next_offset: int
    """The position behind them; offsets that hold nothing for a reader are passed over."""
    high_watermark: int


class Consumer:
    """`async with Consumer("127.0.0.1:9092") as consumer: await consumer.assign({TopicPartition("t", 0): 0})`."""

    def __init__(
        self, bootstrap_servers: str, settings: ConsumerSettings | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings or ConsumerSettings()
        self._cluster = Cluster(bootstrap_servers, self.settings, clock)
        self._fetcher = Fetcher(self._cluster, self.settings)
        self._tasks = Tasks("consumer")

    async def __aenter__(self) -> Self:
        """Find a broker. Raises KafkaError when none answers."""
        await self._cluster.connect()
        self._tasks.start(self._fetcher.run(), "fetcher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        await self._cluster.close()

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic. Raises KafkaError when there is no such topic."""
        known = await self._cluster.topic(topic)
        return [TopicPartition(topic, partition) for partition in sorted(known.partitions)]

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that each still has."""
        return await self.offsets_for_times(dict.fromkeys(partitions, EARLIEST))

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that each one's next record will have, as far as readers may see."""
        return await self.offsets_for_times(dict.fromkeys(partitions, LATEST))

    async def offsets_for_times(self, times_ms: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The first offset at or after each one's moment; -1 where there is none."""
        await self._know({partition.topic for partition in times_ms})
        return await list_offsets(self._cluster, times_ms)

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these too, each from its offset on."""
        await self._know({partition.topic for partition in positions})
        for partition, offset in positions.items():
            self._fetcher.assign(partition, offset)

    def unassign(self, partition: TopicPartition) -> None:
        """Read it no longer."""
        self._fetcher.unassign(partition)

    async def poll(self) -> FetchedRecords:
        """The next records of any assigned partition, one or more. Raises KafkaError.

        It waits for ever when there are none; `asyncio.timeout` ends the wait, and loses nothing.
        """
        while not (fetched := await self.next_fetch()).records:
            pass  # only control records: the ends of transactions
        return fetched

    async def next_fetch(self) -> FetchedRecords:
        """As `poll`, but also when there is only a next offset, and no record before it that readers may see."""
        fetched = await self._fetcher.take()
        records = list(self._records(fetched))
        return FetchedRecords(fetched.partition, records, fetched.next_offset, fetched.high_watermark)

    async def __aiter__(self) -> AsyncIterator[tuple[TopicPartition, RawRecord]]:
        """Every record with its partition, for ever."""
        while True:
            fetched = await self.poll()
            for record in fetched.records:
                yield fetched.partition, record

    async def _know(self, topics: Collection[str]) -> None:
        for topic in topics:
            await self._cluster.topic(topic)

    def _records(self, fetched: FetchedBatches) -> Iterator[RawRecord]:
        for batch in fetched.batches:
            if batch.is_control:
                continue
            try:
                self._check(batch)
                yield from (record for record in read_records(batch) if record.offset >= fetched.offset)
            except ValueError as error:
                message = f"{fetched.partition}: batch at offset {batch.base_offset}: {error}"
                raise KafkaError(ErrorCode.CORRUPT_MESSAGE, message) from error

    def _check(self, batch: Batch) -> None:
        if self.settings.check_crcs and not batch.crc_is_valid():
            raise ValueError("its checksum is wrong")
