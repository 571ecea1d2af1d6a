"""A checkpoint of many logs: each one's flush, and the offset files that speak for all."""

from collections.abc import Mapping

from ottla.core.limits import FILES_SYNCED_ONE_BY_ONE
from ottla.log.checkpoint import Offsets, format_offsets
from ottla.log.directory import Directory
from ottla.log.flush import Flush
from ottla.log.log import Log
from ottla.log.names import HIGH_WATERMARKS, LOG_START_OFFSETS, RECOVERY_POINTS


def offset_files(
    recovery_points: Offsets, high_watermarks: Offsets, log_start_offsets: Offsets
) -> dict[str, Offsets]:
    """The three files' content, copied: the originals go on changing."""
    return {
        RECOVERY_POINTS: dict(recovery_points),
        HIGH_WATERMARKS: dict(high_watermarks),
        LOG_START_OFFSETS: dict(log_start_offsets),
    }


class DataCheckpoint:
    """Made by `DataDirectory.begin_checkpoint`."""

    __slots__ = ("_directory", "_files", "failed", "flushes")

    def __init__(
        self, directory: Directory, flushes: Mapping[Log, Flush], files: Mapping[str, Offsets]
    ) -> None:
        self.flushes = flushes
        self.failed = False
        """A sync was refused: nothing is known about what is on disk."""
        self._directory = directory
        self._files = files

    def sync(self) -> None:
        """Wait for the disk: first the logs, then the files that say so. Any thread, once. Raises OSError."""
        try:
            if len(self.flushes) > FILES_SYNCED_ONE_BY_ONE:
                self._sync_all()
            else:
                for flush in self.flushes.values():
                    flush.sync()
            for name, offsets in self._files.items():
                self._directory.replace(name, format_offsets(offsets))
        except OSError:
            self.failed = True
            raise

    def _sync_all(self) -> None:
        """Many logs: one sync of the whole file system costs less than several for each of them."""
        for flush in self.flushes.values():
            flush.write()
        self._directory.sync_all()
        for flush in self.flushes.values():
            flush.publish()
        self._directory.sync_all()
