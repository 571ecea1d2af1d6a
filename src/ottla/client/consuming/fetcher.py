"""Keeps one fetch running at each broker that has something to read, as long as what it brings is taken.

A broker is fetched from while less than one partition's largest fetch (`max_partition_fetch_bytes`) of what it sent
waits to be taken. So memory is bounded by that and one response (`fetch_max_bytes`) for each broker, the next
response is on its way while the last one is worked on, and no fetch is parked for quiet partitions while a busy one
has to wait for it.
"""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass

from ottla.client.brokers.address import Address
from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.brokers.refresher import Refresher
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.chunks import chunks
from ottla.client.consuming.fetch_queue import FetchQueue
from ottla.client.consuming.fetch_session import SESSION_ERRORS, FetchSession, Wish
from ottla.client.consuming.leaders import leader_of
from ottla.client.consuming.positions import Place, Positions
from ottla.client.membership.lane import Lane
from ottla.core.errors import ErrorCode, KafkaError, RejoinError
from ottla.net.tasks import Tasks
from ottla.records.batch import batches
from ottla.wire.messages.fetch import FetchRequest, FetchResponse, PartitionData

_log = logging.getLogger("ottla.client")

LAST_VERSION_WITH_NAMES = 12
"""From the next one on topics are told by id."""

READ_COMMITTED = 1


@dataclass(slots=True)
class _Broker:
    """What is under way with one broker."""

    session: FetchSession
    busy: bool = False


class Fetcher:
    """Fetches what `positions` says into its `queue`."""

    def __init__(
        self, cluster: Cluster, settings: ConsumerSettings, positions: Positions, refresher: Refresher
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._positions = positions
        self._lane = Lane(cluster)
        self.queue = FetchQueue(positions)
        self._brokers: defaultdict[int, _Broker] = defaultdict(lambda: _Broker(FetchSession()))
        self._woken = asyncio.Event()
        self._requests = Tasks("consumer")
        self._refresher = refresher
        self._read_committed = settings.isolation_level == "read_committed"
        self.queue.freed = self.wake
        self.fetched_at: float | None = None
        """When a broker last answered a fetch, by the monotonic clock."""

    def wake(self) -> None:
        """Positions or metadata have changed."""
        self._woken.set()

    def fail(self, place: Place | None, error: KafkaError) -> None:
        """Tell the application, once everything that came before is taken."""
        if place is not None:
            place.problem = error
        self.queue.add_failure(place, error)

    def try_again(self, place: Place, error: KafkaError) -> None:
        """After a while and with fresh metadata, unless it has been in vain for too long."""
        if not self._positions.is_current(place):
            return
        if not place.failures:
            _log.info("%s; trying again", error)
        delay_s = backoff_seconds(self._settings, place.failures + 1)
        failing_s = place.failed(self._cluster.clock.monotonic(), delay_s)
        self._refresher.need(place.partition.topic)
        # A group that has moved on takes the partition away, or lets this member in again: it will be told so.
        is_behind = isinstance(error, RejoinError)
        may_pass = error.retriable or is_behind or error.code is ErrorCode.BROKER_NOT_AVAILABLE
        if not may_pass or failing_s * 1000 > self._settings.default_api_timeout_ms:
            place.failures = 0
            place.not_before += self._settings.retry_backoff_max_ms / 1000
            self.fail(place, error)

    # The task

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._woken.clear()
                self._start_fetches()
                await self._wait()
        except Exception as error:
            self.fail(None, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"the fetcher ended: {error!r}"))
            raise
        finally:
            await self._requests.close()
            await self._lane.close()

    def _start_fetches(self) -> None:
        for node, places in self._due().items():
            broker = self._brokers[node]
            broker.busy = True
            self._requests.start(self._fetch(node, broker, places), f"fetch from broker {node}")

    def _due(self) -> dict[int, dict[TopicPartition, Place]]:
        now = self._cluster.clock.monotonic()
        due: defaultdict[int, dict[TopicPartition, Place]] = defaultdict(dict)
        for place in self._positions:
            if place.paused or not place.is_located or place.not_before > now or self.is_unchecked(place):
                continue
            if place.partition.topic not in self._cluster.metadata.topics:
                self._refresher.need(place.partition.topic)
                continue
            node = self._node(place, now)
            if node is None:
                self._note_leaderless(place)
                continue
            broker = self._brokers[node]
            too_much = self.queue.waiting_bytes(node) >= self._settings.max_partition_fetch_bytes
            if not broker.busy and not too_much:
                due[node][place.partition] = place
        return due

    def _note_leaderless(self, place: Place) -> None:
        try:
            leader_of(self._cluster, place.partition)
        except KafkaError as error:
            self.try_again(place, error)

    def is_unchecked(self, place: Place) -> bool:
        """Whether the leader has changed since the place was last compared with its log (KIP-320)."""
        return place.fetch_epoch >= 0 and place.checked_epoch < self.leader_epoch(place.partition)

    def leader_epoch(self, partition: TopicPartition) -> int:
        topic = self._cluster.metadata.topics.get(partition.topic)
        known = topic.partitions.get(partition.partition) if topic else None
        return known.leader_epoch if known else -1

    def _node(self, place: Place, now: float) -> int | None:
        replica = place.read_replica
        if (
            replica is not None
            and now < place.read_replica_until
            and replica in self._cluster.metadata.brokers
        ):
            return replica
        place.read_replica = None
        return self._cluster.metadata.leader(place.partition)

    async def _wait(self) -> None:
        now = self._cluster.clock.monotonic()
        times = [place.not_before for place in self._positions if place.not_before > now]
        try:
            async with asyncio.timeout(min(times) - now if times else None):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _fetch(self, node: int, broker: _Broker, places: dict[TopicPartition, Place]) -> None:
        try:
            response = await self._ask(node, broker.session, places)
            names = broker.session.names()
            broker.session.answered(response)
            self._raise_if_refused(node, response)
            self.fetched_at = self._cluster.clock.monotonic()
            endpoints = {end.node_id: Address(end.host, end.port) for end in response.node_endpoints}
            for topic in response.responses:
                name = topic.topic or names.get(topic.topic_id, "")
                for data in topic.partitions:
                    place = places.get(TopicPartition(name, data.partition_index))
                    if place is not None and self._positions.is_current(place):
                        self._learn_leader(place, data, endpoints)
                        self._receive(place, node, data)
        except KafkaError as error:
            broker.session.broken()
            for place in places.values():
                place.read_replica = None
                self.try_again(place, error)
        except Exception as error:
            problem = f"fetch from broker {node}: {error!r}"
            self.fail(None, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem))
            raise
        finally:
            broker.busy = False
            self.wake()

    async def _ask(
        self, node: int, session: FetchSession, places: dict[TopicPartition, Place]
    ) -> FetchResponse:
        settings = self._settings
        part = session.request({partition: self._wish(place) for partition, place in places.items()})
        request = FetchRequest(
            max_wait_ms=settings.fetch_max_wait_ms,
            min_bytes=settings.fetch_min_bytes,
            max_bytes=settings.fetch_max_bytes,
            isolation_level=READ_COMMITTED if self._read_committed else 0,
            session_id=part.session_id,
            session_epoch=part.epoch,
            topics=part.topics,
            forgotten_topics_data=part.forgotten,
            rack_id=settings.client_rack,
        )
        return await self._lane.ask(
            node,
            request,
            FetchResponse,
            max_version=None if part.uses_topic_ids else LAST_VERSION_WITH_NAMES,
            timeout_ms=settings.request_timeout_ms + settings.fetch_max_wait_ms,
        )

    def _wish(self, place: Place) -> Wish:
        topic = self._cluster.metadata.topics[place.partition.topic]
        place.asked_epoch = self.leader_epoch(place.partition)
        return Wish(
            topic_id=topic.topic_id,
            fetch_offset=place.fetch_offset,
            current_leader_epoch=place.asked_epoch,
            max_bytes=self._settings.max_partition_fetch_bytes,
        )

    def _raise_if_refused(self, node: int, response: FetchResponse) -> None:
        code = ErrorCode(response.error_code)
        if code is not ErrorCode.NONE and code not in SESSION_ERRORS:
            raise KafkaError(code, f"fetch from broker {node}: {code.name}")

    # What arrives

    def _receive(self, place: Place, node: int, data: PartitionData) -> None:
        code = ErrorCode(data.error_code)
        if code is ErrorCode.OFFSET_OUT_OF_RANGE and place.read_replica is not None:
            place.read_replica = None  # a follower may lag behind: the leader decides
        elif code is ErrorCode.OFFSET_OUT_OF_RANGE:
            place.wants_reset = True
            self.queue.arrived()
        elif code is not ErrorCode.NONE:
            place.read_replica = None
            self.try_again(place, KafkaError(code, f"{place.partition}: {code.name}: {code.message}"))
        else:
            place.failures, place.problem, place.checked_epoch = 0, None, place.asked_epoch
            place.high_watermark, place.last_stable_offset = data.high_watermark, data.last_stable_offset
            place.log_start_offset = max(place.log_start_offset, data.log_start_offset)
            if data.preferred_read_replica >= 0:
                self._prefer(place, data.preferred_read_replica)
            self._accept(place, node, data)

    def _learn_leader(self, place: Place, data: PartitionData, endpoints: dict[int, Address]) -> None:
        """Of one that has moved, without asking for metadata (KIP-951)."""
        told = data.current_leader
        if data.error_code and told.leader_id >= 0:
            metadata = self._cluster.metadata
            moved = metadata.with_leader(place.partition, told.leader_id, told.leader_epoch, endpoints)
            if moved is not metadata:
                self._cluster.metadata = moved
                place.not_before = 0.0

    def _prefer(self, place: Place, replica: int) -> None:
        place.read_replica = replica
        max_age_s = self._settings.metadata_max_age_ms / 1000
        place.read_replica_until = self._cluster.clock.monotonic() + max_age_s

    def _accept(self, place: Place, node: int, data: PartitionData) -> None:
        try:
            arrived = list(batches(data.records or b""))
            aborted = data.aborted_transactions if self._read_committed else None
            found = list(chunks(place, arrived, aborted, node))
        except ValueError as error:
            text = f"{place.partition} at {place.fetch_offset}: {error}"
            self.try_again(place, KafkaError(ErrorCode.CORRUPT_MESSAGE, text))
            return
        if not found:
            return
        place.fetch_offset, place.fetch_epoch = found[-1].next_offset, arrived[-1].partition_leader_epoch
        for chunk in found:
            self.queue.add(chunk)
