"""A cluster of one broker, or two, that answers fetches and questions about offsets from a script."""

import asyncio
from collections.abc import Collection
from typing import Any, Self

from ottla.client.brokers.address import Address
from ottla.client.brokers.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.brokers.refresher import Refresher
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.decoding import Decoding
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.locator import CommittedOffsets, Locator
from ottla.client.consuming.positions import Positions
from ottla.client.consuming.reading import Reading
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.builder import BatchBuilder
from ottla.wire.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from ottla.wire.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
)

PARTITION = TopicPartition("t", 0)
TOPIC_ID = b"t" * 16
Answer = PartitionData | FetchResponse | KafkaError


def batch(base_offset: int, count: int, epoch: int = 0) -> bytes:
    builder = BatchBuilder(partition_leader_epoch=epoch)
    for number in range(count):
        builder.append(0, None, b"%d" % (base_offset + number))
    return builder.build(base_offset)


def some(*parts: bytes, code: ErrorCode = ErrorCode.NONE, **fields: Any) -> PartitionData:
    return PartitionData(error_code=code, records=b"".join(parts), high_watermark=100, **fields)


class ScriptedLeader:
    """Stands for the cluster and for the lane. When the script is over, fetches wait for ever."""

    def __init__(self, *script: Answer, settings: ConsumerSettings | None = None, epoch: int = 0) -> None:
        self.script = list(script)
        self.fetches: list[tuple[int, FetchRequest]] = []
        self.refreshed: list[str] = []
        self.offsets = {-2: 0, -1: 50}
        """What ListOffsets finds, by timestamp."""
        self.epoch_end = (0, 1_000)
        self.elects: tuple[int, int] | None = None
        """At which fetch there is a new leader, and its epoch."""
        self.clock = SystemClock()
        quick = {"retry_backoff_ms": 1, "retry_backoff_max_ms": 2}
        self.settings = settings or ConsumerSettings(**quick)  # type: ignore[arg-type]
        self.lead(epoch)

    def lead(self, epoch: int) -> None:
        """Broker 1 is the leader, of this epoch; broker 2 a follower."""
        leader = PartitionMetadata(1, epoch, (1, 2), (1, 2), ErrorCode.NONE)
        topic = TopicMetadata("t", TOPIC_ID, is_internal=False, error=ErrorCode.NONE, partitions={0: leader})
        self.metadata = Metadata(brokers={1: Address("h", 1), 2: Address("h", 2)}, topics={"t": topic})

    @property
    def asked(self) -> list[int]:
        """The offsets of the fetches that named the partition."""
        return [p.fetch_offset for _, f in self.fetches for t in f.topics for p in t.partitions]

    async def ask(self, broker: int, request: Any, response: type[Any], *_: Any, **__: Any) -> Any:
        if isinstance(request, ListOffsetsRequest):
            [wanted] = request.topics[0].partitions
            found = ListOffsetsPartitionResponse(
                partition_index=0, offset=self.offsets.get(wanted.timestamp, -1), timestamp=wanted.timestamp
            )
            return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="t", partitions=[found])])
        if isinstance(request, OffsetForLeaderEpochRequest):
            end = EpochEndOffset(partition=0, leader_epoch=self.epoch_end[0], end_offset=self.epoch_end[1])
            return OffsetForLeaderEpochResponse(
                topics=[OffsetForLeaderTopicResult(topic="t", partitions=[end])]
            )
        assert isinstance(request, FetchRequest)
        self.fetches.append((broker, request))
        if self.elects is not None and len(self.fetches) == self.elects[0]:
            self.lead(self.elects[1])
        return await self._fetched()

    async def _fetched(self) -> FetchResponse:
        if not self.script:
            await asyncio.Event().wait()
        answer = self.script.pop(0)
        if isinstance(answer, KafkaError):
            raise answer
        if isinstance(answer, FetchResponse):
            return answer
        topic = FetchableTopicResponse(topic_id=TOPIC_ID, partitions=[answer])
        return FetchResponse(session_id=7, responses=[topic])

    async def refresh(self, topics: Collection[str], *, create: bool = False) -> None:
        self.refreshed += topics
        await asyncio.sleep(0)

    async def topic(self, name: str) -> TopicMetadata:
        return self.metadata.topics[name]

    async def retrying(self, attempt: Any, topics: Collection[str] = ()) -> Any:
        return await attempt()

    def more_connections(self) -> "ScriptedLeader":
        """For a lane, which is not used."""
        return self

    async def close(self) -> None:
        """As a lane."""


class Reader:
    """Positions, fetcher, locator and reading over a scripted leader."""

    def __init__(self, leader: ScriptedLeader, committed: CommittedOffsets | None = None) -> None:
        cluster: Any = leader
        self.leader = leader
        self.positions = Positions()
        self.refresher = Refresher(cluster, self._refreshed)
        self.fetcher = Fetcher(cluster, leader.settings, self.positions, self.refresher)
        self.fetcher._lane = cluster
        self.locator = Locator(cluster, leader.settings, self.positions, self.fetcher, committed)
        self.reading = Reading(self.positions, self.fetcher, Decoding(leader.settings), leader.clock)
        self.fetcher.queue.arrived = self._arrived
        self._running: list[asyncio.Future[None]] = []

    def _arrived(self) -> None:
        self.reading.source.arrived()
        self.locator.wake()

    def _refreshed(self) -> None:
        self.fetcher.wake()
        self.locator.wake()

    def assign(self, offset: int | None = None, epoch: int = -1) -> None:
        self.positions.add([PARTITION])
        if offset is not None:
            self.positions.seek(PARTITION, offset, epoch)

    async def __aenter__(self) -> Self:
        self._running = [asyncio.ensure_future(self.fetcher.run()), asyncio.ensure_future(self.locator.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.refresher.close()

    async def offsets(self, count: int) -> list[int]:
        """Of the next records."""
        async with asyncio.timeout(20):
            return [(await self.reading.one()).offset for _ in range(count)]
