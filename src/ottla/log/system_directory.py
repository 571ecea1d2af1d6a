"""The real disk behind `ottla.log.directory`."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence

from ottla.core.limits import CACHE_PROBE_BYTES, SMALL_READ_BYTES
from ottla.log.names import TEMPORARY
from ottla.log.open_files import OpenFiles
from ottla.wire.types import Buffer

_NO_WAIT = getattr(os, "RWF_NOWAIT", 0)
_PROBE = [bytearray(1)]
_sync_data = getattr(os, "fdatasync", os.fsync)


class SystemFile:
    """A file that opens itself when used. `descriptor` is -1 while it is closed; see `OpenFiles`."""

    __slots__ = ("_open_files", "_path", "descriptor", "name", "used")

    def __init__(self, directory: str, name: str, open_files: OpenFiles) -> None:
        self.name = name
        self.descriptor = -1
        self.used = True
        self._path = directory
        self._open_files = open_files

    def _open(self, flags: int = 0) -> int:
        path = f"{self._path}/{self.name}"
        self.descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o644)
        self._open_files.opened(self)
        return self.descriptor

    def create(self) -> None:
        self._open(os.O_CREAT | os.O_EXCL)

    def write(self, parts: Sequence[Buffer], position: int) -> int:
        descriptor = self.descriptor
        if descriptor < 0:
            descriptor = self._open()
        self.used = True
        return os.pwritev(descriptor, parts, position)

    def read(self, size: int, position: int) -> Buffer:
        descriptor = self.descriptor
        if descriptor < 0:
            descriptor = self._open()
        self.used = True
        return os.pread(descriptor, size, position)

    def read_cached(self, size: int, position: int) -> Buffer | None:
        descriptor = self.descriptor
        if descriptor < 0:
            descriptor = self._open()
        self.used = True
        if not _NO_WAIT:
            return os.pread(descriptor, size, position)
        try:
            if size <= SMALL_READ_BYTES:
                buffer = bytearray(size)
                return buffer if os.preadv(descriptor, (buffer,), position, _NO_WAIT) == size else None
            for probe in range(position, position + size, CACHE_PROBE_BYTES):
                os.preadv(descriptor, _PROBE, probe, _NO_WAIT)
            os.preadv(descriptor, _PROBE, position + size - 1, _NO_WAIT)
        except BlockingIOError:
            return None
        except OSError:  # a file system that knows no RWF_NOWAIT: what remains is to wait
            return os.pread(descriptor, size, position)
        data = os.pread(descriptor, size, position)
        return data if len(data) == size else None

    def size(self) -> int:
        return os.fstat(self._opened()).st_size

    def truncate(self, size: int) -> None:
        os.ftruncate(self._opened(), size)

    def allocate(self, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._opened(), 0, size)
        else:
            os.ftruncate(self._opened(), size)

    def hold(self, *, create: bool = False) -> "HeldFile":
        self.used = True
        if self.descriptor < 0:
            self._open(os.O_CREAT if create else 0)
        return HeldFile(os.dup(self.descriptor))

    def _opened(self) -> int:
        self.used = True
        return self.descriptor if self.descriptor >= 0 else self._open()

    def close(self) -> None:
        if self.descriptor >= 0:
            self._open_files.closed(self)
            os.close(self.descriptor)
            self.descriptor = -1


class HeldFile:
    """A second descriptor of an open file, which nobody else closes."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: Buffer, position: int) -> None:
        _write_all(self._descriptor, data, position)

    def sync(self) -> None:
        try:
            _sync_data(self._descriptor)
        finally:
            self.let_go()

    def descriptor(self) -> int:
        return self._descriptor

    def let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.let_go()


class SystemDirectory:
    """A directory of the real file system."""

    __slots__ = ("_open_files", "path")

    def __init__(self, path: str, open_files: OpenFiles) -> None:
        self.path = path
        self._open_files = open_files

    def child(self, name: str) -> "SystemDirectory":
        return SystemDirectory(f"{self.path}/{name}", self._open_files)

    def file(self, name: str) -> SystemFile:
        return SystemFile(self.path, name, self._open_files)

    def made(self) -> bool:
        return os.path.isdir(self.path)

    def exists(self, name: str) -> bool:
        return os.path.lexists(f"{self.path}/{name}")

    def is_directory(self, name: str) -> bool:
        return os.path.isdir(f"{self.path}/{name}")

    def names(self) -> list[str]:
        return os.listdir(self.path)

    def size(self, name: str) -> int:
        return os.stat(f"{self.path}/{name}").st_size

    def modified_ms(self, name: str) -> int:
        return os.stat(f"{self.path}/{name}").st_mtime_ns // 1_000_000

    def read(self, name: str) -> bytes:
        with open(f"{self.path}/{name}", "rb") as file:
            return file.read()

    def read_range(self, name: str, size: int, position: int) -> Buffer:
        with _opened(f"{self.path}/{name}", os.O_RDONLY) as descriptor:
            return os.pread(descriptor, size, position)

    def put(self, name: str, data: Buffer) -> None:
        with _opened(f"{self.path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
            _write_all(descriptor, data, 0)

    def patch(self, name: str, data: Buffer, position: int, *, end: bool = False) -> None:
        with _opened(f"{self.path}/{name}", os.O_WRONLY | os.O_CREAT) as descriptor:
            _write_all(descriptor, data, position)
            if end:
                os.ftruncate(descriptor, position + len(data))

    def replace(self, name: str, data: Buffer) -> None:
        temporary = f"{self.path}/{name}{TEMPORARY}"
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
            _write_all(descriptor, data, 0)
            _sync_data(descriptor)
        os.replace(temporary, f"{self.path}/{name}")
        self.sync()

    def sync_file(self, name: str) -> None:
        with _opened(f"{self.path}/{name}", os.O_RDONLY) as descriptor:
            _sync_data(descriptor)

    def make(self) -> None:
        os.makedirs(self.path, exist_ok=True)

    def rename(self, old: str, new: str) -> None:
        os.rename(f"{self.path}/{old}", f"{self.path}/{new}")

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{self.path}/{name}")

    def remove_tree(self, name: str) -> None:
        shutil.rmtree(f"{self.path}/{name}", ignore_errors=True)

    def sync(self) -> None:
        _sync_directory(self.path)

    def space(self) -> tuple[int, int]:
        """Bytes of the file system that this directory is on: all of them, and those that may still be used."""
        found = os.statvfs(self.path)
        return found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail

    def sync_entry(self) -> None:
        _sync_directory(os.path.dirname(self.path) or ".")

    def sync_all(self) -> None:
        with _opened(self.path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            _sync_file_system(descriptor)

    def lock(self, name: str) -> "SystemLock | None":
        descriptor = os.open(f"{self.path}/{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kind that a JVM takes
        except BlockingIOError:
            os.close(descriptor)
            return None
        return SystemLock(descriptor)


class SystemLock:
    """A lock file held by this process."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        os.close(self._descriptor)


@contextlib.contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync_directory(path: str) -> None:
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def _sync_file_system(descriptor: int) -> None:
    """syncfs(2), which Python lacks; where the C library lacks it too, all file systems."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        os.sync()
    elif library.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _write_all(descriptor: int, data: Buffer, position: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, position)
        view, position = view[count:], position + count
