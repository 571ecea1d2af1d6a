"""What of a log is on disk for certain, and what the next sync has to cover."""

from ottla.log.checkpoint import format_epochs
from ottla.log.directory import Directory
from ottla.log.epochs import EpochHistory
from ottla.log.flush import Flush, IndexPatch
from ottla.log.names import EPOCHS, PARTITION_METADATA
from ottla.log.presence import Presence
from ottla.log.segment import Segment


class Durability:
    """The syncs of one log. Invariant: `recovery_point` ≤ `flushed_offset`."""

    __slots__ = (
        "_directory",
        "_epochs",
        "_generation",
        "_names_changed",
        "_names_synced",
        "_new",
        "_presence",
        "_touched",
        "_unsynced",
        "_unsynced_indexes",
        "flushed_offset",
        "recovery_point",
        "unflushed_bytes",
    )

    def __init__(
        self, directory: Directory, presence: Presence, epochs: EpochHistory, flushed_offset: int
    ) -> None:
        self._directory = directory
        self._presence = presence
        self._epochs = epochs
        self.flushed_offset = flushed_offset
        self.recovery_point = flushed_offset
        self.unflushed_bytes = 0
        self._generation = 0
        """Truncations so far: a flush that began before one ends without effect."""
        self._new = False
        """Whether the directory's own name may not be on disk. A sync that returned ends it, not one that began."""
        self._names_changed = 0
        """Changes of the names in the directory so far."""
        self._names_synced = 0
        """How many of them are on disk."""
        self._touched = False
        self._unsynced: list[Segment] = []
        self._unsynced_indexes: list[Segment] = []

    @property
    def dirty(self) -> bool:
        return self._touched or self.unflushed_bytes > 0 or self._epochs.changed

    def created(self) -> None:
        """The log is new: neither its directory nor anything in it was ever synced."""
        self._new = self._touched = True
        self._names_changed += 1

    def recovered(self, segments: list[Segment]) -> None:
        """These sealed segments were looked at after a crash; nobody knows what of them is synced.

        Nor whether the directory knows of the segments that follow them.
        """
        self._names_changed += 1
        self._unsynced += segments
        self._unsynced_indexes += segments
        self._touched = True

    def covers(self, segment: Segment) -> bool:
        """Whether a sealed segment is on disk for certain and no flush will ask for its files any more."""
        return segment not in self._unsynced and segment not in self._unsynced_indexes

    def touched(self) -> None:
        """There is something for a checkpoint to write that no append brought."""
        self._touched = True

    def sealed(self, segment: Segment) -> None:
        """A segment ended; its batches and indexes are written, not synced."""
        self._unsynced.append(segment)
        self._names_changed += 1
        self.sealed_indexes(segment)

    def sealed_indexes(self, segment: Segment) -> None:
        """This segment's index files are written, not synced."""
        self._unsynced_indexes.append(segment)
        self._touched = True

    def dropped(self, segments: list[Segment]) -> None:
        """These segments are on their way out: nothing of them needs a sync."""
        self._unsynced = [segment for segment in self._unsynced if segment not in segments]
        self._unsynced_indexes = [segment for segment in self._unsynced_indexes if segment not in segments]
        self._names_changed += 1
        self._touched = True

    def truncated(self, end_offset: int) -> None:
        self._generation += 1
        self.flushed_offset = min(self.flushed_offset, end_offset)
        self.recovery_point = min(self.recovery_point, end_offset)
        assert self.recovery_point <= self.flushed_offset <= end_offset
        self._touched = True

    def begin(self, active: Segment, end_offset: int, *, checkpoint: bool) -> Flush:
        """Collect what is to be synced. A file that cannot be opened is an error of `Flush.sync`."""
        flush = Flush(self._directory, self._presence, end_offset, active, self._generation)
        try:
            self._collect(flush, active, checkpoint=checkpoint)
        except OSError as error:
            flush.error = error
        return flush

    def _collect(self, flush: Flush, active: Segment, *, checkpoint: bool) -> None:
        flush.held = [segment.log.hold() for segment in (*self._unsynced, active)]
        flush.unsynced = tuple(self._unsynced)
        flush.names_changed = self._names_changed
        flush.sync_directory = checkpoint or self._names_changed > self._names_synced
        flush.new = self._new
        if self._new:
            flush.new_files = (PARTITION_METADATA,) if self._directory.exists(PARTITION_METADATA) else ()
        if checkpoint:
            self._collect_checkpoint(flush, active)

    def _collect_checkpoint(self, flush: Flush, active: Segment) -> None:
        flush.checkpoint = True
        flush.patches = [
            IndexPatch(index, file.hold(create=True), index.unstored()) for index, file in active.indexes
        ]
        for segment in self._unsynced_indexes:
            flush.held += [file.hold() for _, file in segment.indexes]
        self._unsynced_indexes = []
        if self._epochs.changed:
            flush.files.append((EPOCHS, format_epochs(self._epochs.entries)))
            self._epochs.changed = False
        self.unflushed_bytes = 0
        self._touched = False

    def end(self, flush: Flush) -> bool:
        """Take note of a sync that returned. False: the log was truncated meanwhile, and it counts for nothing."""
        self._new = self._new and not flush.new
        if flush.sync_directory:
            self._names_synced = max(self._names_synced, flush.names_changed)
        if flush.generation != self._generation:
            self._touched = True
            return False
        self._unsynced = [segment for segment in self._unsynced if segment not in flush.unsynced]
        self.flushed_offset = max(self.flushed_offset, flush.end_offset)
        if flush.checkpoint:
            self.recovery_point = max(self.recovery_point, flush.end_offset)
            for index, _, unstored in flush.patches:
                index.stored_up_to(unstored.stored)
        assert self.recovery_point <= self.flushed_offset
        return True
