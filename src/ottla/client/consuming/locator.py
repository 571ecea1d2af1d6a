"""Finds where to read from: where the group has got to, what auto_offset_reset says, and whether that is still true.

Three questions, each asked for many partitions at once: which offset the group has committed; which offset a moment
has (ListOffsets); and, after a change of leader, where the log under the old leader ended (OffsetForLeaderEpoch,
KIP-320): before the position means that records which were read have been replaced.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.epoch_offsets import epoch_end_offsets
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.leaders import leader_of
from ottla.client.consuming.offsets import LATEST, FoundOffset, offsets_now
from ottla.client.consuming.positions import Place, Positions
from ottla.client.consuming.start_policy import reset_timestamp
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError

_log = logging.getLogger("ottla.client")
_LOOK_AGAIN_SECONDS = 0.05

CommittedOffsets = Callable[
    [Collection[TopicPartition]], Awaitable[Mapping[TopicPartition, OffsetAndMetadata | None]]
]


class Locator:
    """Works while there are places without an offset, or ones to be checked."""

    def __init__(
        self,
        cluster: Cluster,
        settings: ConsumerSettings,
        positions: Positions,
        fetcher: Fetcher,
        committed: CommittedOffsets | None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._positions = positions
        self._fetcher = fetcher
        self._committed = committed
        self._woken = asyncio.Event()
        self.located: Callable[[], None] = lambda: None
        """Called when positions have been found."""

    def wake(self) -> None:
        """There is something to find, or may be."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._woken.clear()
            await self._find_all()
            await self._wait()

    async def _wait(self) -> None:
        now = self._cluster.clock.monotonic()
        times = [place.not_before for place in self._waiting() if place.not_before > now]
        try:
            async with asyncio.timeout(min(times) - now if times else None):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _waiting(self) -> list[Place]:
        return [place for place in self._positions if self._needs_work(place)]

    def _needs_work(self, place: Place) -> bool:
        return not place.is_located or self._fetcher.is_unchecked(place)

    async def _find_all(self) -> None:
        now = self._cluster.clock.monotonic()
        for place in self._waiting():
            if place.wants_reset and place.position < place.fetch_offset:  # what was fetched goes out first
                place.not_before = max(place.not_before, now + _LOOK_AGAIN_SECONDS)
        due = [place for place in self._waiting() if place.not_before <= now]
        if not due:
            return
        due = await self._with_leader(due)
        unknown = [
            place
            for place in due
            if not place.is_located and place.reset_to is None and not place.wants_reset
        ]
        if unknown:
            await self._each(unknown, self._from_group)
        reset = [place for place in due if place.wants_reset or place.reset_to is not None]
        if reset:
            await self._each(reset, self._from_timestamps)
        unchecked = [place for place in due if place.is_located and self._fetcher.is_unchecked(place)]
        if unchecked:
            await self._each(unchecked, self._check)
        self._fetcher.wake()
        self.located()

    async def _each(self, places: list[Place], find: Callable[[list[Place]], Awaitable[None]]) -> None:
        try:
            await find([place for place in places if self._positions.is_current(place)])
        except KafkaError as error:
            for place in places:
                self._fetcher.try_again(place, error)

    async def _with_leader(self, places: list[Place]) -> list[Place]:
        """Those that somebody can be asked about; the others are tried again, and nobody waits for them."""
        found: list[Place] = []
        for place in places:
            try:
                await self._cluster.topic(place.partition.topic)
                leader_of(self._cluster, place.partition)
            except KafkaError as error:
                self._fetcher.try_again(place, error)
            else:
                found.append(place)
        return found

    async def _from_group(self, places: list[Place]) -> None:
        stored: Mapping[TopicPartition, OffsetAndMetadata | None] = {}
        if self._committed is not None:
            stored = await self._committed([place.partition for place in places])
        for place in places:
            found = stored.get(place.partition)
            if found is not None:
                place.locate(found.offset, found.leader_epoch)
                place.committed = found.offset
            else:
                self._by_policy(place, f"{place.partition} has no committed offset")

    def _by_policy(self, place: Place, why: str) -> None:
        """What auto_offset_reset says of a place that there is no offset for."""
        policy = self._settings.auto_offset_reset
        if policy != "none":
            place.reset_to = reset_timestamp(policy, self._cluster.clock.now_ms())
            return
        fix = "seek, or set auto_offset_reset to earliest or latest"
        error = KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"{why}, and auto_offset_reset is none; {fix}")
        place.not_before = self._cluster.clock.monotonic() + self._settings.retry_backoff_max_ms / 1000
        self._fetcher.fail(place, error)

    async def _from_timestamps(self, places: list[Place]) -> None:
        for place in places:
            if place.wants_reset and place.reset_to is None:
                self._by_policy(place, f"{place.partition} has no offset {place.fetch_offset}")
        wanted = {place.partition: place.reset_to for place in places if place.reset_to is not None}
        if not wanted:
            return
        read_committed = self._settings.isolation_level == "read_committed"
        found = await offsets_now(self._cluster, wanted, read_committed=read_committed)
        ends = [partition for partition, at in found.items() if isinstance(at, FoundOffset) and at.offset < 0]
        if ends:  # nothing is that young: from the end on
            latest = dict.fromkeys(ends, LATEST)
            found |= await offsets_now(self._cluster, latest, read_committed=read_committed)
        for place in places:
            at = found.get(place.partition)
            if isinstance(at, KafkaError):
                self._fetcher.try_again(place, at)
            elif at is not None and self._positions.is_current(place):
                self._restart(place, at.offset)

    def _restart(self, place: Place, offset: int) -> None:
        if place.wants_reset:
            _log.warning("%s has no offset %d; going on at %d", place.partition, place.fetch_offset, offset)
            self._positions.seek(place.partition, offset)
        else:
            place.locate(offset)

    async def _check(self, places: list[Place]) -> None:
        epochs = {place.partition: self._fetcher.leader_epoch(place.partition) for place in places}
        asked = {place.partition: (epochs[place.partition], place.fetch_epoch) for place in places}
        ends = await epoch_end_offsets(self._cluster, asked)
        for place in places:
            end = ends[place.partition]
            if isinstance(end, KafkaError):
                self._fetcher.try_again(place, end)
            elif self._positions.is_current(place):
                place.checked_epoch = epochs[place.partition]
                self._compare(place, *end)

    def _compare(self, place: Place, epoch: int, end_offset: int) -> None:
        """With where the log ended under the epoch that was read last; -1 when the leader cannot tell."""
        if end_offset < 0 or end_offset >= place.fetch_offset:
            return
        text = f"{place.partition}: the log was cut at {end_offset}, {place.fetch_offset} had been read"
        if self._settings.auto_offset_reset == "none":
            self._fetcher.fail(place, KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"{text}; seek to go on"))
            return
        _log.warning("%s; going on from there", text)
        self._positions.seek(place.partition, end_offset, epoch)
        moved = self._positions.of(place.partition)
        moved.checked_epoch = place.checked_epoch
