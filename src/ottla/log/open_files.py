"""One cap over the open segment files of all logs of a process.

Ten thousand partitions must live under an ordinary limit of file descriptors. Whoever is opened beyond the cap makes
the longest unused one close (a clock with a second chance: a use costs one attribute, not a list operation).
"""

import resource
from collections import deque
from typing import Protocol

from ottla.core.limits import MAX_OPEN_FILES_WANTED, MIN_OPEN_FILES, OPEN_FILES_SHARE


class Closable(Protocol):
    """An open file as the cap sees it. `used` is set at each use and cleared when the clock's hand passes."""

    used: bool

    def close(self) -> None: ...


class OpenFiles:
    """The open files of one thread, the longest opened first. A thread of its own needs an `OpenFiles` of its own."""

    __slots__ = ("_files", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._files: deque[Closable] = deque()

    def __len__(self) -> int:
        return len(self._files)

    def opened(self, file: Closable) -> None:
        """Take note of a file that was just opened, and close another one when these are too many."""
        file.used = True
        self._files.append(file)
        if len(self._files) > self.limit:
            self._close_one()

    def closed(self, file: Closable) -> None:
        self._files.remove(file)

    def _close_one(self) -> None:
        files = self._files
        for _ in range(len(files)):
            file = files[0]
            if not file.used:
                break
            file.used = False
            files.rotate(-1)
        files[0].close()


def raise_open_file_limit() -> int:
    """Raise this process's soft limit of file descriptors to the hard one; the limit that holds afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            return soft
    return wanted if soft == resource.RLIM_INFINITY else max(soft, wanted)


def open_files_for(limit: int) -> OpenFiles:
    """The share of `limit` file descriptors that segment files may take."""
    return OpenFiles(max(MIN_OPEN_FILES, int(limit * OPEN_FILES_SHARE)))
