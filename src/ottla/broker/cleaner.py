"""The log cleaner: compacts partitions with `cleanup.policy=compact` in the background, the dirtiest first.

One partition at a time. A look at all of them every `log.cleaner.backoff.ms` finds those that are due
(`ottla.log.compaction_survey`); then each has its round (`ottla.log.compaction`), whose work is done in a thread. How
far each came is kept in its data directory's `cleaner-offset-checkpoint`. A partition with damaged batches is reported
once and left alone until the next start; where the disk refused, the next look tries again.
"""

import asyncio
import logging
from dataclasses import dataclass

from ottla.broker.cleaner_metrics import CleanerMetrics
from ottla.broker.cleaning import Cleaning
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.housekeeping import Housekeeping
from ottla.broker.in_thread import in_thread
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.topic_configs import TopicConfigs
from ottla.cluster.delta import Delta
from ottla.core.clock import Clock
from ottla.core.errors import KafkaError
from ottla.core.limits import CLEANER_OPEN_PAUSE_SECONDS, PARTITIONS_PER_TURN
from ottla.log.compaction import CompactionCancelled
from ottla.log.compaction_offsets import CleanerOffsets
from ottla.log.compaction_survey import Survey, survey
from ottla.log.data_directory import DataDirectory
from ottla.records.errors import CorruptRecordError

CHECKPOINTS_PER_ROUND = 3
"""Each covers all that was written before it; a log that goes on growing may need another."""

_log = logging.getLogger(__name__)

Named = tuple[str, int]
"""Topic and partition index."""


@dataclass(frozen=True, slots=True)
class Due:
    """A partition that a round is worth for."""

    partition: Partition
    dirty_ratio: float


class Cleaner:
    """Touched only on the event loop. `run` is its life, which the owner starts and cancels."""

    def __init__(
        self,
        config: BrokerConfig,
        topic_configs: TopicConfigs,
        partitions: Partitions,
        log_dirs: LogDirs,
        housekeeping: Housekeeping,
        clock: Clock,
        metrics: CleanerMetrics,
    ) -> None:
        self._config = config
        self._topic_configs = topic_configs
        self._partitions = partitions
        self._log_dirs = log_dirs
        self._housekeeping = housekeeping
        self._clock = clock
        self._metrics = metrics
        self._offsets = {id(each): CleanerOffsets.open(each.directory) for each in log_dirs.directories}
        self._running: Cleaning | None = None
        self._damaged: set[Named] = set()
        self._refused: set[Named] = set()
        """Partitions whose disk refused: said once, until a round went well."""

    async def run(self) -> None:
        """Look and clean for ever."""
        while True:
            await asyncio.sleep(max(self._config.integer("log.cleaner.backoff.ms"), 1) / 1000)
            for due in await self._look():
                await self._clean(due.partition)

    def apply(self, delta: Delta) -> None:
        """Follow the cluster: a deleted topic's round ends, and its past is forgotten."""
        for topic in delta.deleted:
            if self._running is not None and self._running.partition.topic_id == topic.id:
                self._running.cancel()
            for index in range(len(topic.partitions)):
                self._damaged.discard((topic.name, index))
                self._refused.discard((topic.name, index))
                for offsets in self._offsets.values():
                    offsets.forget(topic.name, index)

    async def _look(self) -> list[Due]:
        """What is due, the dirtiest first; a partition that nobody opened since the start is opened for it."""
        found: list[Due] = []
        max_dirty = 0.0
        for number, (topic, index) in enumerate(list(self._partitions.names())):
            if number % PARTITIONS_PER_TURN == 0:
                await asyncio.sleep(0)
            partition = await self._compacted(topic, index)
            seen = self._survey(partition) if partition is not None else None
            if partition is None or seen is None:
                continue
            max_dirty = max(max_dirty, seen.dirty_ratio)
            if seen.is_due(partition.log.config):
                found.append(Due(partition, seen.dirty_ratio))
        self._metrics.looked(max_dirty, len(self._damaged))
        return sorted(found, key=lambda each: each.dirty_ratio, reverse=True)

    async def _compacted(self, topic: str, index: int) -> Partition | None:
        """The partition, if it is to be compacted and can be."""
        if (topic, index) in self._damaged or not self._topic_configs.log_config(topic).is_compacted:
            return None
        known = self._partitions.opened(topic, index)
        if known is None:
            await asyncio.sleep(CLEANER_OPEN_PAUSE_SECONDS)
        partition = known or self._partitions.find(topic, index)
        return partition if isinstance(partition, Partition) and _is_usable(partition) else None

    def _survey(self, partition: Partition) -> Survey | None:
        try:
            checkpoint = self._offsets_of(partition).get(partition.topic, partition.index)
            return survey(partition.log, checkpoint, self._clock.now_ms())
        except (OSError, KafkaError) as error:
            self._report(partition, error)
            return None

    def _offsets_of(self, partition: Partition) -> CleanerOffsets:
        return self._offsets[id(self._directory_of(partition))]

    def _directory_of(self, partition: Partition) -> DataDirectory:
        directory = self._log_dirs.holder(partition.topic, partition.index)
        assert directory is not None, partition
        return directory

    async def _ready(self, partition: Partition) -> Survey | None:
        """What a round would do, if it is due, and the recovery point is past all that it may take away."""
        for _ in range(CHECKPOINTS_PER_ROUND):
            seen = self._survey(partition) if _is_usable(partition) else None
            if seen is None or not seen.is_due(partition.log.config):
                return None
            end_offset = seen.first_uncleanable_offset
            if partition.log.recovery_point >= end_offset:
                return seen
            if not await self._housekeeping.checkpoint(partition, self._directory_of(partition), end_offset):
                return None
        return None  # it grows too fast: the next look tries again

    async def _clean(self, partition: Partition) -> None:
        """A round over one partition, if it is still due now that its turn has come."""
        seen = await self._ready(partition)
        if seen is None:
            return
        try:
            self._running = running = Cleaning(partition, seen, self._clock)
        except (OSError, KafkaError) as error:
            self._report(partition, error)
            return
        try:
            async for doomed in running.run():
                self._housekeeping.remove_later(partition, doomed)
            if not running.cancelled:
                await self._finished(running)
        except CompactionCancelled as reason:
            _log.info("%s: compaction ended early: %s", partition, reason)
        except (OSError, KafkaError, CorruptRecordError) as error:
            self._report(partition, error)
        finally:
            self._running = None
            self._metrics.cleaned(running)

    async def _finished(self, running: Cleaning) -> None:
        """Note how far it came, on disk too."""
        partition = running.partition
        name = partition.topic, partition.index
        offsets = self._offsets_of(partition)
        offsets.set(*name, running.end_offset)
        self._refused.discard(name)
        _log.info(
            "%s: compacted up to offset %d, %d bytes became %d",
            partition, running.end_offset, running.bytes_before, running.bytes_after,
        )  # fmt: skip
        await in_thread(offsets.save, offsets.text())

    def _report(self, partition: Partition, error: Exception) -> None:
        """Say what went wrong, once. Damage stays; what the disk refused may be possible later."""
        name = partition.topic, partition.index
        if partition.error:
            return  # deleted meanwhile
        if not isinstance(error, OSError):
            self._damaged.add(name)
            _log.error("%s is damaged and will not be compacted: %s", partition, error)
        elif name not in self._refused:
            self._refused.add(name)
            _log.error("%s cannot be compacted now: %s", partition, error)


def _is_usable(partition: Partition) -> bool:
    return not partition.error and not partition.log.offline
