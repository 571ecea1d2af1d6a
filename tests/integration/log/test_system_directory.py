"""The real disk, held against the one in memory; and what only a real one has."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all, sized_batch

from ottla.core.ids import random_uuid
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.directory import Directory
from ottla.log.errors import DataDirectoryError
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles, raise_open_file_limit
from ottla.log.system_directory import SystemDirectory
from ottla.records.batch import batches
from ottla.testing.directory import Disk

NewDirectory = Callable[[str], Directory]


@pytest.fixture(params=["system", "memory"])
def new_directory(request: pytest.FixtureRequest, tmp_path: Path) -> NewDirectory:
    """The same questions for the real disk and the one in memory."""
    if request.param == "memory":
        disk = Disk()
        return lambda name: disk.directory(f"/data/{name}")
    files = OpenFiles(3)
    return lambda name: SystemDirectory(str(tmp_path / name), files)


def test_a_directory_s_files(new_directory: NewDirectory) -> None:
    directory = new_directory("a/b")
    assert not directory.made()
    directory.make()
    directory.make()
    assert directory.made()
    assert directory.names() == []
    directory.put("x", b"hello")
    directory.put("x", b"bye")
    assert (directory.read("x"), directory.size("x")) == (b"bye", 3)
    assert bytes(directory.read_range("x", 2, 1)) == b"ye"
    directory.replace("y", b"new")
    directory.rename("y", "z")
    assert sorted(directory.names()) == ["x", "z"]
    assert directory.exists("z")
    assert not directory.exists("y")
    directory.child("c").make()
    assert [directory.is_directory(name) for name in ("c", "x", "nothing")] == [True, False, False]
    directory.remove("z")
    directory.remove("z")
    directory.remove_tree("c")
    assert directory.names() == ["x"]
    directory.sync_file("x")
    directory.sync()
    directory.sync_entry()
    directory.sync_all()
    total, free = directory.space()
    assert total >= free > 0


@pytest.mark.parametrize("step", ["read", "size", "modified_ms", "sync_file"])
def test_what_is_missing_is_file_not_found(new_directory: NewDirectory, step: str) -> None:
    directory = new_directory("a")
    directory.make()
    with pytest.raises(FileNotFoundError):
        getattr(directory, step)("nothing")
    with pytest.raises(FileNotFoundError):
        directory.file("nothing").read(1, 0)
    with pytest.raises(FileNotFoundError):
        directory.rename("nothing", "something")
    with pytest.raises(FileNotFoundError):
        new_directory("missing").names()


def test_patches(new_directory: NewDirectory) -> None:
    directory = new_directory("a")
    directory.make()
    directory.patch("i", b"abcdef", 0)
    directory.patch("i", b"XY", 2)
    assert directory.read("i") == b"abXYef"
    directory.patch("i", b"Z", 3, end=True)
    assert directory.read("i") == b"abXZ"


def test_a_file_of_positions(new_directory: NewDirectory) -> None:
    directory = new_directory("a")
    directory.make()
    file = directory.file("f")
    file.create()
    with pytest.raises(FileExistsError):
        directory.file("f").create()
    assert file.write((b"head", memoryview(b"tail")), 0) == 8
    assert file.write((b"!",), 8) == 1
    file.close()
    assert bytes(file.read(100, 4)) == b"tail!"
    assert bytes(file.read_cached(4, 4) or b"") == b"tail"
    assert file.read_cached(10, 4) is None, "not all of that is there"
    assert file.size() == 9
    file.truncate(4)
    assert directory.read("f") == b"head"
    file.allocate(10)
    assert directory.read("f") == b"head" + bytes(6)


def test_a_held_file_stays_the_same_file_under_another_name(new_directory: NewDirectory) -> None:
    directory = new_directory("a")
    directory.make()
    held = directory.file("f").hold(create=True)
    directory.rename("f", "g")
    held.write(b"data", 0)
    held.sync()
    assert directory.names() == ["g"]
    assert directory.read("g") == b"data"


def test_one_holder_of_a_lock(new_directory: NewDirectory) -> None:
    directory = new_directory("a")
    directory.make()
    lock = directory.lock(".lock")
    assert lock is not None
    assert directory.lock(".lock") is None
    lock.release()
    again = directory.lock(".lock")
    assert again is not None
    again.release()


# ── the real one only ─────────────────────────────────────────────────────────────────────────────────────────


def test_many_logs_share_few_descriptors(tmp_path: Path) -> None:
    files = OpenFiles(8)
    logs = [
        Log.create(SystemDirectory(str(tmp_path / f"t-{number}"), files), LogConfig(), TOPIC_ID, NOW_MS)
        for number in range(50)
    ]
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for turn in range(4):
        for number, log in enumerate(logs):
            log.append(batch(b"%d %d" % (turn, number)), 0, NOW_MS)
    assert len(files) == 8
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before
    for number, log in enumerate(logs):
        assert [each.base_offset for each in read_all(log)] == [0, 1, 2, 3]
        log.close()
        assert Log.open(log.directory, LogConfig(), now_ms=NOW_MS).log_end_offset == 4, number
    assert len(files) <= 8


def test_a_cold_file_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "RWF_NOWAIT"):
        pytest.skip("this platform cannot read without waiting")
    log = Log.create(SystemDirectory(str(tmp_path / "t-0"), OpenFiles(8)), LogConfig(), TOPIC_ID, NOW_MS)
    for _ in range(64):
        log.append(sized_batch(100_000), 0, NOW_MS)
    log.checkpoint()
    descriptor = os.open(tmp_path / "t-0" / "00000000000000000000.log", os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    try:
        os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
        pytest.skip("this file system keeps everything in memory")
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
    read = log.read(3, 1_000_000, 64)
    assert read.cold
    assert [each.base_offset for each in batches(read.load())] == list(range(3, 13))
    warm = log.read(read.next_offset, 1_000_000, 64)
    assert not warm.cold, "what comes next was read ahead"


def test_another_process_is_told_that_the_directory_is_in_use(tmp_path: Path) -> None:
    data = DataDirectory.open(SystemDirectory(str(tmp_path / "d"), OpenFiles(3)), "c", 1, random_uuid())
    script = (
        "import sys; from ottla.log.data_directory import DataDirectory as D;"
        "from ottla.log.open_files import OpenFiles; from ottla.log.system_directory import SystemDirectory as S\n"
        "try: D.open(S(sys.argv[1], OpenFiles(3)), 'c', 1, bytes(16))\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, data.directory.path], capture_output=True, check=True
    )
    assert b"in use by another process" in said.stdout
    with (tmp_path / "d" / ".lock").open("rb+") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    data.close()


def test_a_path_that_cannot_be_a_directory_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataDirectoryError, match="file/d cannot be used: Not a directory"):
        DataDirectory.open(SystemDirectory(str(tmp_path / "file" / "d"), OpenFiles(3)), "c", 1, random_uuid())


def test_the_limit_of_descriptors_is_raised_to_what_may_be() -> None:
    assert raise_open_file_limit() == raise_open_file_limit() > 0
