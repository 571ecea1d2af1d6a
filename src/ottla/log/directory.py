"""Directories and files as a log sees them.

`Directory` and `File` are what the log floor is written against. The real disk, `ottla.log.system_directory`, is
the only module of it that opens files; `ottla.testing.directory` holds a disk that forgets what was not synced. A
`File` may be used by one thread only (the one that owns the log): it opens itself when first used and may be closed
between two uses, because the open files of all logs live under one cap (`OpenFiles`). What other threads may call,
says so.
"""

from collections.abc import Sequence
from typing import Protocol

from ottla.wire.types import Buffer


class Held(Protocol):
    """A file held open until it is synced, however the log that owns it moves on. For any one thread."""

    def write(self, data: Buffer, position: int) -> None:
        """Write all of `data`. Raises OSError."""
        ...

    def sync(self) -> None:
        """Put the file's bytes on disk (fdatasync) and let go of it. Raises OSError."""
        ...

    def descriptor(self) -> int | None:
        """The operating system's number of the open file, for whoever syncs it otherwise; None where it has none."""
        ...

    def let_go(self) -> None:
        """It was synced otherwise, or needs no sync."""
        ...


class File(Protocol):
    """One file, addressed by positions; nothing here moves a cursor."""

    name: str

    def create(self) -> None:
        """Make the file, empty. Raises FileExistsError."""
        ...

    def write(self, parts: Sequence[Buffer], position: int) -> int:
        """Write the parts one after another at `position`; the number of bytes written may be less than all."""
        ...

    def read(self, size: int, position: int) -> Buffer:
        """Up to `size` bytes from `position`, waiting for the disk where needed."""
        ...

    def read_cached(self, size: int, position: int) -> Buffer | None:
        """Exactly `size` bytes if they are in memory already, None when the disk would have to be waited for."""
        ...

    def size(self) -> int: ...

    def truncate(self, size: int) -> None: ...

    def allocate(self, size: int) -> None:
        """Reserve the space of a file of this size; the file reads as zeros there."""
        ...

    def hold(self, *, create: bool = False) -> Held:
        """The file, open for whoever will sync it; `create`: made where it is missing. Raises OSError."""
        ...

    def close(self) -> None: ...


class Directory(Protocol):
    """A directory. All its methods may be called by any thread; names are relative to it."""

    path: str

    def child(self, name: str) -> "Directory": ...

    def file(self, name: str) -> File:
        """The file of this name; touches nothing."""
        ...

    def made(self) -> bool:
        """Whether this directory exists."""
        ...

    def exists(self, name: str) -> bool: ...

    def is_directory(self, name: str) -> bool: ...

    def names(self) -> list[str]: ...

    def size(self, name: str) -> int: ...

    def modified_ms(self, name: str) -> int:
        """When the file was last written, in milliseconds since the epoch."""
        ...

    def read(self, name: str) -> bytes: ...

    def read_range(self, name: str, size: int, position: int) -> Buffer: ...

    def put(self, name: str, data: Buffer) -> None:
        """Write a whole file in place; not synced."""
        ...

    def patch(self, name: str, data: Buffer, position: int, *, end: bool = False) -> None:
        """Write `data` at `position`, and with `end` let the file end there. It is made where missing; not synced."""
        ...

    def replace(self, name: str, data: Buffer) -> None:
        """Set a file's whole content at once: after a crash there is the old one or the new one."""
        ...

    def sync_file(self, name: str) -> None:
        """Put a file's bytes on disk, whoever wrote them. Raises OSError."""
        ...

    def make(self) -> None:
        """Create this directory and what is missing above it; fine where it exists."""
        ...

    def rename(self, old: str, new: str) -> None: ...

    def remove(self, name: str) -> None:
        """Remove a file; fine where it is gone already."""
        ...

    def remove_tree(self, name: str) -> None: ...

    def sync(self) -> None:
        """Put the directory's entries on disk: which names exist in it."""
        ...

    def sync_entry(self) -> None:
        """Put this directory's own name on disk, as an entry of the one above it."""
        ...

    def sync_all(self) -> None:
        """Put everything that was written to this file system on disk. Raises OSError."""
        ...

    def space(self) -> tuple[int, int]:
        """Bytes of the file system that this directory is on: all of them, and those that may still be used."""
        ...

    def lock(self, name: str) -> "Lock | None":
        """Take the lock file for this process, None when another one has it."""
        ...


class Lock(Protocol):
    """A lock that ends with the process, however that ends."""

    def release(self) -> None: ...
