"""Group commit: one fdatasync answers everyone who waits for the same partition.

A partition asks for a flush; all that is appended until the sync begins rides along. While a sync runs, whoever
asks again shares the next one. Partitions do not queue behind one another, and the event loop never waits for a disk:
where the kernel syncs a file by itself it is asked to (`kernel_sync`), everything else runs in a few threads.
"""

import asyncio
import threading
from contextlib import ExitStack, closing
from functools import cached_property, partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from ottla.core.limits import FLUSH_THREADS
from ottla.log.directory import Held
from ottla.log.flush import Flush

if TYPE_CHECKING:
    from ottla.broker.kernel_sync import KernelSync


class Flushable(Protocol):
    """A partition as the flusher sees it. Both methods are called on the event loop."""

    def begin_flush(self) -> Flush: ...

    def end_flush(self, flush: Flush, error: Exception | None) -> None: ...


class Flusher:
    """Runs flushes for all partitions of one broker. Everything but `_work` is called on the event loop only."""

    def __init__(self, threads: int = FLUSH_THREADS) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Flushable, Flush] | None] = SimpleQueue()
        self._due: set[Flushable] = set()
        self._running: set[Flushable] = set()
        self._scheduled = False
        self._idle = asyncio.Event()
        self._closing = ExitStack()
        self._threads = [
            threading.Thread(target=self._work, name=f"flush-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def request(self, partition: Flushable) -> None:
        """Have all that is appended so far on disk soon; `partition.end_flush` tells when."""
        self._due.add(partition)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._start_due)

    def _start_due(self) -> None:
        """Begin the syncs that were asked for; a partition whose sync still runs stays due."""
        self._scheduled = False
        for partition in self._due - self._running:
            self._due.discard(partition)
            self._running.add(partition)
            self._start(partition, partition.begin_flush())

    def _start(self, partition: Flushable, flush: Flush) -> None:
        file = flush.only_file()
        if file is None or not self._kernel_takes(partition, flush, file):
            self._queue.put((partition, flush))

    def _kernel_takes(self, partition: Flushable, flush: Flush, file: Held) -> bool:
        descriptor, kernel = file.descriptor(), self._kernel
        if descriptor is None or kernel is None:
            return False
        return kernel.submit(descriptor, partial(self._synced, partition, flush, file))

    def _synced(self, partition: Flushable, flush: Flush, file: Held, error: OSError | None) -> None:
        file.let_go()
        self._finish(partition, flush, error)

    @cached_property
    def _kernel(self) -> "KernelSync | None":
        """Asked for with the first plain flush: ctypes takes time to import."""
        from ottla.broker.kernel_sync import KernelSync

        kernel = KernelSync.opened(self._loop)
        return self._closing.enter_context(closing(kernel)) if kernel is not None else None

    def _work(self) -> None:
        """A thread's whole life: sync what comes, hand it back to the loop."""
        while (job := self._queue.get()) is not None:
            partition, flush = job
            error: Exception | None = None
            try:
                flush.sync()
            except Exception as failure:  # noqa: BLE001 - whatever it is, the partition must hear of it
                error = failure
            self._loop.call_soon_threadsafe(self._finish, partition, flush, error)

    def _finish(self, partition: Flushable, flush: Flush, error: Exception | None) -> None:
        self._running.discard(partition)
        partition.end_flush(flush, error)
        if self._due:
            self._start_due()
        if not self._running:
            self._idle.set()

    async def close(self) -> None:
        """Let what was asked for finish, then end the threads."""
        while self._due or self._running:
            self._idle.clear()
            await self._idle.wait()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._closing.close()
