"""Data directories together: partitions that nobody knows are kept under another name; what is told, and removed."""

import asyncio
import threading

import pytest

from ottla.broker.log_dirs import LogDirs
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import TopicImage
from ottla.core.clock import SystemClock
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.net.tasks import Tasks
from ottla.testing.directory import Disk, MemoryDirectory

ID, OTHER_ID = bytes(16), bytes(range(16))


def opened(*disks: Disk, tasks: Tasks | None = None) -> LogDirs:
    directories = [DataDirectory.open(disk.directory(), "c", 1, ID) for disk in disks]
    return LogDirs(directories, SystemClock(), Tasks("test") if tasks is None else tasks)


def strays(disk: Disk) -> list[str]:
    return [name.partition(".")[0] for name in disk.directory().names() if name.endswith("-stray")]


async def test_a_partition_of_no_topic_is_put_aside_and_kept() -> None:
    disk = Disk()
    opened(disk).directories[0].create_log("lost", 3, LogConfig(), ID, 0)
    dirs = opened(disk.killed())
    dirs.put_strays_aside(ClusterImage())
    assert strays(disk) == ["lost-3"]
    assert dirs.holder("lost", 3) is None
    assert not opened(disk.killed()).directories[0].deleted


async def test_another_topic_of_the_same_name_starts_empty_and_the_old_one_is_kept() -> None:
    disk = Disk()
    opened(disk).directories[0].create_log("t", 0, LogConfig(), OTHER_ID, 0)
    dirs = opened(disk.killed())
    log = dirs.open(TopicImage("t", ID, ()), 0, LogConfig())
    assert strays(disk) == ["t-0"]
    assert dirs.directories[0].topic_id("t", 0) == ID
    assert log is dirs.open(TopicImage("t", ID, ()), 0, LogConfig())


async def test_what_cannot_be_put_aside_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    opened(disk).directories[0].create_log("t", 0, LogConfig(), OTHER_ID, 0)
    dirs = opened(disk.killed())

    def refusing(directory: MemoryDirectory, old: str, new: str) -> None:
        raise PermissionError(13, "Permission denied", old)

    monkeypatch.setattr(MemoryDirectory, "rename", refusing)
    dirs.put_strays_aside(ClusterImage())
    with pytest.raises(PermissionError):
        dirs.open(TopicImage("t", ID, ()), 0, LogConfig())
    assert dirs.directories[0].topic_id("t", 0) == OTHER_ID


async def test_partitions_are_told_also_before_anybody_touched_them() -> None:
    first, second = Disk(), Disk()
    dirs = opened(first, second)
    dirs.directories[0].create_log("t", 0, LogConfig(), ID, 0)
    names = [("t", index) for index in range(3)]
    told = [list(image.sizes) for image in await dirs.images(names)]
    assert told == [[("t", 0, 0)], [("t", 1, 0), ("t", 2, 0)]], "the others where there is most room"
    again = opened(first.killed(), second.killed())
    assert [list(image.sizes) for image in await again.images(names[:1])] == [[("t", 0, 0)], []]


async def test_who_stops_waits_for_the_directory_that_is_being_removed_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk, tasks = Disk(), Tasks("test")
    data = opened(disk).directories[0]
    for index in range(3):
        data.create_log("t", index, LogConfig(), ID, 0)
        data.delete_log("t", index, bytes([index]) * 16)
    begun, go_on, removed = threading.Event(), threading.Event(), list[str]()

    def slowly(directory: MemoryDirectory, name: str) -> None:
        begun.set()
        go_on.wait(10)
        removed.append(name)

    monkeypatch.setattr(MemoryDirectory, "remove_tree", slowly)
    opened(disk.killed(), tasks=tasks)
    assert await asyncio.to_thread(begun.wait, 10)
    stopping = asyncio.ensure_future(tasks.close())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert len(removed) == 1
