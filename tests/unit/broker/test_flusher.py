"""Group commit: who asks while a sync runs shares the next one; failures reach the partition."""

import asyncio
import threading

import pytest

from ottla.broker.flusher import Flusher


class SlowFlush:
    """A sync that ends when the test says so."""

    def __init__(self, error: OSError | None = None) -> None:
        self.go = threading.Event()
        self.error = error

    def only_file(self) -> None:
        return None

    def sync(self) -> None:
        assert self.go.wait(10)
        if self.error:
            raise self.error


class FakePartition:
    def __init__(self, flushes: list[SlowFlush]) -> None:
        self.left = flushes
        self.begun: list[SlowFlush] = []
        self.ended: list[OSError | None] = []
        self.changed = asyncio.Event()

    def begin_flush(self) -> SlowFlush:
        self.begun.append(self.left.pop(0))
        self.changed.set()
        return self.begun[-1]

    def end_flush(self, flush: SlowFlush, error: OSError | None) -> None:
        self.ended.append(error)
        self.changed.set()

    async def until(self, begun: int, ended: int) -> None:
        while (len(self.begun), len(self.ended)) != (begun, ended):
            self.changed.clear()
            await self.changed.wait()


async def test_all_who_ask_while_a_sync_runs_share_the_next() -> None:
    flusher = Flusher(threads=2)
    partition = FakePartition([SlowFlush(), SlowFlush()])
    flusher.request(partition)  # type: ignore[arg-type]
    await partition.until(1, 0)
    for _ in range(5):
        flusher.request(partition)  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    assert len(partition.begun) == 1
    partition.begun[0].go.set()
    await partition.until(2, 1)
    partition.begun[1].go.set()
    await flusher.close()
    assert partition.ended == [None, None]


async def test_partitions_do_not_queue_behind_one_another() -> None:
    flusher = Flusher(threads=2)
    slow, quick = FakePartition([SlowFlush()]), FakePartition([SlowFlush()])
    flusher.request(slow)  # type: ignore[arg-type]
    await slow.until(1, 0)
    flusher.request(quick)  # type: ignore[arg-type]
    await quick.until(1, 0)
    quick.begun[0].go.set()
    await quick.until(1, 1)
    slow.begun[0].go.set()
    await flusher.close()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error")])
async def test_a_failed_sync_is_told(error: OSError) -> None:
    flusher = Flusher(threads=1)
    partition = FakePartition([SlowFlush(error)])
    flusher.request(partition)  # type: ignore[arg-type]
    await partition.until(1, 0)
    partition.begun[0].go.set()
    await partition.until(1, 1)
    assert partition.ended == [error]
    await flusher.close()
