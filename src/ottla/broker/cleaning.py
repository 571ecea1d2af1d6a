"""One partition's compaction round, as a coroutine that can be cancelled at any moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from ottla.broker.partition import Partition
from ottla.core.clock import Clock
from ottla.log.compaction import Cleaned, Compaction, last_records
from ottla.log.compaction_survey import Survey

T = TypeVar("T")


class Cleaning:
    """A round over one partition: made, and stepped, on the event loop; the work is done in a thread."""

    def __init__(self, partition: Partition, found: Survey, clock: Clock) -> None:
        self.partition = partition
        self.cancelled = False
        self.bytes_before = 0
        """Bytes of the segments that were replaced, and of what took their place."""
        self.bytes_after = 0
        self._clock = clock
        self._began = clock.monotonic()
        log = partition.log
        self._compaction = Compaction(log, found, clock.now_ms(), last=last_records(log.producers))

    @property
    def end_offset(self) -> int:
        """Where the next round begins."""
        return self._compaction.end_offset

    @property
    def bytes_read(self) -> int:
        """By both passes: the one that collects keys and the one that copies."""
        return self._compaction.bytes_read

    @property
    def seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def cancel(self) -> None:
        """The partition is going away: have the round end soon, and nothing of it take a segment's place."""
        self.cancelled = True
        self._compaction.cancel()

    async def run(self) -> AsyncIterator[list[str]]:
        """After each group of segments the files to remove later. Raises as `Compaction.run` does."""
        async for doomed in self._compaction.run(self.partition.log, self._in_thread):
            yield doomed

    async def _in_thread(self, function: Callable[[], T]) -> T:
        """As `ottla.broker.in_thread`; when cancelled, the step is told to end, and what it made goes."""
        work = asyncio.get_running_loop().run_in_executor(None, function)
        try:
            result = await asyncio.shield(work)
        except asyncio.CancelledError:
            self.cancel()
            with contextlib.suppress(Exception):  # it ends by being cancelled, or with what nobody will use
                self._discard(await work)
            raise
        if isinstance(result, Cleaned):
            self.bytes_before += result.bytes_before
            self.bytes_after += result.bytes_after
        return result

    def _discard(self, result: object) -> None:
        if isinstance(result, Cleaned):
            self._compaction.discard(result)
