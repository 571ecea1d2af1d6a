"""One direction of a proxied connection, with its faults."""

import asyncio
from dataclasses import dataclass

_CHUNK_BYTES = 64 * 1024
_MOST_HELD_CHUNKS = 256  # on their way, 16 MB at most; beyond them the sender feels the back-pressure
_PACE_SECONDS = 0.02  # the size of a bandwidth's steps
_STALL_SECONDS = 0.005  # how often a stalled direction looks whether it still is


@dataclass(slots=True)
class Faults:
    """What is wrong with one direction, over all connections; may be changed at any time, from any thread."""

    latency_ms: float = 0
    """Every byte arrives so much later; how many there are at a time does not change."""
    bytes_per_second: float | None = None
    """Bandwidth of each connection; None: as much as there is."""
    stalled: bool = False
    """Nothing arrives, nor the end of the stream. What was sent meanwhile comes when it ends."""
    cut_after_bytes: int | None = None
    """So many more bytes arrive; then the connection that carried the last one is cut, and this is None again."""
    bytes_delivered: int = 0
    """A counter, over all connections."""

    def heal(self) -> None:
        """Nothing is wrong any more."""
        self.latency_ms, self.bytes_per_second, self.stalled, self.cut_after_bytes = 0, None, False, None


class CutError(Exception):
    """The connection has carried the bytes that it was to carry."""


class Link:
    """Carries bytes from a reader to a writer until the end of the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults) -> None:
        self._reader = reader
        self._writer = writer
        self._faults = faults
        self._held: asyncio.Queue[tuple[float, bytes | OSError]] = asyncio.Queue(_MOST_HELD_CHUNKS)

    async def run(self) -> None:
        """Returns after the end of the stream was passed on. Raises CutError, OSError."""
        taking = asyncio.ensure_future(self._take())
        try:
            await self._give()
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def _take(self) -> None:
        now = asyncio.get_running_loop().time
        taken: bytes | OSError = b"-"
        while taken and not isinstance(taken, OSError):
            try:
                taken = await self._reader.read(_CHUNK_BYTES)
            except OSError as error:
                taken = error
            await self._held.put((now() + self._faults.latency_ms / 1000, taken))

    async def _give(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due, taken = await self._held.get()
            await asyncio.sleep(max(0, due - now()))
            if isinstance(taken, OSError):
                raise taken
            if not taken:
                break
            await self._deliver(taken)
        await self._while_stalled()
        if not self._writer.is_closing():
            self._writer.write_eof()

    async def _deliver(self, data: bytes) -> None:
        rate = self._faults.bytes_per_second
        step = len(data) if rate is None else max(1, int(rate * _PACE_SECONDS))
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            if rate is not None:
                await asyncio.sleep(len(piece) / rate)
            await self._while_stalled()
            await self._send(piece)

    async def _send(self, data: bytes) -> None:
        limit = self._faults.cut_after_bytes
        if limit is not None:
            data = data[:limit]
            self._faults.cut_after_bytes = limit - len(data) or None
        if self._writer.is_closing():
            raise CutError  # by the other direction's end; uvloop's transports refuse to be written to
        self._writer.write(data)
        self._faults.bytes_delivered += len(data)
        await self._writer.drain()
        if limit is not None and self._faults.cut_after_bytes is None:
            raise CutError

    async def _while_stalled(self) -> None:
        while self._faults.stalled:  # noqa: ASYNC110 - other threads set it
            await asyncio.sleep(_STALL_SECONDS)
