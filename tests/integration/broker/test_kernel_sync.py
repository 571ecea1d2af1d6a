"""Files synced by the kernel's own queue: done, failed, refused and overflowing; skipped where a machine has none."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.logs import NOW_MS, batch

from ottla.broker.flusher import Flusher
from ottla.broker.kernel_sync import KernelSync
from ottla.core.limits import KERNEL_SYNCS
from ottla.log.config import LogConfig
from ottla.log.directory import Held
from ottla.log.flush import Flush
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.system_directory import SystemDirectory


@pytest.fixture
async def kernel() -> "KernelSync":
    opened = KernelSync.opened(asyncio.get_running_loop())
    if opened is None:
        pytest.skip("this machine syncs in threads only")
    return opened


@pytest.fixture
def written(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"content")
    yield descriptor
    os.close(descriptor)


class Answers:
    """What the kernel said, in the order of its answers."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._all = asyncio.Event()
        self.errors: list[OSError | None] = []

    def __call__(self, error: OSError | None) -> None:
        self.errors.append(error)
        if len(self.errors) == self._wanted:
            self._all.set()

    async def wait(self) -> list[OSError | None]:
        async with asyncio.timeout(10):
            await self._all.wait()
        return self.errors


async def test_files_are_synced_side_by_side(kernel: KernelSync, written: int) -> None:
    answers = Answers(20)
    assert all(kernel.submit(written, answers) for _ in range(20))
    assert await answers.wait() == [None] * 20
    kernel.close()


async def test_a_file_that_cannot_be_synced_is_an_error_or_not_taken(kernel: KernelSync) -> None:
    """A pipe has no data to put on a disk."""
    reading, writing = os.pipe()
    answers = Answers(1)
    if kernel.submit(writing, answers):
        (error,) = await answers.wait()
        assert error is not None
        assert error.errno
    kernel.close()
    os.close(reading)
    os.close(writing)


async def test_a_closed_file_is_not_taken(kernel: KernelSync) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    assert not kernel.submit(writing, Answers(1))
    kernel.close()


async def test_more_than_the_queue_holds_is_not_taken(kernel: KernelSync, written: int) -> None:
    answers = Answers(KERNEL_SYNCS)
    taken = [kernel.submit(written, answers) for _ in range(KERNEL_SYNCS + 1)]
    assert taken == [True] * KERNEL_SYNCS + [False]  # no answer is seen before the loop turns
    await answers.wait()
    kernel.close()


class Recording:
    """A partition that says which way its flushes went."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.plain: list[bool] = []
        self.ended = asyncio.Event()

    def begin_flush(self) -> Flush:
        flush = self.log.begin_flush()
        self.plain.append(flush.only_file() is not None)
        self.held: list[Held] = flush.held
        return flush

    def end_flush(self, flush: Flush, error: Exception | None) -> None:
        assert error is None
        self.log.end_flush(flush)
        self.ended.set()


async def test_a_log_is_synced_either_way_and_lets_its_files_go(tmp_path: Path) -> None:
    """Where a new segment's name has to be synced too, it is a thread's work."""
    (tmp_path / "t-0").mkdir()
    log = Log.open(SystemDirectory(str(tmp_path / "t-0"), OpenFiles(10)), LogConfig(), now_ms=NOW_MS)
    flusher, partition = Flusher(), Recording(log)
    for number in range(3):
        if number == 1:
            log.roll(NOW_MS)
        log.append(batch(b"value"), 0, NOW_MS)
        partition.ended.clear()
        flusher.request(partition)
        async with asyncio.timeout(10):
            await partition.ended.wait()
        assert log.flushed_offset == log.log_end_offset, number
        assert {held.descriptor() for held in partition.held} == {-1}
    assert partition.plain == [True, False, True]
    await flusher.close()
    log.close()
