"""A disk in memory that forgets what was not synced.

It stands in for the real one behind `ottla.log.directory` in tests of what survives. `Disk.killed` is what the next
process finds after kill -9 (all that was written), `Disk.crashed` what it finds after a power cut: of what was not
synced, writes are lost, torn at sector boundaries and taken out of order, and names appear or not. A disk can
also be full, refuse to sync, or answer as if nothing were in the page cache.
"""

import errno
from collections.abc import Sequence
from random import Random

from ottla.log.names import TEMPORARY
from ottla.wire.types import Buffer

SECTOR_BYTES = 512
"""What a disk writes whole or not at all."""


class _File:
    """A file's bytes now, at its last sync, and the writes in between (None for bytes: a truncation)."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.synced = b""
        self.pending: list[tuple[int, bytes | None]] = []
        self.modified_ms = 0

    def write(self, data: bytes, position: int) -> None:
        if position > len(self.data):
            self.data += bytes(position - len(self.data))
        self.data[position : position + len(data)] = data
        self.pending.append((position, data))

    def truncate(self, size: int) -> None:
        del self.data[size:]
        self.data += bytes(size - len(self.data))
        self.pending.append((size, None))

    def sync(self) -> None:
        self.synced, self.pending = bytes(self.data), []

    def crashed(self, random: Random) -> "_File":
        """What a power cut leaves of it."""
        survivor = _File()
        survivor.data = bytearray(self.synced)
        for position, data in self.pending:
            if random.random() < 0.5:
                continue
            if data is None:
                survivor.truncate(position)
            elif data:
                every = len(data) // SECTOR_BYTES + 1
                sectors = every if random.random() < 0.5 else random.randint(0, every)
                survivor.write(data[: sectors * SECTOR_BYTES], position)
        survivor.sync()
        return survivor


class _Folder:
    """A directory's entries now and at its last sync; each of the changes in between is all or nothing."""

    def __init__(self) -> None:
        self.entries: dict[str, _File | _Folder] = {}
        self.synced: dict[str, _File | _Folder] = {}
        self.pending: list[dict[str, _File | _Folder | None]] = []

    def change(self, changes: "dict[str, _File | _Folder | None]") -> None:
        _apply(self.entries, changes)
        self.pending.append(changes)

    def sync(self) -> None:
        self.synced, self.pending = dict(self.entries), []

    def crashed(self, random: Random) -> "_Folder":
        survivor = _Folder()
        entries = dict(self.synced)
        for changes in self.pending[: random.randint(0, len(self.pending))]:
            _apply(entries, changes)
        survivor.entries = {name: entry.crashed(random) for name, entry in entries.items()}
        survivor.sync()
        return survivor


def _apply(entries: dict[str, _File | _Folder], changes: dict[str, _File | _Folder | None]) -> None:
    for name, entry in changes.items():
        if entry is None:
            del entries[name]
        else:
            entries[name] = entry


class Disk:
    """A file system. `directory()` is its root, for the log floor to work in."""

    def __init__(self, capacity_bytes: int = 1 << 40) -> None:
        self.capacity_bytes = capacity_bytes
        """Bytes of all files together; a write beyond is cut short, the next one is refused with ENOSPC."""
        self.cold = False
        """Whether `read_cached` finds nothing in memory."""
        self.failing_syncs = False
        self.failing_truncates = False
        self.syncs = 0
        """How many files and directories were synced so far."""
        self.writes = 0
        """How many writes files saw so far."""
        self.root = _Folder()
        self._locks: set[str] = set()

    def directory(self, path: str = "/data") -> "MemoryDirectory":
        return MemoryDirectory(self, path)

    def killed(self) -> "Disk":
        """What is found after kill -9: all that was written; locks are gone."""
        survivor = Disk(self.capacity_bytes)
        survivor.root = self.root
        return survivor

    def crashed(self, random: Random) -> "Disk":
        """What is found after a power cut; `random` decides what of the unsynced is there."""
        survivor = Disk(self.capacity_bytes)
        survivor.root = self.root.crashed(random)
        return survivor

    def used_bytes(self) -> int:
        return _used(self.root)

    def lock(self, path: str) -> "MemoryLock | None":
        if path in self._locks:
            return None
        self._locks.add(path)
        return MemoryLock(self._locks, path)

    def synced(self) -> None:
        """Count a sync. Raises OSError when syncs fail."""
        self.syncs += 1
        if self.failing_syncs:
            raise OSError(errno.EIO, "Input/output error")

    def write(self, file: _File, data: bytes, position: int) -> None:
        """Write all of it, or as much as fits. Raises OSError when not all does."""
        room = self.room_for(file, position, len(data))
        file.write(data[:room], position)
        if room < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def room_for(self, file: _File, position: int, size: int) -> int:
        """How many of `size` bytes at `position` fit. Raises OSError when not one does."""
        self.writes += 1
        grows = position + size - len(file.data)
        room = size - max(grows - max(self.capacity_bytes - self.used_bytes(), 0), 0) if grows > 0 else size
        if room <= 0 < size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return room


def _used(entry: _File | _Folder) -> int:
    if isinstance(entry, _File):
        return len(entry.data)
    return sum(_used(child) for child in entry.entries.values())


class MemoryLock:
    """A lock file that is held."""

    def __init__(self, locks: set[str], path: str) -> None:
        self._locks = locks
        self._path = path

    def release(self) -> None:
        self._locks.discard(self._path)


class MemoryFile:
    """A file of a `Disk`; like a descriptor it stays with its file when that is renamed or removed."""

    def __init__(self, directory: "MemoryDirectory", name: str) -> None:
        self.name = name
        self._directory = directory
        self._disk = directory.disk
        self._file: _File | None = None

    def _opened(self) -> _File:
        if self._file is None:
            self._file = self._directory.node(self.name)
        return self._file

    def create(self) -> None:
        folder = self._directory.folder()
        if self.name in folder.entries:
            raise FileExistsError(errno.EEXIST, "File exists", self.name)
        self._file = _File()
        folder.change({self.name: self._file})

    def write(self, parts: Sequence[Buffer], position: int) -> int:
        data, file = b"".join(parts), self._opened()
        room = self._disk.room_for(file, position, len(data))
        file.write(data[:room], position)
        return room

    def read(self, size: int, position: int) -> Buffer:
        return bytes(self._opened().data[position : position + size])

    def read_cached(self, size: int, position: int) -> Buffer | None:
        if self._disk.cold:
            return None
        data = self.read(size, position)
        return data if len(data) == size else None

    def size(self) -> int:
        return len(self._opened().data)

    def truncate(self, size: int) -> None:
        if self._disk.failing_truncates:
            raise OSError(errno.EIO, "Input/output error")
        self._opened().truncate(size)

    def allocate(self, size: int) -> None:
        file = self._opened()
        if size > len(file.data):
            self._disk.room_for(file, size, 0)
            file.truncate(size)

    def hold(self, *, create: bool = False) -> "HeldMemoryFile":
        if create and not self._directory.exists(self.name):
            self.create()
        return HeldMemoryFile(self._disk, self._opened())

    def close(self) -> None:
        self._file = None


class HeldMemoryFile:
    """A file held open until it is synced."""

    def __init__(self, disk: Disk, file: _File) -> None:
        self._disk = disk
        self._file = file

    def write(self, data: Buffer, position: int) -> None:
        self._disk.write(self._file, bytes(data), position)

    def sync(self) -> None:
        self._disk.synced()
        self._file.sync()

    def descriptor(self) -> None:
        return None

    def let_go(self) -> None:
        pass


class MemoryDirectory:
    """A directory of a `Disk`. See `ottla.log.directory.Directory`."""

    def __init__(self, disk: Disk, path: str) -> None:
        self.disk = disk
        self.path = path

    def folder(self) -> _Folder:
        """Raises FileNotFoundError."""
        folder: _File | _Folder = self.disk.root
        for part in self.path.strip("/").split("/"):
            if not isinstance(folder, _Folder) or part not in folder.entries:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", self.path)
            folder = folder.entries[part]
        assert isinstance(folder, _Folder)
        return folder

    def made(self) -> bool:
        """Whether this directory is there at all."""
        try:
            self.folder()
        except FileNotFoundError:
            return False
        return True

    def node(self, name: str) -> _File:
        """Raises FileNotFoundError."""
        node = self.folder().entries.get(name)
        if not isinstance(node, _File):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", f"{self.path}/{name}")
        return node

    def child(self, name: str) -> "MemoryDirectory":
        return MemoryDirectory(self.disk, f"{self.path}/{name}")

    def file(self, name: str) -> MemoryFile:
        return MemoryFile(self, name)

    def exists(self, name: str) -> bool:
        return name in self.folder().entries

    def is_directory(self, name: str) -> bool:
        return isinstance(self.folder().entries.get(name), _Folder)

    def names(self) -> list[str]:
        return list(self.folder().entries)

    def size(self, name: str) -> int:
        return len(self.node(name).data)

    def modified_ms(self, name: str) -> int:
        return self.node(name).modified_ms

    def read(self, name: str) -> bytes:
        return bytes(self.node(name).data)

    def read_range(self, name: str, size: int, position: int) -> Buffer:
        return bytes(self.node(name).data[position : position + size])

    def _made(self, name: str) -> _File:
        folder = self.folder()
        if name not in folder.entries:
            folder.change({name: _File()})
        return self.node(name)

    def put(self, name: str, data: Buffer) -> None:
        file = self._made(name)
        file.truncate(0)
        self.disk.write(file, bytes(data), 0)

    def patch(self, name: str, data: Buffer, position: int, *, end: bool = False) -> None:
        file = self._made(name)
        self.disk.write(file, bytes(data), position)
        if end:
            file.truncate(position + len(data))

    def replace(self, name: str, data: Buffer) -> None:
        self.put(name + TEMPORARY, data)
        self.sync_file(name + TEMPORARY)
        self.rename(name + TEMPORARY, name)
        self.sync()

    def sync_file(self, name: str) -> None:
        self.disk.synced()
        self.node(name).sync()

    def make(self) -> None:
        folder = self.disk.root
        for part in self.path.strip("/").split("/"):
            if part not in folder.entries:
                folder.change({part: _Folder()})
            child = folder.entries[part]
            assert isinstance(child, _Folder)
            folder = child

    def rename(self, old: str, new: str) -> None:
        folder = self.folder()
        if old not in folder.entries:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", old)
        folder.change({new: folder.entries[old], old: None})

    def remove(self, name: str) -> None:
        if self.exists(name):
            self.folder().change({name: None})

    def remove_tree(self, name: str) -> None:
        self.remove(name)

    def sync(self) -> None:
        self.disk.synced()
        self.folder().sync()

    def sync_entry(self) -> None:
        self.disk.synced()
        parent = MemoryDirectory(self.disk, self.path.rpartition("/")[0])
        (parent.folder() if parent.path else self.disk.root).sync()

    def space(self) -> tuple[int, int]:
        return self.disk.capacity_bytes, max(self.disk.capacity_bytes - self.disk.used_bytes(), 0)

    def sync_all(self) -> None:
        self.disk.synced()
        _sync_all(self.disk.root)

    def lock(self, name: str) -> MemoryLock | None:
        self._made(name)
        return self.disk.lock(f"{self.path}/{name}")


def _sync_all(folder: _Folder) -> None:
    folder.sync()
    for entry in folder.entries.values():
        if isinstance(entry, _Folder):
            _sync_all(entry)
        else:
            entry.sync()
