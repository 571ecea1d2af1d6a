"""A broker made of a script: it reads each request's header by hand and answers what it is told to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from tests.support.bytes import Reader, array, int16, int32


@dataclass
class Asked:
    """One request as it came."""

    api_key: int
    version: int
    correlation_id: int
    client_id: str | None
    writer: asyncio.StreamWriter

    def answer(self, body: bytes, correlation_id: int | None = None) -> None:
        number = self.correlation_id if correlation_id is None else correlation_id
        self.writer.write(int32(4 + len(body)) + int32(number) + body)


Script = Callable[[Asked], Awaitable[None]]


def api_versions_v0(error: int, *ranges: tuple[int, int, int]) -> bytes:
    """The oldest layout: error code, then key, min and max."""
    return int16(error) + array([int16(key) + int16(low) + int16(high) for key, low, high in ranges])


def api_versions_v3(*ranges: tuple[int, int, int]) -> bytes:
    rows = [int16(key) + int16(low) + int16(high) + b"\0" for key, low, high in ranges]
    return int16(0) + bytes([len(rows) + 1]) + b"".join(rows) + int32(0) + b"\0"


@contextlib.asynccontextmanager
async def scripted(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[str, int]]:
    """Its address. Requests are handled one after the other."""
    open_writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                header = Reader(await reader.readexactly(size))
                await script(Asked(header.int16(), header.int16(), header.int32(), header.string(), writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
        for writer in open_writers:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
        await asyncio.sleep(0)
