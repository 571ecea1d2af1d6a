"""The files of one segment: their names, opened when somebody needs them, renamed together."""

from ottla.log.directory import Directory, File
from ottla.log.names import ABORTED_INDEX, INDEX, LOG, SEGMENT_FILES, TIME_INDEX, segment_name
from ottla.log.scan import ColdRead
from ottla.wire.types import Buffer


class SegmentFiles:
    """What `ottla.log.segment.Segment` is on disk. `suffix`: what follows the extension in the files' names."""

    __slots__ = ("_aborted_file", "_index_file", "_log", "_time_file", "base_offset", "directory", "suffix")

    def __init__(self, directory: Directory, base_offset: int, suffix: str = "") -> None:
        self.directory = directory
        self.base_offset = base_offset
        self.suffix = suffix
        """Nothing, or `.cleaned` and its like."""
        self._log: File | None = None
        self._index_file: File | None = None
        self._time_file: File | None = None
        self._aborted_file: File | None = None

    def __repr__(self) -> str:
        return f"Segment({self.directory.path}/{self.name(LOG)})"

    def name(self, extension: str) -> str:
        return segment_name(self.base_offset, extension) + self.suffix

    @property
    def log(self) -> File:
        if self._log is None:
            self._log = self.directory.file(self.name(LOG))
        return self._log

    @property
    def index_file(self) -> File:
        if self._index_file is None:
            self._index_file = self.directory.file(self.name(INDEX))
        return self._index_file

    @property
    def time_index_file(self) -> File:
        if self._time_file is None:
            self._time_file = self.directory.file(self.name(TIME_INDEX))
        return self._time_file

    @property
    def aborted_file(self) -> File:
        if self._aborted_file is None:
            self._aborted_file = self.directory.file(self.name(ABORTED_INDEX))
        return self._aborted_file

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, size: int, position: int) -> Buffer:
        """From the log file, waiting for the disk where needed."""
        return self.log.read(size, position)

    def read_cached(self, size: int, position: int) -> Buffer:
        """From the log file without waiting. Raises ColdRead."""
        data = self.log.read_cached(size, position)
        if data is None:
            raise ColdRead
        return data

    def read_index(self, size: int, position: int) -> Buffer:
        return self.index_file.read(size, position)

    def read_index_cached(self, size: int, position: int) -> Buffer:
        data = self.index_file.read_cached(size, position)
        if data is None:
            raise ColdRead
        return data

    def read_time_index(self, size: int, position: int) -> Buffer:
        return self.time_index_file.read(size, position)

    # ── names ─────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Let go of the open files; the segment may be used again."""
        for file in (self._log, self._index_file, self._time_file, self._aborted_file):
            if file is not None:
                file.close()

    def rename(self, suffix: str) -> list[str]:
        """Give all files another suffix; their new names. An index that is missing stays so.

        Raises OSError; then they have the names that they had.
        """
        self.close()
        renamed: dict[str, str] = {}
        try:
            for extension in SEGMENT_FILES:
                old, new = self.name(extension), segment_name(self.base_offset, extension) + suffix
                if extension == LOG or self.directory.exists(old):
                    self.directory.rename(old, new)
                    renamed[old] = new
        except OSError:
            for old, new in renamed.items():
                self.directory.rename(new, old)
            raise
        self.suffix = suffix
        self._log = self._index_file = self._time_file = self._aborted_file = None
        return list(renamed.values())
