"""A bare socket that speaks frames, and a server around a `respond`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from struct import pack

from ottla.net.server import Server, ServerSettings
from ottla.net.shared import Respond


class WireClient:
    """Sends and reads frames; knows nothing of Kafka's messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, server: Server, **options: int) -> "WireClient":
        host, port = server.addresses[0]
        return cls(*await asyncio.open_connection(host, port, **options))

    def send(self, *bodies: bytes) -> None:
        self.writer.write(b"".join(pack(">i", len(body)) + body for body in bodies))

    async def reply(self) -> bytes:
        size = int.from_bytes(await self.reader.readexactly(4), "big")
        return await self.reader.readexactly(size)

    async def replies(self, count: int) -> list[bytes]:
        return [await self.reply() for _ in range(count)]

    async def rest(self) -> bytes:
        """All until the server closes."""
        return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):  # the server was first
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(respond: Respond, settings: ServerSettings | None = None) -> AsyncIterator[Server]:
    server = Server(respond, settings)
    await server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.close(0.2)


@contextlib.asynccontextmanager
async def client_of(server: Server, **options: int) -> AsyncIterator[WireClient]:
    client = await WireClient.connect(server, **options)
    try:
        yield client
    finally:
        await client.close()


async def eventually(condition: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait until `condition()` holds; fails the test when it never does."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.002)


async def settled(read: Callable[[], int]) -> int:
    """The number, once it has stopped changing."""
    last = -1
    while last != read():
        last = read()
        await asyncio.sleep(0.1)
    return last
