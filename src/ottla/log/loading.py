"""From a partition directory's listing to its segments, after tidying up what a crash interrupted.

- `.deleted` files were on their way out: removed.
- `.cleaned` files are a compaction that did not finish: removed.
- `.swap` files are one that did: the segments that they replace go, then they take their plain names.
- an index without its log is of no use: removed.
- `.snapshot.tmp` is a snapshot that was not finished: removed.
"""

import logging

from ottla.log.config import NEVER
from ottla.log.directory import Directory
from ottla.log.names import (
    CLEANED,
    DELETED,
    LOG,
    SEGMENT_FILES,
    SNAPSHOT,
    SWAP,
    TEMPORARY,
    base_offset,
)
from ottla.log.scan import headers
from ottla.log.segment import Segment
from ottla.log.snapshot_files import SnapshotFiles

_log = logging.getLogger(__name__)
_UNFINISHED_SNAPSHOT = SNAPSHOT + TEMPORARY


def load_segments(directory: Directory) -> tuple[list[Segment], SnapshotFiles]:
    """The segments of a partition, by base offset, and the snapshots of its producers; no file is opened."""
    names = directory.names()
    if any(name.endswith((DELETED, CLEANED, SWAP, _UNFINISHED_SNAPSHOT)) for name in names):
        names = _tidy(directory, names)
    bases = sorted(
        offset for name in names if name.endswith(LOG) and (offset := base_offset(name)) is not None
    )
    if len(names) > 3 * len(bases):
        _remove_orphans(directory, names, set(bases))
    snapshots = [
        offset for name in names if name.endswith(SNAPSHOT) and (offset := base_offset(name)) is not None
    ]
    return [Segment(directory, base) for base in bases], SnapshotFiles(directory, snapshots)


def _tidy(directory: Directory, names: list[str]) -> list[str]:
    first_unfinished = min((_base(name) for name in names if name.endswith(CLEANED)), default=NEVER)
    for name in names:
        interrupted = name.endswith(SWAP) and _base(name) >= first_unfinished
        if name.endswith((DELETED, CLEANED, _UNFINISHED_SNAPSHOT)) or interrupted:
            directory.remove(name)
    _finish_swaps(directory, [name for name in directory.names() if name.endswith(SWAP)])
    directory.sync()
    return directory.names()


def _finish_swaps(directory: Directory, swaps: list[str]) -> None:
    """Replace the segments that the swapped-in ones were made from."""
    replacements = [Segment(directory, _base(name), SWAP) for name in swaps if name.endswith(LOG + SWAP)]
    if replacements:
        start = min(segment.base_offset for segment in replacements)
        end = max(_next_offset(segment) for segment in replacements)
        for name in directory.names():
            offset = base_offset(name)
            if offset is not None and start <= offset < end and name.endswith(SEGMENT_FILES):
                directory.remove(name)
    for name in swaps:
        _log.info("%s: finishing an interrupted swap of %s", directory.path, name)
        directory.rename(name, name.removesuffix(SWAP))


def _base(name: str) -> int:
    """The base offset in the name; files that have none come last."""
    offset = base_offset(name)
    return NEVER if offset is None else offset


def _next_offset(segment: Segment) -> int:
    next_offset = segment.base_offset
    for batch in headers(segment.read, 0, segment.size):
        next_offset = batch.last_offset + 1
    return next_offset


def _remove_orphans(directory: Directory, names: list[str], bases: set[int]) -> None:
    for name in names:
        offset = base_offset(name)
        if offset is not None and offset not in bases and name.endswith(SEGMENT_FILES[1:]):
            _log.warning("%s: removing %s, whose log is gone", directory.path, name)
            directory.remove(name)
