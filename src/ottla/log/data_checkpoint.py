"""A checkpoint of many logs: each one's flush, and the offset files that speak for all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from ottla.core.limits import FILES_SYNCED_ONE_BY_ONE
from ottla.log.checkpoint import Partition
from ottla.log.directory import Directory
from ottla.log.flush import Flush
from ottla.log.log import Log
from ottla.log.names import RECOVERY_POINTS
from ottla.log.offset_files import Content, OffsetFiles


@dataclass(frozen=True, slots=True)
class LogFlush:
    """One log's part, and its recovery point as long as that has not ended well."""

    log: Log
    flush: Flush
    recovery_point: int


class DataCheckpoint:
    """Made by `DataDirectory.begin_checkpoint`."""

    __slots__ = (
        "_content",
        "_directory",
        "_offset_files",
        "_one_at_a_time",
        "done",
        "failures",
        "flushes",
        "told",
    )

    def __init__(
        self,
        directory: Directory,
        flushes: Mapping[Partition, LogFlush],
        offset_files: OffsetFiles,
        content: Content | None,
        one_at_a_time: Lock,
    ) -> None:
        """`content` None: the offset files are somebody else's to write."""
        self.flushes = flushes
        self.failures: dict[Partition, OSError] = {}
        """Whose sync was refused: nothing is known about what of these logs is on disk."""
        self.done = False
        """Whether `sync` returned or raised."""
        self.told = False
        """Whether the offset files say how far these logs are on disk: then what served older offsets may go."""
        self._directory = directory
        self._offset_files = offset_files
        self._content = content
        self._one_at_a_time = one_at_a_time

    def sync(self) -> None:
        """Wait for the disk: first the logs, then the files that say so. Any thread; a second call only waits.

        Raises OSError, the first of them, after doing what could be done for the other logs.
        """
        with self._one_at_a_time:
            if self.done:
                return
            try:
                self._sync_logs()
                self._write_files()
            finally:
                self.done = True
        for failure in self.failures.values():
            raise failure

    def _sync_logs(self) -> None:
        if len(self.flushes) > FILES_SYNCED_ONE_BY_ONE:
            self._sync_all()
        else:
            for partition, each in self.flushes.items():
                self._try(partition, each.flush.sync)

    def _try(self, partition: Partition, step: Callable[[], None]) -> None:
        """A log whose last step failed takes no further one: what it did not write must not get a name."""
        if partition in self.failures:
            return
        try:
            step()
        except OSError as error:
            self.failures[partition] = error

    def _sync_all(self) -> None:
        """Many logs: one sync of the whole file system costs less than several for each of them."""
        for partition, each in self.flushes.items():
            self._try(partition, each.flush.write)
        self._sync_file_system()
        for partition, each in self.flushes.items():
            self._try(partition, each.flush.publish)
        self._sync_file_system()

    def _sync_file_system(self) -> None:
        try:
            self._directory.sync_all()
        except OSError as error:
            self.failures = dict.fromkeys(self.flushes, error) | self.failures

    def _write_files(self) -> None:
        if self._content is None:
            return
        for partition in self.failures:
            self._content.files[RECOVERY_POINTS][partition] = self.flushes[partition].recovery_point
        self.told = self._offset_files.write(self._content)
