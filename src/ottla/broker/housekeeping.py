"""What happens without being asked: retention, checkpoints, syncs, expiry. One task each, at Kafka's intervals."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.in_thread import in_thread
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.topic_configs import TopicConfigs
from ottla.core.clock import Clock
from ottla.core.errors import KafkaError
from ottla.core.limits import (
    CHECKPOINT_LOOK_SECONDS,
    LOGS_PER_CHECKPOINT,
    MAX_UNCHECKED_BYTES,
    PARTITIONS_PER_TURN,
    SYNC_LOOK_SECONDS,
)
from ottla.log.data_directory import DataDirectory
from ottla.net.tasks import Tasks

_log = logging.getLogger(__name__)


class Housekeeping:
    """Starts its tasks when made; they end with `tasks`."""

    def __init__(
        self,
        config: BrokerConfig,
        topic_configs: TopicConfigs,
        partitions: Partitions,
        log_dirs: LogDirs,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._config = config
        self._topic_configs = topic_configs
        self._partitions = partitions
        self._clock = clock
        self._tasks = tasks
        self._checkpointed = dict.fromkeys(log_dirs.directories, clock.monotonic())
        self._one_checkpoint = asyncio.Lock()
        for work in (self._retain_all, self._sync_by_time, self._expire_producers, self._checkpoint_all):
            tasks.start(_forever(work), work.__name__.strip("_"))

    # Retention.

    async def _retain_all(self) -> None:
        """Every `log.retention.check.interval.ms`, all partitions, also those that nobody touched since the start."""
        await asyncio.sleep(self._config.integer("log.retention.check.interval.ms") / 1000)
        for number, (topic, index) in enumerate(self._partitions.names()):
            partition = self._partitions.find(topic, index)
            if isinstance(partition, Partition) and not partition.error:
                self.retain(partition)
            if number % PARTITIONS_PER_TURN == 0:
                await asyncio.sleep(0)

    def retain(self, partition: Partition) -> None:
        """Drop the partition's segments that are too old, too much, or below its log start offset."""
        try:
            doomed = partition.log.delete_old_segments(self._clock.now_ms())
        except (OSError, KafkaError) as error:
            _log.error("%s: old segments cannot be dropped: %s", partition, error)
            return
        if doomed:
            start = partition.log.log_start_offset
            _log.info("%s: %d old files go, the log now starts at offset %d", partition, len(doomed), start)
            self.remove_later(partition, doomed)

    def remove_later(self, partition: Partition, names: list[str]) -> None:
        """Remove a log's condemned files after `file.delete.delay.ms`: somebody may be reading them."""
        if names:
            self._tasks.start(self._remove(partition, names), f"remove old files of {partition}")

    async def _remove(self, partition: Partition, names: list[str]) -> None:
        await asyncio.sleep(partition.log.config.file_delete_delay_ms / 1000)
        await in_thread(partition.log.remove_files, names)

    # Expiry: what is known of producers that write no more.

    async def _expire_producers(self) -> None:
        """Every `producer.id.expiration.check.interval.ms`, all partitions that are open."""
        await asyncio.sleep(self._config.integer("producer.id.expiration.check.interval.ms") / 1000)
        for number, partition in enumerate(self._partitions):
            self.expire_producers(partition)
            if number % PARTITIONS_PER_TURN == 0:
                await asyncio.sleep(0)

    def expire_producers(self, partition: Partition) -> None:
        """Forget the partition's producers that were silent for `producer.id.expiration.ms`."""
        producers = partition.log.producers
        if producers:
            producers.expire(self._clock.now_ms() - self._config.integer("producer.id.expiration.ms"))

    # Checkpoints: what a crash would make a restart look at stays small.

    async def _checkpoint_all(self) -> None:
        """Every `log.flush.offset.checkpoint.interval.ms`, and sooner for a directory with a log that took much."""
        interval = self._config.integer("log.flush.offset.checkpoint.interval.ms") / 1000
        await asyncio.sleep(min(CHECKPOINT_LOOK_SECONDS, max(interval, 0.001)))
        for directory, last in self._checkpointed.items():
            now = self._clock.monotonic()
            much = any(log.unflushed_bytes > MAX_UNCHECKED_BYTES for log in directory.logs.values())
            if much or now >= last + interval:
                self._checkpointed[directory] = now
                await self._checkpoint(directory)

    async def _checkpoint(self, directory: DataDirectory) -> None:
        """All logs that are dirty now, so many at a time that the loop has its turn in between."""
        dirty = sum(log.dirty for log in directory.logs.values())
        for _ in range(0, dirty, LOGS_PER_CHECKPOINT):
            await self._checkpoint_some(directory)

    async def checkpoint(self, partition: Partition, directory: DataDirectory, offset: int) -> bool:
        """Write down that the partition's log is on disk up to `offset`; False when the disk refuses.

        Whoever makes holes in a log needs it: after its recovery point, a restart takes a hole for what a power cut
        took, and drops what follows.
        """
        told = True
        for _ in range(0, len(directory.logs) + 1, LOGS_PER_CHECKPOINT):
            if not told or partition.log.recovery_point >= offset:
                break
            told = await self._checkpoint_some(directory)
        return told and partition.log.recovery_point >= offset

    async def _checkpoint_some(self, directory: DataDirectory) -> bool:
        """Whether the offset files say now what was synced."""
        async with self._one_checkpoint:
            checkpoint = directory.begin_checkpoint()
            try:
                await in_thread(checkpoint.sync)
            except OSError as error:
                _log.error("%s: checkpoint failed: %s", directory.directory.path, error)
            finally:
                directory.end_checkpoint(checkpoint)
        return checkpoint.told

    # Syncs by time: flush.ms.

    async def _sync_by_time(self) -> None:
        """A partition with unsynced records is synced every `flush.ms`, where that is set."""
        await asyncio.sleep(SYNC_LOOK_SECONDS)
        if not self._topic_configs.any_synced_by_time():
            return  # ten thousand partitions cost nothing while idle
        now_ms = self._clock.now_ms()
        for partition in self._partitions:
            partition.sync_if_due(now_ms)


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again. One pass that fails must not be the last one; each begins with a sleep."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is: logged, and tried again
            _log.exception("housekeeping failed; it goes on")
