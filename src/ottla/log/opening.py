"""From a partition's directory to a log that can be used, after a clean stop or a crash."""

import logging
from dataclasses import dataclass, field
from typing import NamedTuple

from ottla.log.checkpoint import format_partition_metadata, parse_epochs
from ottla.log.config import NEVER, LogConfig
from ottla.log.directory import Directory
from ottla.log.epochs import EpochHistory
from ottla.log.loading import load_segments
from ottla.log.names import DELETED, EPOCHS, PARTITION_METADATA
from ottla.log.producer_recovery import ProducerRecovery
from ottla.log.producers import Producers
from ottla.log.recovery import Recovery
from ottla.log.segment import Segment
from ottla.log.segments import Segments
from ottla.log.snapshot_files import SnapshotFiles

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Opened:
    """What opening found out. `flushed_offset`: all before it was synced."""

    segments: Segments
    epochs: EpochHistory
    log_start_offset: int
    log_end_offset: int
    flushed_offset: int
    snapshots: SnapshotFiles
    producers: Producers = field(default_factory=Producers)
    cut_bytes: int = 0
    new: bool = False
    touched: bool = False
    recovered: list[Segment] = field(default_factory=list)
    """Sealed segments that were looked at after a crash: what was found has to be synced."""


class Found(NamedTuple):
    """What lies in a partition's directory."""

    directory: Directory
    row: list[Segment]
    snapshots: SnapshotFiles
    epochs: EpochHistory


def create_files(
    directory: Directory, config: LogConfig, topic_id: bytes, now_ms: int, offset: int = 0
) -> Opened:
    """A new partition's directory: its metadata and an empty segment. Nothing is synced yet. Raises OSError."""
    directory.make()
    directory.put(PARTITION_METADATA, format_partition_metadata(topic_id))
    segment = _first_segment(directory, config, now_ms, offset)
    row, snapshots = Segments(directory, [segment]), SnapshotFiles(directory)
    return Opened(row, EpochHistory(), offset, offset, offset, snapshots, new=True)


def _first_segment(directory: Directory, config: LogConfig, now_ms: int, offset: int) -> Segment:
    segment = Segment(directory, offset)
    segment.create(now_ms, config.segment_bytes if config.preallocate else 0)
    return segment


def open_files(
    directory: Directory, config: LogConfig, now_ms: int, recovery_point: int | None, log_start_offset: int
) -> Opened:
    """Load the segments and find the end. `recovery_point` None: closed properly. Raises OSError."""
    found = Found(directory, *load_segments(directory), _load_epochs(directory))
    row, epochs = found.row, found.epochs
    opened = _recover(found, config, recovery_point) if row else None
    if opened is not None and recovery_point is not None and recovery_point > opened.log_end_offset:
        opened = _recover(found, config, 0)  # it speaks of batches that are gone: trust nothing
    if opened is None or opened.log_end_offset < log_start_offset:
        opened = _start_over(found, config, now_ms, log_start_offset)
    opened.segments.active.created_ms = now_ms
    opened.log_start_offset = max(log_start_offset, opened.segments[0].base_offset)
    if opened.producers and not opened.snapshots.has(opened.flushed_offset):
        opened.touched = True
    epochs.truncate_from_end(opened.log_end_offset)
    epochs.truncate_from_start(opened.log_start_offset)
    return opened


def _load_epochs(directory: Directory) -> EpochHistory:
    """The history on disk; an empty one where there is none. The batches tell what a damaged file no longer does."""
    try:
        return EpochHistory(parse_epochs(directory.read(EPOCHS)))
    except FileNotFoundError:
        return EpochHistory()
    except ValueError as error:
        _log.warning(
            "%s: %s is damaged (%s), starting from what the batches say", directory.path, EPOCHS, error
        )
        return EpochHistory()


def _recover(found: Found, config: LogConfig, recovery_point: int | None) -> Opened:
    """Look at the active segment, and after a crash at all from the one with the offset before the recovery point on.

    That one may have ended since the checkpoint, and the last entry of its time index be lost.
    """
    directory, row, snapshots, epochs = found
    producers = ProducerRecovery(
        snapshots, NEVER if recovery_point is None else max(recovery_point, row[0].base_offset)
    )
    first = len(row) - 1
    if recovery_point is not None:
        first = Segments(directory, row).number_of(max(recovery_point - 1, 0))
    cut_bytes, next_offset, looked_at = 0, row[first].base_offset, []
    for number in range(first, len(row)):
        recovery = Recovery(row[number], epochs, producers, config.index_interval_bytes)
        recovery.run(recovery_point)
        looked_at.append(row[number])
        cut_bytes += recovery.cut_bytes
        next_offset = recovery.next_offset
        if number + 1 < len(row) and (recovery.cut_bytes or _hole(recovery, row[number + 1], recovery_point)):
            _drop_after(directory, row, number)
            break
        if number + 1 < len(row):
            row[number].seal()
            producers.segment_ended(row[number + 1].base_offset)
    flushed_offset = min(recovery_point, next_offset) if recovery_point is not None else next_offset
    segments = Segments(directory, row)
    opened = Opened(segments, epochs, 0, next_offset, flushed_offset, snapshots)
    opened.producers = producers.finished(segments, next_offset)
    opened.cut_bytes, opened.touched = cut_bytes, segments.active.unwritten
    if recovery_point is not None and (next_offset > flushed_offset or cut_bytes or len(looked_at) > 1):
        opened.recovered, opened.touched = looked_at[:-1], True
    opened.new = recovery_point == 0  # never checkpointed, so perhaps never synced at all
    return opened


def _hole(recovery: Recovery, following: Segment, recovery_point: int | None) -> bool:
    """Whether a power cut took batches between two segments. Before the recovery point it was compaction.

    Or it brought back a segment that had been dropped, and whose offsets were given again since.
    """
    if recovery.next_offset > following.base_offset:
        return True
    return recovery_point is not None and recovery_point <= recovery.next_offset < following.base_offset


def _drop_after(directory: Directory, row: list[Segment], number: int) -> None:
    """What follows a damaged segment cannot be reached any more without a hole in the offsets."""
    _log.warning("%s: dropping %d segments after a damaged one", directory.path, len(row) - number - 1)
    for segment in row[number + 1 :]:
        segment.rename(DELETED)
    del row[number + 1 :]


def _start_over(found: Found, config: LogConfig, now_ms: int, offset: int) -> Opened:
    """No segments, or all of them lie before the log start offset: begin there with an empty one."""
    directory, row, snapshots, epochs = found
    if row:
        _log.warning(
            "%s: its batches end before the log start offset %d, dropping them", directory.path, offset
        )
    for segment in row:
        segment.rename(DELETED)
    epochs.clear()
    snapshots.remove_after(-1)
    segment = _first_segment(directory, config, now_ms, offset)
    segments = Segments(directory, [segment])
    return Opened(segments, epochs, offset, offset, offset, snapshots, touched=True)
