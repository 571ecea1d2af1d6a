"""A log as it lies on disk: what can be read from it, looked up in it, and synced of it.

`ottla.log.log` is the whole of it, with what changes a log.
"""

from typing import Self

from ottla.log.aborted_transactions import AbortedTransactions
from ottla.log.config import LogConfig
from ottla.log.directory import Directory
from ottla.log.durability import Durability
from ottla.log.errors import OffsetOutOfRange
from ottla.log.flush import Flush
from ottla.log.lookup import Lookup, OffsetAndTimestamp
from ottla.log.opening import Opened, create_files, open_files
from ottla.log.presence import Presence
from ottla.log.reader import Reader
from ottla.log.reading import Read
from ottla.log.segment import Segment


class StoredLog:
    """See `ottla.log.log`. Made by `create` or `open`."""

    __slots__ = (
        "_config",
        "_durability",
        "_epochs",
        "_leader_epoch",
        "_presence",
        "_reader",
        "_snapshots",
        "aborted",
        "directory",
        "high_watermark",
        "log_end_offset",
        "log_start_offset",
        "offline",
        "producers",
        "recovered_bytes_cut",
        "segments",
    )

    def __init__(
        self, directory: Directory, config: LogConfig, opened: Opened, high_watermark: int = 0
    ) -> None:
        self.directory = directory
        self.segments = opened.segments
        self.log_start_offset = opened.log_start_offset
        self.log_end_offset = opened.log_end_offset
        self.high_watermark = max(opened.log_start_offset, min(high_watermark, opened.log_end_offset))
        """Set by the partition's owner, as replicas and syncs advance."""
        self.offline = False
        """The disk failed in a way that leaves the log's end unknown: no append until it is opened again."""
        self.recovered_bytes_cut = opened.cut_bytes
        """Bytes at the end that opening found half-written."""
        self.producers = opened.producers
        """The producers of what is in the log, and their transactions. Another object after a truncation."""
        self.aborted = AbortedTransactions(opened.segments)
        """The aborted transactions of what is in the log."""
        self._snapshots = opened.snapshots
        self._config = config
        self._epochs = opened.epochs
        self._leader_epoch = opened.epochs.latest
        self._presence = Presence()
        self._reader = Reader(opened.segments, self._presence)
        self._durability = Durability(directory, self._presence, opened.epochs, opened.flushed_offset)
        assert self.log_start_offset <= self.high_watermark <= self.log_end_offset
        assert self.recovery_point <= self.flushed_offset <= self.log_end_offset
        if opened.new:
            self._durability.created()
        if opened.touched:
            self._durability.touched()
        if opened.recovered:
            self._durability.recovered(opened.recovered)

    @classmethod
    def create(cls, directory: Directory, config: LogConfig, topic_id: bytes, now_ms: int) -> Self:
        """Make a partition's directory with an empty log. It is on disk for certain after the first flush."""
        return cls(directory, config, create_files(directory, config, topic_id, now_ms))

    @classmethod
    def open(
        cls,
        directory: Directory,
        config: LogConfig,
        *,
        now_ms: int,
        recovery_point: int | None = None,
        log_start_offset: int = 0,
        high_watermark: int = 0,
    ) -> Self:
        """Open a partition. `recovery_point` None: it was closed properly, nothing is checked.

        Raises OSError where the disk refuses.
        """
        opened = open_files(directory, config, now_ms, recovery_point, log_start_offset)
        return cls(directory, config, opened, high_watermark)

    def __repr__(self) -> str:
        return f"Log({self.directory.path}, {self.log_start_offset}..{self.log_end_offset})"

    @property
    def last_stable_offset(self) -> int:
        """Where a read_committed reader must stop. See `ottla.log.unstable`."""
        unstable = self.producers.unstable
        if not unstable.count:
            return self.high_watermark
        first_offset = max(unstable.first_offset(self.high_watermark), self.log_start_offset)
        return min(first_offset, self.high_watermark)

    @property
    def flushed_offset(self) -> int:
        """The first offset that is not known to be on disk."""
        return self._durability.flushed_offset

    @property
    def recovery_point(self) -> int:
        """The first offset that a restart after a crash would look at."""
        return self._durability.recovery_point

    @property
    def unflushed_messages(self) -> int:
        return self.log_end_offset - self._durability.flushed_offset

    @property
    def unflushed_bytes(self) -> int:
        """Bytes appended since the last checkpoint."""
        return self._durability.unflushed_bytes

    @property
    def dirty(self) -> bool:
        """Whether a checkpoint has anything to write."""
        return self._durability.dirty

    @property
    def size_bytes(self) -> int:
        """Bytes of batches on disk, which DescribeLogDirs reports and `retention.bytes` limits."""
        return self.segments.size_bytes

    # ── read ──────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, offset: int, max_bytes: int, end_offset: int, at_least_one: bool = True) -> Read:
        """Whole batches from the one that holds `offset` up to `end_offset`, at most `max_bytes` of them.

        `at_least_one`: the first batch comes however large it is. The answer ends with its segment. It may be `cold`;
        see `Read`. Raises OffsetOutOfRange.
        """
        if not self.log_start_offset <= offset <= self.log_end_offset or self._presence.gone:
            raise OffsetOutOfRange(offset, self.log_start_offset, self.log_end_offset)
        log_end_offset = self.log_end_offset
        end_offset = min(end_offset, log_end_offset)
        return self._reader.read(offset, max(max_bytes, 0), end_offset, log_end_offset, at_least_one)

    # ── by time and by epoch ──────────────────────────────────────────────────────────────────────────────────

    def earliest(self) -> OffsetAndTimestamp:
        """The log start offset, with the leader epoch of the record there."""
        return OffsetAndTimestamp(self.log_start_offset, -1, self._epochs.at(self.log_start_offset))

    def offset_for_timestamp(self, timestamp: int) -> OffsetAndTimestamp | None:
        """The first record at or after `timestamp` (ms), None when there is none."""
        return Lookup(self.segments, self.log_start_offset, self._epochs).first_at(timestamp)

    def latest_by_timestamp(self) -> OffsetAndTimestamp | None:
        """The record with the greatest timestamp, None in a log without any."""
        return Lookup(self.segments, self.log_start_offset, self._epochs).greatest()

    def end_offset_for_epoch(self, leader_epoch: int) -> tuple[int, int]:
        """The greatest epoch ≤ `leader_epoch` and its end offset; (-1, -1) for one that is newer than all."""
        return self._epochs.end_offset(leader_epoch, self.log_end_offset)

    @property
    def epochs(self) -> tuple[tuple[int, int], ...]:
        """Each leader epoch with its first offset, the oldest first."""
        return self._epochs.entries

    # ── disk ──────────────────────────────────────────────────────────────────────────────────────────────────

    def begin_flush(self, *, checkpoint: bool = False) -> Flush:
        """Collect what is to be synced now. `checkpoint`: so that a restart need not look at it (costs more)."""
        flush = self._durability.begin(self.segments.active, self.log_end_offset, checkpoint=checkpoint)
        if checkpoint and self.producers:
            flush.snapshot = True
            flush.files.append(self._snapshots.content(self.log_end_offset, self.producers))
        return flush

    def end_flush(self, flush: Flush) -> None:
        """Take note that `flush.sync` returned. After a sync that raised, call `sync_failed` instead."""
        if self._durability.end(flush):
            assert self.flushed_offset <= self.log_end_offset
            self._reader.remember(flush.end_offset, flush.active, flush.end_position)
            if flush.checkpoint:
                self._snapshots.checkpointed(flush.end_offset, written=flush.snapshot, told=flush.told)
        elif flush.checkpoint:
            self.segments.active.cut_indexes()
            if flush.snapshot:
                self._snapshots.voided(flush.end_offset)

    def is_settled(self, segment: Segment) -> bool:
        """Whether a sealed segment is on disk for certain and no flush will ask for its files any more."""
        return self._durability.covers(segment)

    def sync_failed(self) -> None:
        """After a failed sync the kernel may have dropped what was to be written: the log is offline."""
        self.offline = True

    def checkpoint(self) -> None:
        """A whole checkpoint on this thread; waits for the disk. Raises OSError."""
        flush = self.begin_flush(checkpoint=True)
        try:
            flush.sync()
        except OSError:
            self.sync_failed()
            raise
        self.end_flush(flush)

    def seal(self) -> None:
        """Bring the active segment's files into the shape of a clean stop, unsynced; the next checkpoint syncs them."""
        active = self.segments.active
        if self.dirty or active.unwritten:
            active.seal()
            self._durability.sealed_indexes(active)
            if self._config.preallocate:
                active.log.truncate(active.size)

    def close(self) -> None:
        """Leave files that a restart takes without a look; waits for the disk. Raises OSError."""
        if not self.offline:
            self.seal()
            if self.dirty:
                self.checkpoint()
        self.abandon()

    def taken_away(self) -> None:
        """The log's directory is about to get another name: nothing is written or read under the old one any more."""
        self._presence.leave()
        self.sync_failed()
        self.abandon()

    def abandon(self) -> None:
        """Let go of all open files, as they are."""
        for segment in self.segments:
            segment.close()
