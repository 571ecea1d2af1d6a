"""One entry of `log.dirs`: the partitions in it, and the files that speak for all of them.

Those files are the lock, `meta.properties`, the clean-shutdown marker, and three checkpoints: recovery points, high
watermarks, log start offsets. A partition is opened when somebody needs it.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Self

from ottla.core.limits import LOGS_PER_CHECKPOINT, LOGS_PER_LAST_CHECKPOINT
from ottla.log.checkpoint import MetaProperties, Partition, parse_partition_metadata
from ottla.log.config import LogConfig
from ottla.log.data_checkpoint import DataCheckpoint, LogFlush
from ottla.log.directory import Directory, Lock
from ottla.log.errors import DataDirectoryError
from ottla.log.log import Log
from ottla.log.names import (
    CLEAN_SHUTDOWN,
    HIGH_WATERMARKS,
    LOG_START_OFFSETS,
    PARTITION_METADATA,
    RECOVERY_POINTS,
    deleted_partition_name,
    is_deleted_partition,
    is_stray_partition,
    parse_partition,
    partition_name,
    stray_partition_name,
)
from ottla.log.offset_files import OffsetFiles
from ottla.log.ownership import claim, take_lock

_log = logging.getLogger(__name__)
_CLEAN_MARKER = b'{"version":0,"brokerEpoch":-1}'
_NOT_PARTITIONS = frozenset({"__cluster_metadata-0"})


class DataDirectory:
    """Made by `open`. Belongs to one thread, as its logs do."""

    __slots__ = (
        "_lock",
        "_offset_files",
        "_one_at_a_time",
        "_running",
        "_unrecovered",
        "clean",
        "deleted",
        "directory",
        "logs",
        "meta",
        "partitions",
    )

    def __init__(self, directory: Directory, lock: Lock, meta: MetaProperties, names: list[str]) -> None:
        self.directory = directory
        self.meta = meta
        self.logs: dict[Partition, Log] = {}
        """The logs that are open."""
        self.partitions: set[Partition] = set()
        """Everything that has a directory here, open or not."""
        self.deleted: list[str] = []
        """Directories of deleted partitions that an earlier process left: `remove` them in a thread."""
        self._lock = lock
        self._running: DataCheckpoint | None = None
        self._one_at_a_time = threading.Lock()
        """Held by a checkpoint: a stop may come while a thread is at one."""
        self._sort(names)
        self.clean = CLEAN_SHUTDOWN in names
        """Whether the last process ended properly, so that no log needs a look."""
        self._offset_files = OffsetFiles(directory, self.partitions)
        self._unrecovered = set() if self.clean else set(self.partitions)

    @classmethod
    def open(cls, directory: Directory, cluster_id: str, node_id: int, directory_id: bytes) -> Self:
        """Take a directory into use; `directory_id` becomes its id if it is new. Raises DataDirectoryError."""
        lock = take_lock(directory)
        try:
            meta = claim(directory, cluster_id, node_id, directory_id)
            opened = cls(directory, lock, meta, directory.names())
            if opened.clean:
                directory.remove(CLEAN_SHUTDOWN)
                directory.sync()
        except OSError as error:
            lock.release()
            reason = error.strerror or error
            raise DataDirectoryError(f"data directory {directory.path} cannot be used: {reason}") from error
        except DataDirectoryError:
            lock.release()
            raise
        return opened

    def _sort(self, names: list[str]) -> None:
        """Tell partitions, deleted ones and files apart; what is none of these is left alone, with a word."""
        strays = [name for name in names if is_stray_partition(name)]
        if strays:
            _log.warning(
                "%s holds partitions of no topic, leaving them alone: %s", self.directory.path, strays
            )
        for name in names:
            partition = parse_partition(name)
            if name in _NOT_PARTITIONS or name in strays or "." in name[:1]:
                continue
            if is_deleted_partition(name):
                self.deleted.append(name)
            elif partition is not None:
                self.partitions.add(partition)
            elif self.directory.is_directory(name):
                _log.warning("%s/%s is no partition's directory: leaving it alone", self.directory.path, name)

    # ── partitions ────────────────────────────────────────────────────────────────────────────────────────────

    def create_log(self, topic: str, index: int, config: LogConfig, topic_id: bytes, now_ms: int) -> Log:
        """Make a partition. Raises OSError."""
        assert (topic, index) not in self.partitions
        name = partition_name(topic, index)
        if self._offset_files.may_name((topic, index)):
            self.save_offsets()
        try:
            log = Log.create(self.directory.child(name), config, topic_id, now_ms)
        except OSError:
            self.directory.remove_tree(name)
            raise
        self.partitions.add((topic, index))
        self.logs[topic, index] = log
        return log

    def open_log(self, topic: str, index: int, config: LogConfig, now_ms: int) -> Log:
        """The log of a partition that is here, opened and checked where that is needed. Raises OSError."""
        partition, offsets = (topic, index), self._offset_files
        if (log := self.logs.get(partition)) is not None:
            return log
        log = Log.open(
            self.directory.child(partition_name(topic, index)),
            config,
            now_ms=now_ms,
            recovery_point=offsets.at(RECOVERY_POINTS, partition) if partition in self._unrecovered else None,
            log_start_offset=offsets.at(LOG_START_OFFSETS, partition),
            high_watermark=offsets.at(HIGH_WATERMARKS, partition),
        )
        self._unrecovered.discard(partition)
        self.logs[partition] = log
        return log

    def topic_id(self, topic: str, index: int) -> bytes | None:
        """The id in a partition's metadata file, None where that is missing or damaged."""
        directory = self.directory.child(partition_name(topic, index))
        try:
            return parse_partition_metadata(directory.read(PARTITION_METADATA))
        except (FileNotFoundError, ValueError):
            return None

    def delete_log(self, topic: str, index: int, unique: bytes) -> str:
        """Take a partition away at once; the directory to `remove` later, when nobody reads from it any more.

        `unique` are 16 bytes that make the name one. Raises OSError.
        """
        return self._take_away((topic, index), deleted_partition_name, unique)

    def put_aside(self, topic: str, index: int, unique: bytes) -> str:
        """Take away a partition that the cluster does not know; the directory's name, which nothing here removes.

        `unique` as for `delete_log`. Raises OSError.
        """
        return self._take_away((topic, index), stray_partition_name, unique)

    def _take_away(self, partition: Partition, renamed: Callable[[str, bytes], str], unique: bytes) -> str:
        name = partition_name(*partition)
        log = self.logs.pop(partition, None)
        if log is not None:
            log.taken_away()
        new_name = renamed(name, unique)
        self.directory.rename(name, new_name)
        self.partitions.discard(partition)
        self._unrecovered.discard(partition)
        self._offset_files.forget(partition)
        return new_name

    def remove(self, names: Iterable[str]) -> None:
        """Remove the directories of deleted partitions. Any thread."""
        for name in names:
            self.directory.remove_tree(name)

    # ── checkpoints ───────────────────────────────────────────────────────────────────────────────────────────

    def begin_checkpoint(self, limit: int = LOGS_PER_CHECKPOINT) -> DataCheckpoint:
        """Collect what a crash would make a restart look at, from the `limit` logs that have most of it.

        `DataCheckpoint.sync` in any thread, then `end_checkpoint`. One at a time.
        """
        assert self._running is None
        self._running = self._collect(self._dirty()[:limit])
        return self._running

    def _dirty(self) -> list[Partition]:
        """The open logs that a checkpoint would write something of, those with the most unflushed bytes first."""
        dirty = [name for name, log in self.logs.items() if log.dirty and not log.offline]
        return sorted(dirty, key=lambda name: self.logs[name].unflushed_bytes, reverse=True)

    def _collect(self, dirty: Iterable[Partition], *, with_offsets: bool = True) -> DataCheckpoint:
        flushes = {}
        for partition in dirty:
            log = self.logs[partition]
            flushes[partition] = LogFlush(log, log.begin_flush(checkpoint=True), log.recovery_point)
        content = self._offset_files.collect(self.logs.items()) if with_offsets else None
        if content is not None:
            content.files[RECOVERY_POINTS].update(
                {name: each.flush.end_offset for name, each in flushes.items()}
            )
        return DataCheckpoint(self.directory, flushes, self._offset_files, content, self._one_at_a_time)

    def end_checkpoint(self, checkpoint: DataCheckpoint) -> None:
        """Take note that `checkpoint.sync` returned or raised. A log that cannot follow goes offline alone."""
        assert checkpoint.done
        self._running = None
        for partition, each in checkpoint.flushes.items():
            if self.logs.get(partition) is not each.log:
                continue  # deleted meanwhile
            each.flush.told = checkpoint.told
            failure = checkpoint.failures.get(partition) or _end(each)
            if failure is not None:
                _log.error("%s is offline: %s", each.log, failure)
                each.log.sync_failed()

    def save_offsets(self) -> None:
        """Write the three checkpoint files now, on this thread; after a truncation that must not wait.

        A checkpoint that began earlier does not undo it. Raises OSError.
        """
        self._offset_files.write(self._offset_files.collect(self.logs.items()))

    def close(self) -> None:
        """End properly: the next start need not look at any log. Waits for the disk. Raises OSError."""
        try:
            self._checkpoint_everything()
        finally:
            for log in self.logs.values():
                log.abandon()
            offline = any(log.offline for log in self.logs.values())
            self._finish(everything=not self._unrecovered and not offline)

    def _checkpoint_everything(self) -> None:
        """In rounds, because each log under a checkpoint holds three files open. Raises OSError after all rounds.

        First the one that has begun, whose thread may be at it or never come to it.
        """
        failures: list[OSError] = []
        if self._running is not None:
            self._do(self._running, failures)
        for log in self.logs.values():
            if not log.offline:
                log.seal()
        while dirty := self._dirty()[:LOGS_PER_LAST_CHECKPOINT]:
            self._do(self._collect(dirty, with_offsets=False), failures)
        self.save_offsets()
        if failures:
            raise failures[0]

    def _do(self, checkpoint: DataCheckpoint, failures: list[OSError]) -> None:
        """A whole checkpoint on this thread; its failure is noted."""
        try:
            checkpoint.sync()
        except OSError as error:
            failures.append(error)
        self.end_checkpoint(checkpoint)

    def _finish(self, *, everything: bool) -> None:
        """Leave the marker, if it is true of every log, and let go of the directory."""
        if everything:
            self.directory.replace(CLEAN_SHUTDOWN, _CLEAN_MARKER)
        self._lock.release()


def _end(each: LogFlush) -> OSError | None:
    """Take note in the log itself; what the disk refused."""
    try:
        each.log.end_flush(each.flush)
    except OSError as error:
        return error
    return None
