"""Directories for trials that keep nothing, and their removal when nobody could remove them.

A program that is killed with -9 removes nothing. So each directory is locked as long as its program lives (the kernel
ends that with the program, however it ended), and whoever makes the next one removes those that nobody holds.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PREFIX: Final = "ottla-orders-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A new directory, for as long as the block lasts."""
    sweep()
    path, lock = _locked()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def sweep() -> None:
    """Remove what dead ones left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _locked() -> tuple[Path, int]:
    """Again, if somebody's sweep came between its making and its locking."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(path)
        if lock is not None and path.exists():
            return path, lock


def _lock(path: Path) -> int | None:
    """The descriptor that holds the lock; None: somebody else does, or it is none of ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
