"""The `<offset>.snapshot` files of a partition: its producers as they were when the log ended at that offset.

One is written when a segment ends, at each checkpoint and at a clean stop; a partition without idempotent producers
has none. After a crash only those at or below the recovery point count: what came later is read from the batches.
(One where the log begins counts too: the batches before it are gone.)
"""

import logging
from collections.abc import Iterable

from ottla.log.directory import Directory
from ottla.log.names import SNAPSHOT, segment_name
from ottla.log.producers import Producers
from ottla.log.snapshots import SnapshotError, decode_snapshot, encode_snapshot

_log = logging.getLogger(__name__)
_KEPT = 2
"""The newest, and one more should that be damaged."""


class SnapshotFiles:
    """Belongs to the log's thread. `offsets`: what is there, the oldest first."""

    __slots__ = ("_directory", "damaged", "offsets")

    def __init__(self, directory: Directory, offsets: Iterable[int] = ()) -> None:
        self._directory = directory
        self.offsets = sorted(offsets)
        self.damaged = False
        """Whether one was read that is no good."""

    def newest(self, limit: int) -> Producers:
        """The producers at the newest offset up to `limit` whose file is good; none, at offset 0, without one.

        A damaged file stays until a checkpoint has written a better one: it says that there were producers.
        Raises OSError.
        """
        producers = Producers()
        for offset in reversed([each for each in self.offsets if each <= limit]):
            name = segment_name(offset, SNAPSHOT)
            try:
                producers.restore(decode_snapshot(self._directory.read(name)), offset)
            except (SnapshotError, FileNotFoundError) as error:
                _log.warning("%s: %s is damaged (%s), going on without it", self._directory.path, name, error)
                self.damaged = True
            else:
                break
        return producers

    def has(self, offset: int) -> bool:
        """Whether a restart finds all that it needs at this recovery point."""
        return offset in self.offsets and not self.damaged

    def rolled(self, offset: int, producers: Producers) -> None:
        """A segment ends at `offset`. The file is not synced; without it a restart has more to read, no more."""
        name, data = self.content(offset, producers)
        try:
            self._directory.put(name, data)
        except OSError as error:
            _log.warning("%s: %s cannot be written: %s", self._directory.path, name, error)
            self._directory.remove(name)
        else:
            self._add(offset)

    def truncated(self, offset: int, producers: Producers) -> None:
        """The log ends at `offset` again; on disk for certain when this returns. Raises OSError."""
        self.remove_after(offset)
        if producers:
            self._directory.replace(*self.content(offset, producers))
            self._add(offset)

    def content(self, offset: int, producers: Producers) -> tuple[str, bytes]:
        """A file's name and bytes, for who writes it."""
        return segment_name(offset, SNAPSHOT), encode_snapshot(producers)

    def checkpointed(self, offset: int, *, written: bool, told: bool) -> None:
        """The recovery point is `offset`, with a snapshot there unless no producer was known.

        Old ones go, if a restart is `told` of it.
        """
        if written:
            self._add(offset)
        if not told:
            return
        older = [each for each in self.offsets if each <= offset]
        self._remove(older[:-_KEPT] if written else older)

    def remove_after(self, offset: int) -> None:
        """Remove what tells of batches that are gone; -1: all."""
        self._remove([each for each in self.offsets if each > offset])

    def voided(self, offset: int) -> None:
        """A checkpoint wrote a file of a log that was truncated meanwhile."""
        self._directory.remove(segment_name(offset, SNAPSHOT))
        self.offsets = [each for each in self.offsets if each != offset]

    def _add(self, offset: int) -> None:
        if offset not in self.offsets:
            self.offsets = sorted([*self.offsets, offset])

    def _remove(self, offsets: list[int]) -> None:
        for offset in offsets:
            self._directory.remove(segment_name(offset, SNAPSHOT))
        self.offsets = [each for each in self.offsets if each not in offsets]
