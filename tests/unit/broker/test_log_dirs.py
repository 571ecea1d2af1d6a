"""Directories whose partitions the cluster does not know: kept under another name, never deleted."""

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


def opened(disk: Disk) -> LogDirs:
    data = DataDirectory.open(disk.directory(), "c", 1, ID)
    return LogDirs([data], SystemClock(), Tasks("test"))


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
