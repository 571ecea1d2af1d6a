"""The files of a compaction: sealed segments read by a worker thread, and the `.cleaned` ones it writes.

Only what `Directory` allows any thread is used, and never a `Segment` of the log's own thread.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ottla.core.limits import COMPACTION_CHUNK_BYTES
from ottla.log.aborted import AbortedTransaction
from ottla.log.config import LogConfig
from ottla.log.directory import Directory
from ottla.log.errors import LogReadError
from ottla.log.names import CLEANED, INDEX, LOG, SEGMENT_FILES, TIME_INDEX, segment_name
from ottla.log.scan import header_at
from ottla.log.segment import Segment
from ottla.records.batch import HEADER_BYTES, Batch
from ottla.records.errors import CorruptRecordError
from ottla.wire.types import Buffer

_MAX_RELATIVE_OFFSET = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """A sealed segment that takes part. `segment` is only there to be recognized when the swap comes."""

    segment: Segment
    base_offset: int
    end_offset: int
    size: int

    @property
    def name(self) -> str:
        return segment_name(self.base_offset, LOG)

    def batches(self, directory: Directory) -> Iterator[Batch]:
        """Every batch, from the file. Raises LogReadError, CorruptRecordError, OSError."""
        position, start = 0, 0
        chunk = memoryview(b"")
        while position < self.size:
            index = position - start
            size = _size_at(chunk, index)
            if index + size > len(chunk):
                wanted = min(max(size, COMPACTION_CHUNK_BYTES), self.size - position)
                start, index, chunk = (
                    position,
                    0,
                    memoryview(directory.read_range(self.name, wanted, position)),
                )
                if len(chunk) < size or size > self.size - position:
                    raise LogReadError(f"{self.name}: the batch at byte {position} is cut")
                if _size_at(chunk, 0) > len(chunk):
                    continue  # now its size is known
            batch = Batch(chunk, index)
            if not batch.crc_is_valid():  # or a damaged key could take another key's records with it
                raise CorruptRecordError(f"{self.name}: {batch!r} at byte {position} has a wrong checksum")
            yield batch
            position += batch.size_in_bytes


def _size_at(chunk: memoryview, index: int) -> int:
    """The size of the batch at `index`; a header's where the chunk does not tell."""
    if len(chunk) - index < HEADER_BYTES:
        return HEADER_BYTES
    return max(int.from_bytes(chunk[index + 8 : index + 12], "big", signed=True) + 12, HEADER_BYTES)


def grouped(directory: Directory, sources: Iterable[Source], config: LogConfig) -> list[list[Source]]:
    """Neighbours that fit one segment: by bytes, by index entries, by the reach of relative offsets."""
    groups: list[list[Source]] = []
    sizes = [0, 0, 0]
    limits = (config.segment_bytes, config.segment_index_bytes, config.segment_index_bytes)
    for source in sources:
        more = [source.size, *(_size(directory, source.base_offset, each) for each in (INDEX, TIME_INDEX))]
        sizes = [sum(pair) for pair in zip(sizes, more, strict=True)]
        fits = all(size <= limit for size, limit in zip(sizes, limits, strict=True))
        if groups and fits and source.end_offset - groups[-1][0].base_offset <= _MAX_RELATIVE_OFFSET:
            groups[-1].append(source)
        else:
            groups.append([source])
            sizes = more
    return groups


def _size(directory: Directory, base_offset: int, extension: str) -> int:
    try:
        return directory.size(segment_name(base_offset, extension))
    except FileNotFoundError:  # it will be built again when somebody needs it
        return 0


class CleanedSegment:
    """A `.cleaned` segment in the making. `finish` or `discard` ends it."""

    __slots__ = ("_directory", "_interval_bytes", "_parts", "_pending_bytes", "segment")

    def __init__(self, directory: Directory, base_offset: int, interval_bytes: int, now_ms: int) -> None:
        self.segment = Segment(directory, base_offset, CLEANED)
        self._directory = directory
        self._interval_bytes = interval_bytes
        self._parts: list[Buffer] = []
        self._pending_bytes = 0
        self.segment.start_empty(now_ms)

    def create(self) -> None:
        """Make the file, over whatever an interrupted round left. Raises OSError."""
        self._directory.put(self.segment.name(LOG), b"")

    def append(self, batch: Buffer) -> None:
        segment = self.segment
        segment.note(header_at(batch, 0, segment.end), self._interval_bytes)
        segment.end += len(batch)
        self._parts.append(batch)
        self._pending_bytes += len(batch)
        if self._pending_bytes >= COMPACTION_CHUNK_BYTES:
            self._write()

    def _write(self) -> None:
        data = b"".join(self._parts)
        self._directory.patch(self.segment.name(LOG), data, self.segment.end - len(data))
        self._parts, self._pending_bytes = [], 0

    def finish(self, aborted: Iterable[AbortedTransaction] = ()) -> Segment:
        """Write the rest and the indexes, and have all files on disk. Raises OSError.

        `aborted`: the transactions of which batches are left and whose markers are in this segment.
        """
        self._write()
        for row in aborted:
            self.segment.aborted.add(row)
        self.segment.seal()
        for name in (self.segment.name(LOG), *(file.name for _, file in self.segment.indexes)):
            self._directory.sync_file(name)
        return self.segment

    def discard(self) -> None:
        remove_segment(self._directory, self.segment)


def remove_segment(directory: Directory, segment: Segment) -> None:
    """Remove a segment's files under the names that they have now."""
    for extension in SEGMENT_FILES:
        directory.remove(segment.name(extension))
