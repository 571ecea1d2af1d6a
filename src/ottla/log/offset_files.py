"""The three files of a data directory that speak for all its partitions: recovery points, high watermarks, log starts.

They are written whole, by whichever thread does a checkpoint, and what was collected earlier never overwrites what was
collected later. Of a partition that nobody opened the old entries stay. An entry outlives its partition until the
files are written again; before a new log of the same name takes records that has to happen (`may_name`), or a crash
would have it start where its predecessor ended.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from threading import Lock

from ottla.log.checkpoint import Offsets, Partition, format_offsets, parse_offsets
from ottla.log.directory import Directory
from ottla.log.log import Log
from ottla.log.names import HIGH_WATERMARKS, LOG_START_OFFSETS, RECOVERY_POINTS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Content:
    """What the files are to say. `number` counts up with each collection."""

    number: int
    files: dict[str, Offsets]


class OffsetFiles:
    """Belongs to the data directory's thread, but for `write`."""

    __slots__ = ("_collected", "_directory", "_forgotten", "_lock", "_newest", "_offsets", "_written")

    def __init__(self, directory: Directory, partitions: Collection[Partition]) -> None:
        self._directory = directory
        names = (RECOVERY_POINTS, HIGH_WATERMARKS, LOG_START_OFFSETS)
        self._offsets = {name: _read(directory, name) for name in names}
        self._lock = Lock()
        self._collected = 0
        """The number of the latest content; 0 is what was found."""
        self._newest = 0
        """The number of the latest content that a thread began to write."""
        self._written = 0
        """The number of the latest content that is on disk."""
        self._forgotten: dict[Partition, int] = {}
        """Partitions that are gone, and the latest content that names them."""
        for offsets in self._offsets.values():
            for partition in [each for each in offsets if each not in partitions]:
                self.forget(partition)

    def at(self, name: str, partition: Partition) -> int:
        """What the file of this name says of a partition, 0 where it says nothing."""
        return self._offsets[name].get(partition, 0)

    def forget(self, partition: Partition) -> None:
        """The partition is gone; the next content does not name it."""
        for offsets in self._offsets.values():
            if offsets.pop(partition, None) is not None:
                self._forgotten[partition] = self._collected

    def may_name(self, partition: Partition) -> bool:
        """Whether the files on disk, or some that a thread is about to write, tell of a partition that is gone."""
        return self._forgotten.get(partition, -1) >= self._written

    def collect(self, logs: Iterable[tuple[Partition, Log]]) -> Content:
        """What these open logs say now, and what others said when they were open; a copy."""
        recovery_points, high_watermarks, log_start_offsets = self._offsets.values()
        for partition, log in logs:
            recovery_points[partition] = log.recovery_point
            high_watermarks[partition] = log.high_watermark
            if log.log_start_offset > log.segments[0].base_offset:
                log_start_offsets[partition] = log.log_start_offset
            else:
                log_start_offsets.pop(partition, None)
        self._forgotten = {name: last for name, last in self._forgotten.items() if last >= self._written}
        self._collected += 1
        return Content(self._collected, {name: dict(offsets) for name, offsets in self._offsets.items()})

    def write(self, content: Content) -> bool:
        """Put the files on disk. False: newer ones were there already. Any thread. Raises OSError."""
        with self._lock:
            if content.number < self._newest:
                return False
            self._newest = content.number
            for name, offsets in content.files.items():
                self._directory.replace(name, format_offsets(offsets))
            self._written = content.number
            return True


def _read(directory: Directory, name: str) -> Offsets:
    """A checkpoint file; without it logs are checked from their start, which is slow and safe."""
    try:
        return parse_offsets(directory.read(name))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        _log.warning("%s/%s is damaged (%s): going on without it", directory.path, name, error)
        return {}
