"""Keeps one fetch running at each leader of an assigned partition, as long as what it brings is taken."""

import asyncio
import logging
from collections import defaultdict, deque
from dataclasses import dataclass

from ottla.client.backoff import backoff_seconds
from ottla.client.cluster import Cluster
from ottla.client.metadata import TopicPartition
from ottla.client.offsets import EARLIEST, LATEST, list_offsets
from ottla.client.refresher import Refresher
from ottla.client.settings import ConsumerSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks
from ottla.records.batch import Batch, batches
from ottla.wire.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData

_log = logging.getLogger("ottla.client")

MAX_FETCH_VERSION = 12
"""The last one that names topics; from 13 on they are told by id."""


@dataclass(frozen=True, slots=True)
class FetchedBatches:
    """What one fetch brought of one partition."""

    partition: TopicPartition
    batches: list[Batch]
    offset: int
    """The position that was asked for; the first batch may begin before it."""
    next_offset: int
    high_watermark: int
    size_bytes: int


@dataclass(slots=True)
class _Position:
    """Where the next fetch of a partition starts, and how the last ones went."""

    offset: int
    failures: int = 0
    failing_since: float = 0.0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What is to be taken; an error of no partition is everybody's. Batches have the position they are of."""

    what: FetchedBatches | KafkaError
    partition: TopicPartition | None = None
    position: _Position | None = None


class Fetcher:
    """Fetches ahead while less than one partition's largest fetch waits to be taken."""

    def __init__(self, cluster: Cluster, settings: ConsumerSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._positions: dict[TopicPartition, _Position] = {}
        self._busy: set[int] = set()
        self._fetched: deque[_Arrived] = deque()
        self._fetched_bytes = 0
        self._arrived = asyncio.Event()
        self._woken = asyncio.Event()
        self._requests = Tasks("consumer")
        self._refresher = Refresher(cluster, self._woken.set)

    def assign(self, partition: TopicPartition, offset: int) -> None:
        """Fetch it, from `offset` on; what was fetched before and not taken is dropped."""
        self._positions[partition] = _Position(offset)
        self._woken.set()

    def unassign(self, partition: TopicPartition) -> None:
        """Fetch it no longer; what was fetched and not taken is dropped."""
        self._positions.pop(partition, None)

    async def take(self) -> FetchedBatches:
        """The next that arrived. Raises KafkaError when a partition cannot be fetched any more."""
        while True:
            while not self._fetched:
                self._arrived.clear()
                await self._arrived.wait()
            arrived = self._fetched.popleft()
            if isinstance(arrived.what, KafkaError):
                if not self._is_assigned_anew(arrived):
                    raise arrived.what
                continue
            self._fetched_bytes -= arrived.what.size_bytes
            self._woken.set()
            if self._positions.get(arrived.what.partition) is arrived.position:
                return arrived.what

    def _is_assigned_anew(self, failed: _Arrived) -> bool:
        """Whether a partition that had to be given up has got another position since then."""
        return failed.partition is not None and failed.partition in self._positions

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._woken.clear()
                self._start_fetches()
                await self._wait()
        except Exception as error:
            self._give(_Arrived(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"the fetcher ended: {error!r}")))
            raise
        finally:
            await self._requests.close()
            await self._refresher.close()

    def _start_fetches(self) -> None:
        if self._fetched_bytes >= self._settings.max_partition_fetch_bytes:
            return
        for leader, positions in self._due_by_leader().items():
            self._busy.add(leader)
            self._requests.start(self._fetch(leader, positions), f"fetch from broker {leader}")

    def _due_by_leader(self) -> dict[int, dict[TopicPartition, int]]:
        now = self._cluster.clock.monotonic()
        due: defaultdict[int, dict[TopicPartition, int]] = defaultdict(dict)
        for partition, position in list(self._positions.items()):  # a failed one may be dropped
            if position.not_before > now:
                continue
            leader = self._cluster.metadata.leader(partition)
            if leader is None:
                self._failed(
                    partition, KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, f"{partition} has no leader")
                )
            elif leader not in self._busy:
                due[leader][partition] = position.offset
        return due

    async def _wait(self) -> None:
        now = self._cluster.clock.monotonic()
        waits = [
            position.not_before - now for position in self._positions.values() if position.not_before > now
        ]
        try:
            async with asyncio.timeout(min(waits, default=None)):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _fetch(self, leader: int, positions: dict[TopicPartition, int]) -> None:
        try:
            response = await self._cluster.ask(
                leader, self._request(positions), FetchResponse, MAX_FETCH_VERSION
            )
            if response.error_code:
                code = ErrorCode(response.error_code)
                raise KafkaError(code, f"fetch from broker {leader}: {code.name}")
            for topic in response.responses:
                for data in topic.partitions:
                    partition = TopicPartition(topic.topic, data.partition_index)
                    await self._receive(partition, positions.get(partition, -1), data)
        except KafkaError as error:
            for partition in positions:
                self._failed(partition, error)
        except Exception as error:
            problem = f"fetch from broker {leader}: {error!r}"
            self._give(_Arrived(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem)))
            raise
        finally:
            self._busy.discard(leader)
            self._woken.set()

    def _request(self, positions: dict[TopicPartition, int]) -> FetchRequest:
        settings = self._settings
        topics: defaultdict[str, list[FetchPartition]] = defaultdict(list)
        for (topic, partition), offset in positions.items():
            limit = settings.max_partition_fetch_bytes
            wanted = FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=limit)
            topics[topic].append(wanted)
        return FetchRequest(
            max_wait_ms=settings.fetch_max_wait_ms,
            min_bytes=settings.fetch_min_bytes,
            max_bytes=settings.fetch_max_bytes,
            topics=[FetchTopic(topic=name, partitions=partitions) for name, partitions in topics.items()],
        )

    async def _receive(self, partition: TopicPartition, offset: int, data: PartitionData) -> None:
        position = self._positions.get(partition)
        if position is None or position.offset != offset:
            return  # given up or moved while the fetch was on its way
        code = ErrorCode(data.error_code)
        if code == ErrorCode.OFFSET_OUT_OF_RANGE:
            await self._reset(partition, position)
        elif code != ErrorCode.NONE:
            self._failed(partition, KafkaError(code, f"{partition}: {code.name}"))
        else:
            position.failures = 0
            self._accept(partition, position, data)

    def _accept(self, partition: TopicPartition, position: _Position, data: PartitionData) -> None:
        try:
            arrived = list(batches(data.records or b""))
        except ValueError as error:
            self._end(
                partition, KafkaError(ErrorCode.CORRUPT_MESSAGE, f"{partition} at {position.offset}: {error}")
            )
            return
        if not arrived:
            return
        offset, position.offset = position.offset, arrived[-1].next_offset
        size_bytes = sum(batch.size_in_bytes for batch in arrived)
        self._fetched_bytes += size_bytes
        fetched = FetchedBatches(partition, arrived, offset, position.offset, data.high_watermark, size_bytes)
        self._give(_Arrived(fetched, partition, position))

    async def _reset(self, partition: TopicPartition, lost: _Position) -> None:
        """To where the settings say; a position that is assigned in the meantime wins."""
        policy, place = self._settings.auto_offset_reset, f"{partition} has no offset {lost.offset}"
        if policy == "none":
            message = f"{place}, and auto_offset_reset is none"
            self._end(partition, KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, message))
            return
        timestamp = EARLIEST if policy == "earliest" else LATEST
        try:
            offset = (await list_offsets(self._cluster, {partition: timestamp}))[partition]
        except KafkaError as error:
            if self._positions.get(partition) is lost:
                self._failed(partition, error)
            return
        if self._positions.get(partition) is lost:
            _log.warning("%s any more; going on at %d", place, offset)
            self.assign(partition, offset)

    def _failed(self, partition: TopicPartition, error: KafkaError) -> None:
        """Try again after a while, unless it has been in vain for too long."""
        position = self._positions.get(partition)
        if position is None:
            return
        now = self._cluster.clock.monotonic()
        if not position.failures:
            position.failing_since = now
            _log.info("%s; trying again", error)
        position.failures += 1
        position.not_before = now + backoff_seconds(self._settings, position.failures)
        failing_ms = (now - position.failing_since) * 1000
        if not error.retriable or failing_ms > self._settings.default_api_timeout_ms:
            self._end(partition, error)
        else:
            self._refresher.need(partition.topic)

    def _end(self, partition: TopicPartition, error: KafkaError) -> None:
        self.unassign(partition)
        self._give(_Arrived(error, partition))

    def _give(self, arrived: _Arrived) -> None:
        self._fetched.append(arrived)
        self._arrived.set()
