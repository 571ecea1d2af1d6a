"""`cleaner-offset-checkpoint`: how far each log of a data directory was compacted, as Kafka writes it."""

import logging
from typing import Self

from ottla.log.checkpoint import Offsets, format_offsets, parse_offsets
from ottla.log.directory import Directory
from ottla.log.names import CLEANER_OFFSETS

_log = logging.getLogger(__name__)


class CleanerOffsets:
    """Where the next round over each log begins. Belongs to one thread but for `save`."""

    __slots__ = ("_directory", "_offsets")

    def __init__(self, directory: Directory, offsets: Offsets) -> None:
        self._directory = directory
        self._offsets = offsets

    @classmethod
    def open(cls, directory: Directory) -> Self:
        """Read the file of a data directory. Without it, or damaged, every log is taken for wholly dirty."""
        try:
            return cls(directory, parse_offsets(directory.read(CLEANER_OFFSETS)))
        except FileNotFoundError:
            return cls(directory, {})
        except ValueError as error:
            _log.warning("%s/%s is damaged (%s): going on without it", directory.path, CLEANER_OFFSETS, error)
            return cls(directory, {})

    def get(self, topic: str, partition: int) -> int | None:
        """None for a log that was never compacted."""
        return self._offsets.get((topic, partition))

    def set(self, topic: str, partition: int, offset: int) -> None:
        self._offsets[topic, partition] = offset

    def forget(self, topic: str, partition: int) -> None:
        """The partition was deleted, or its policy no longer says compact."""
        self._offsets.pop((topic, partition), None)

    def text(self) -> bytes:
        """The file's content as it should be now."""
        return format_offsets(self._offsets)

    def save(self, text: bytes) -> None:
        """Put `text` in the file's place, on disk. Any thread, one at a time. Raises OSError."""
        self._directory.replace(CLEANER_OFFSETS, text)
