"""One partition on disk: a row of segments, of which the last is appended to.

Offsets, all exclusive but the first: `log_start_offset` ≤ `last_stable_offset` ≤ `high_watermark` ≤ `log_end_offset`.
On disk for certain is what lies before `flushed_offset`; a restart looks only at what lies after `recovery_point`,
which is never more.

A `Log` belongs to one thread. An append costs one system call: index entries stay in memory until a checkpoint.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.aborted import AbortedTransaction
from ottla.log.config import LogConfig
from ottla.log.directory import Directory
from ottla.log.errors import LogWriteError
from ottla.log.names import LOG
from ottla.log.opening import Opened
from ottla.log.producer_recovery import read_producers
from ottla.log.producers import NO_PRODUCER_ID
from ottla.log.rolling import RollLimits
from ottla.log.segment import Segment
from ottla.log.stored_log import StoredLog
from ottla.records.batch import Batch
from ottla.records.control import ControlType, EndTransactionMarker

_head = struct.Struct(">qiib").pack
_HEAD_BYTES = 17
_LOG_APPEND_TIME = 0x08


class Appended(NamedTuple):
    """Where a batch went. `append_time_ms` is -1 unless the broker's clock stamped the records."""

    base_offset: int
    last_offset: int
    append_time_ms: int


class Log(StoredLog):
    """What changes a log: appending, rolling, and taking away from either end."""

    __slots__ = ("_limits",)

    def __init__(
        self, directory: Directory, config: LogConfig, opened: Opened, high_watermark: int = 0
    ) -> None:
        super().__init__(directory, config, opened, high_watermark)
        self._limits = RollLimits()

    @property
    def config(self) -> LogConfig:
        return self._config

    @config.setter
    def config(self, config: LogConfig) -> None:
        self._config = config
        self._limits.forget()

    # ── append ────────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, batch: Batch, leader_epoch: int, now_ms: int) -> Appended:
        """Number a validated batch and write it: the new head and the caller's bytes, in one call.

        Raises LogWriteError; then nothing of the batch is in the log. (Long for speed: every message passes here.)
        """
        base_offset = self.log_end_offset
        last_offset = base_offset + batch.last_offset_delta
        size = batch.batch_length + 12
        max_timestamp = batch.max_timestamp
        segment, limits = self.segments.active, self._limits
        position = segment.end
        if (  # RollLimits.passed, without the call
            position + size > limits.bytes
            or max_timestamp > limits.timestamp
            or last_offset > limits.offset
            or now_ms > limits.now_ms
            or position >= limits.position
        ):
            segment = self._room_for(size, last_offset, max_timestamp, now_ms)
            position = segment.end
        if leader_epoch != self._leader_epoch:
            self._assign_epoch(leader_epoch, base_offset)
        head = _head(base_offset, batch.batch_length, leader_epoch, 2)
        parts = (head, batch.buffer[_HEAD_BYTES:])
        try:
            written = segment.log.write(parts, position)
            if written != size:
                self._write_rest(segment, b"".join(parts), position, written)
        except OSError as error:
            raise self._undo(segment, position, error) from error
        self.log_end_offset = last_offset + 1
        self._durability.unflushed_bytes += size
        segment.end = position + size
        if batch.producer_id != NO_PRODUCER_ID:
            self.producers.appended(batch, base_offset)
        if max_timestamp > segment.max_timestamp:
            segment.max_timestamp, segment.max_timestamp_offset = max_timestamp, last_offset
        if position - segment.indexed_position > self._config.index_interval_bytes:
            segment.add_entry(last_offset, position)
            limits.forget()
        if position == 0:
            segment.first_timestamp = max_timestamp
            limits.forget()
        return Appended(
            base_offset, last_offset, max_timestamp if batch.attributes & _LOG_APPEND_TIME else -1
        )

    def append_marker(
        self, batch: Batch, marker: EndTransactionMarker, leader_epoch: int, now_ms: int
    ) -> Appended:
        """Append the control batch that holds `marker`: its producer's transaction ends. Raises LogWriteError."""
        appended = self.append(batch, leader_epoch, now_ms)
        self.producers.unstable.forget_before(self.high_watermark)
        ended = self.producers.ended(batch, marker.coordinator_epoch, appended.base_offset)
        if ended is not None and marker.control_type is ControlType.ABORT:
            self.aborted.add(AbortedTransaction(*ended))
        return appended

    def _room_for(self, size: int, last_offset: int, max_timestamp: int, now_ms: int) -> Segment:
        """The segment to append to, after working out the limits and rolling where they are passed."""
        if self.offline:
            raise LogWriteError(f"{self.directory.path} is offline: its disk failed, or it was deleted")
        segment, limits = self.segments.active, self._limits
        limits.work_out(segment, self._config)
        if limits.passed(segment.size, size, max_timestamp, last_offset, now_ms):
            self.roll(now_ms)
        return self.segments.active

    def _write_rest(self, segment: Segment, batch: bytes, position: int, written: int) -> None:
        """The kernel took only a part: go on until it takes all or says why not."""
        while written < len(batch):
            written += segment.log.write((batch[written:],), position + written)

    def _undo(self, segment: Segment, position: int, error: OSError) -> LogWriteError:
        """Take back what a failed append may have written."""
        try:
            segment.log.truncate(position)
        except OSError:
            self.offline = True
            self._limits.forget()
        return LogWriteError(f"{self.directory.path}: {error.strerror or error}")

    def sync_failed(self) -> None:
        super().sync_failed()
        self._limits.forget()

    def begin_epoch(self, leader_epoch: int) -> None:
        """A leader takes over: what is appended from here on is its, also while nothing is."""
        if leader_epoch != self._leader_epoch:
            self._assign_epoch(leader_epoch, self.log_end_offset)

    def _assign_epoch(self, leader_epoch: int, start_offset: int) -> None:
        self._epochs.assign(leader_epoch, start_offset)
        self._leader_epoch = leader_epoch

    def roll(self, now_ms: int) -> None:
        """Start a new segment at the log end offset. Raises LogWriteError; then the old one goes on."""
        old, new = self.segments.active, Segment(self.directory, self.log_end_offset)
        if old.base_offset == new.base_offset:
            return
        try:
            new.create(now_ms, self._config.segment_bytes if self._config.preallocate else 0)
            old.seal()
            if self._config.preallocate:
                old.log.truncate(old.size)
        except OSError as error:
            new.close()
            self.directory.remove(new.name(LOG))
            raise LogWriteError(f"{self.directory.path}: cannot start a segment: {error}") from error
        self._durability.sealed(old)
        self.segments.add(new)
        if self.producers:
            self._snapshots.rolled(new.base_offset, self.producers)
        self._limits.work_out(new, self._config)

    # ── taking away ───────────────────────────────────────────────────────────────────────────────────────────

    def delete_records(self, offset: int) -> int:
        """Raise the log start offset (-1: to the high watermark); the new one. Raises KafkaError above it."""
        target = self.high_watermark if offset == -1 else offset
        if not 0 <= target <= self.high_watermark:
            raise KafkaError(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                f"offset {target} is not between 0 and the high watermark, {self.high_watermark}",
            )
        self.raise_log_start_offset(target)
        return self.log_start_offset

    def raise_log_start_offset(self, offset: int) -> None:
        """Hide all before `offset`. The files go with the next `delete_old_segments`."""
        if offset > self.log_start_offset:
            self.log_start_offset = offset
            self.high_watermark = max(self.high_watermark, offset)
            assert self.high_watermark <= self.log_end_offset
            self._epochs.truncate_from_start(offset)
            self._durability.touched()

    def delete_old_segments(self, now_ms: int) -> list[str]:
        """Retention: drop what is too old, too much or hidden. Files to `remove_files` after `file.delete.delay.ms`."""
        segments = self.segments
        count = segments.expired(
            self._config, now_ms, self.log_start_offset, self.high_watermark, self.log_end_offset
        )
        if count == 0:
            return []
        if count == len(segments):
            self.roll(now_ms)
        old = segments[:count]
        doomed = segments.drop(0, count)
        self.aborted.forget()
        self._durability.dropped(old)
        self.raise_log_start_offset(segments[0].base_offset)
        return doomed

    def remove_files(self, names: list[str]) -> None:
        """Remove dropped files. Any thread."""
        for name in names if not self._presence.gone else ():
            self.directory.remove(name)

    def truncate_to(self, offset: int, now_ms: int) -> list[str]:
        """Drop all from `offset` on (a follower that diverged). Files to remove later.

        The recovery points must be written before the next append: those on disk may lie after it now.
        """
        if offset >= self.log_end_offset:
            return []
        segments = self.segments
        if offset <= segments[0].base_offset:
            return self.truncate_fully_and_start_at(offset, now_ms)
        number = segments.number_of(offset)
        segment = segments[number]
        found = segment.find(offset, segment.read, segment.read_index)
        position, end_offset = segment.size, offset
        if found is not None:
            position, end_offset = found.position, min(offset, max(found.base_offset, self.log_start_offset))
        with self._or_offline():
            dropped = segments[number + 1 :]
            doomed = segments.drop(number + 1, len(segments))
            self._durability.dropped(dropped)
            segment.truncate(position, end_offset, now_ms)
            self._ends_at(end_offset)
        return doomed

    def truncate_fully_and_start_at(self, offset: int, now_ms: int) -> list[str]:
        """Drop everything and go on at `offset`. Files to remove later. Recovery points: see `truncate_to`."""
        with self._or_offline():
            dropped = self.segments[:]
            doomed = self.segments.start_over(Segment(self.directory, offset), now_ms)
            self._durability.dropped(dropped)
            self._epochs.clear()
            self._snapshots.remove_after(-1)
            self.log_start_offset = offset
            self._ends_at(offset)
        return doomed

    @contextmanager
    def _or_offline(self) -> Iterator[None]:
        """Of what the disk refused halfway nothing is known but that the log must not go on."""
        try:
            yield
        except OSError:
            self.sync_failed()
            raise

    def _ends_at(self, end_offset: int) -> None:
        self.log_end_offset = end_offset
        self.log_start_offset = min(self.log_start_offset, end_offset)
        self.high_watermark = max(min(self.high_watermark, end_offset), self.log_start_offset)
        self._durability.truncated(end_offset)
        self._epochs.truncate_from_end(end_offset)
        self._leader_epoch = self._epochs.latest
        if self.producers or self._snapshots.offsets:
            ended = self.producers.unstable.ended_before(end_offset)
            self.producers = read_producers(self._snapshots, self.segments, end_offset)
            self.producers.unstable.remember_ended(ended)
            self._snapshots.truncated(end_offset, self.producers)
        self._reader.forget()
        self._limits.forget()
        self.aborted.forget()
        assert self.log_start_offset <= self.high_watermark <= self.log_end_offset

    def swap_segments(self, replaced: list[Segment], cleaned: list[Segment]) -> list[str]:
        """Compaction: put synced `.cleaned` segments in the place of sealed ones. Files to remove later.

        Raises OSError; then the log is offline, and readers find the old records.
        """
        with self._or_offline():
            doomed = self.segments.swap(replaced, cleaned)
            self._durability.dropped(replaced)
        self._reader.forget()
        self.aborted.forget()
        return doomed
