"""What must reach the disk, taken off the event loop.

`Log.begin_flush` collects it on the loop's thread, `sync` does the waiting in any thread, `Log.end_flush` takes note on
the loop's thread again. A flush syncs the batches; a checkpoint also writes index entries, leader epochs and
producers, so that a restart need not look at anything before its end offset.
"""

from typing import NamedTuple

from ottla.log.directory import Directory, Held
from ottla.log.index import StoredIndex, Unstored
from ottla.log.names import TEMPORARY
from ottla.log.presence import Presence
from ottla.log.segment import Segment


class IndexPatch(NamedTuple):
    """What an index's file lacks, and the file, held open: it may be renamed meanwhile."""

    target: StoredIndex
    file: Held
    unstored: Unstored


class Flush:
    """One sync under way. `end_offset`: all before it is on disk once `sync` has returned."""

    __slots__ = (
        "active",
        "checkpoint",
        "directory",
        "end_offset",
        "end_position",
        "error",
        "files",
        "generation",
        "held",
        "names_changed",
        "new",
        "new_files",
        "patches",
        "presence",
        "snapshot",
        "sync_directory",
        "told",
        "unsynced",
    )

    def __init__(
        self, directory: Directory, presence: Presence, end_offset: int, active: Segment, generation: int
    ) -> None:
        self.directory = directory
        self.presence = presence
        self.end_offset = end_offset
        self.active = active
        self.end_position = active.size
        """Where `end_offset` lies in the active segment."""
        self.generation = generation
        self.error: OSError | None = None
        """Why not everything could be collected: `sync` raises it."""
        self.held: list[Held] = []
        """Files to sync: batches, and indexes of segments that ended."""
        self.unsynced: tuple[Segment, ...] = ()
        """The segments that ended and whose batches are among them."""
        self.sync_directory = False
        self.names_changed = 0
        """The changes of names that the directory's sync covers."""
        self.new = False
        """The log was never synced: its own directory entry has to be, too."""
        self.new_files: tuple[str, ...] = ()
        """Files that are written when a log is made, and never again."""
        self.checkpoint = False
        self.patches: list[IndexPatch] = []
        """For the active segment's indexes."""
        self.files: list[tuple[str, bytes]] = []
        """Small files that get a new content at once: leader epochs, producers."""
        self.snapshot = False
        """Whether the producers are among them, as they are at `end_offset`."""
        self.told = True
        """Whether a restart will know of this checkpoint; if not, it needs what the one before left."""

    def only_file(self) -> Held | None:
        """The one file to sync, where that is all there is to do: most flushes are so."""
        more = self.error or self.patches or self.files or self.new_files or self.sync_directory or self.new
        return None if more or len(self.held) != 1 else self.held[0]

    def sync(self) -> None:
        """Wait for the disk. Any thread, once. Raises OSError: then nothing is known about what is on disk.

        A log whose directory was taken away meanwhile (its topic was deleted) is nobody's any more: no error.
        """
        try:
            self._raise_error()
            self._sync()
        except FileNotFoundError:
            if not self.presence.gone and self.directory.made():
                raise

    def _raise_error(self) -> None:
        if self.error is not None:
            raise self.error

    def _sync(self) -> None:
        for file in self.held:
            file.sync()
        self.write()
        for patch in self.patches:
            patch.file.sync()
        for name in self.new_files:
            self.directory.sync_file(name)
        for name, _ in self.files:
            self.directory.sync_file(name + TEMPORARY)
        self.publish()
        if self.sync_directory:
            self.directory.sync()
        if self.new:
            self.directory.sync_entry()

    def write(self) -> None:
        """The first half of `sync`, without waiting: who calls it syncs the file system, and then `publish`es."""
        self._raise_error()
        for _, file, unstored in self.patches:
            file.write(unstored.data, unstored.position)
        with self.presence as present:
            for name, data in self.files if present else ():
                self.directory.put(name + TEMPORARY, data)

    def publish(self) -> None:
        """Give what `write` wrote aside its name; durable with the directory's next sync."""
        with self.presence as present:
            for name, _ in self.files if present else ():
                self.directory.rename(name + TEMPORARY, name)
