"""Finding out where a log ends, and cutting what a crash left half-written.

All below the recovery point was synced together with its index entries. So the work begins at the last index entry
before it: from there to the recovery point only headers are walked, from the recovery point on every batch is checked
(header, CRC-32C, offsets that ascend). After a clean stop there is no recovery point to start from: the few batches
after the last index entry show where the log ends, and nothing is checked.
"""

import logging
from collections.abc import Iterator

from ottla.core.limits import RECOVERY_CHUNK_BYTES
from ottla.log.aborted import AbortedIndex, trusted_rows
from ottla.log.epochs import EpochHistory
from ottla.log.errors import LogReadError
from ottla.log.index import OffsetIndex, TimeIndex
from ottla.log.index_files import last_offset_at, stored_counts, trusted_entries, trusted_time_entries
from ottla.log.names import ABORTED_INDEX, INDEX, TIME_INDEX
from ottla.log.producer_recovery import ProducerRecovery
from ottla.log.scan import BatchAt, ReadAt, header_at, headers
from ottla.log.segment import Segment
from ottla.records.batch import CRC_START, HEADER_BYTES
from ottla.records.crc32c import crc32c

_log = logging.getLogger(__name__)
_MAX_RELATIVE_OFFSET = (1 << 31) - 1


class Recovery:
    """One segment's way back into use: `run` leaves it ready to be appended to."""

    __slots__ = ("_end", "_epochs", "_interval_bytes", "_producers", "_segment", "cut_bytes", "next_offset")

    def __init__(
        self, segment: Segment, epochs: EpochHistory, producers: ProducerRecovery, interval_bytes: int
    ) -> None:
        self._segment = segment
        self._epochs = epochs
        self._producers = producers
        self._interval_bytes = interval_bytes
        self._end = segment.size
        self.next_offset = segment.base_offset
        """The offset after the last good batch."""
        self.cut_bytes = 0
        """How many bytes were no good and are gone."""

    def run(self, recovery_point: int | None) -> None:
        """Find the end. `recovery_point` None: the log was closed properly and is believed."""
        segment = self._segment
        position, checked_from = self._start(recovery_point), recovery_point
        if position < 0:
            position, checked_from = 0, segment.base_offset
        valid, damage = self._walk(position, checked_from)
        if damage is not None:
            self._cut(valid, damage)
        segment.end = valid
        if recovery_point is not None:
            segment.cut_indexes()

    def _walk(self, position: int, checked_from: int | None) -> tuple[int, LogReadError | None]:
        """Take every good batch from `position` on into the indexes; where they end, and why they do."""
        valid = position
        try:
            for batch in self._batches(position, checked_from):
                if batch.leader_epoch > self._epochs.latest:
                    self._epochs.assign(batch.leader_epoch, batch.base_offset)
                self._segment.note(batch, self._interval_bytes)
                self._producers.walked(batch, self._segment)
                self.next_offset = batch.last_offset + 1
                valid = batch.position + batch.size
        except LogReadError as damage:
            return valid, damage
        return valid, None

    def _start(self, recovery_point: int | None) -> int:
        """Load what can be believed of the indexes; where to begin, -1 when nothing can be believed."""
        segment = self._segment
        if recovery_point is not None:
            segment.use_aborted(AbortedIndex(self._rows(recovery_point)))
        counts = self._counts(recovery_point) or (0, 0)
        index = OffsetIndex(segment.base_offset, counts[0])
        segment.use_indexes(index, TimeIndex(segment.base_offset, counts[1]))
        offset, position = index.absolute(segment.read_index, counts[0] - 1)
        if counts[0] and last_offset_at(segment.read, position, self._end) != offset:
            _log.warning("%s: its index points at no batch, checking the whole segment", segment)
            segment.use_indexes(OffsetIndex(segment.base_offset, 0), TimeIndex(segment.base_offset, 0))
            position = -1
        segment.max_timestamp, segment.max_timestamp_offset = segment.time_index.last(segment.read_time_index)
        return position

    def _counts(self, recovery_point: int | None) -> tuple[int, int] | None:
        segment = self._segment
        directory, names = segment.directory, (segment.name(INDEX), segment.name(TIME_INDEX))
        if recovery_point is None:
            return stored_counts(directory, *names)
        relative = max(recovery_point - segment.base_offset, 0)
        try:
            index, time_index = directory.read(names[0]), directory.read(names[1])
        except FileNotFoundError:
            return None
        return trusted_entries(index, relative, self._end), trusted_time_entries(time_index, relative)

    def _rows(self, recovery_point: int) -> bytes | None:
        """What of the index of aborted transactions was synced with the recovery point."""
        name = self._segment.name(ABORTED_INDEX)
        there = self._segment.directory.exists(name)
        return trusted_rows(self._segment.directory.read(name), recovery_point) if there else None

    def _batches(self, position: int, checked_from: int | None) -> Iterator[BatchAt]:
        """From `position` on, those before the offset `checked_from` by their headers alone."""
        read, end = self._segment.read, self._end
        for batch in headers(read, position, end):
            if checked_from is not None and batch.base_offset >= checked_from:
                position = batch.position
                break
            if batch.base_offset < self.next_offset:
                raise LogReadError(f"offset {batch.base_offset} at byte {batch.position} does not ascend")
            yield batch
            position = batch.position + batch.size
        yield from checked_batches(read, position, end, self.next_offset, self._segment.base_offset)

    def _cut(self, valid: int, damage: LogReadError) -> None:
        self.cut_bytes = self._end - valid
        _log.warning(
            "%s: cutting the last %d bytes, which no crash-safe write finished: %s",
            self._segment, self.cut_bytes, damage.message,
        )  # fmt: skip
        self._segment.log.truncate(valid)


def checked_batches(
    read: ReadAt, position: int, end: int, next_offset: int, segment_base_offset: int
) -> Iterator[BatchAt]:
    """Every batch from `position` on, its bytes checked too. Raises LogReadError at the first that is no good."""
    start, chunk = position, memoryview(b"")
    while position < end:
        index = position - start
        if index + _size_at(chunk, index) > len(chunk):
            start, index, chunk = position, 0, _chunk(read, position, end)
        batch = header_at(chunk, index, position)
        if batch.base_offset < next_offset or batch.last_offset - segment_base_offset > _MAX_RELATIVE_OFFSET:
            raise LogReadError(
                f"offset {batch.base_offset} at byte {position} cannot follow {next_offset - 1}"
            )
        stored = int.from_bytes(chunk[index + CRC_START - 4 : index + CRC_START], "big")
        if crc32c(chunk[index + CRC_START : index + batch.size]) != stored:
            raise LogReadError(f"the batch at byte {position} has a wrong checksum")
        yield batch
        position, next_offset = position + batch.size, batch.last_offset + 1


def _chunk(read: ReadAt, position: int, end: int) -> memoryview:
    """The file from `position` on, at least the whole batch that begins there."""
    chunk = memoryview(read(min(RECOVERY_CHUNK_BYTES, end - position), position))
    size = _size_at(chunk, 0)
    if size > end - position:
        raise LogReadError(f"the batch at byte {position} goes on after the end of the file")
    return chunk if size <= len(chunk) else memoryview(read(size, position))


def _size_at(chunk: memoryview, index: int) -> int:
    """The size of the batch at `index` as far as the chunk tells: at least a header's."""
    if len(chunk) - index < HEADER_BYTES:
        return HEADER_BYTES
    return max(int.from_bytes(chunk[index + 8 : index + 12], "big", signed=True) + 12, HEADER_BYTES)
