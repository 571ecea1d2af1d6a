"""Clients that do everything at once and leave at any moment, and a server that is as it was in the end."""

import asyncio
import random
from struct import pack

import pytest
from tests.support.frames import WireClient, eventually, serving

from ottla.net.admission import ConnectionLimits
from ottla.net.errors import CloseConnection
from ottla.net.peer import Peer
from ottla.net.server import ServerSettings
from ottla.wire.types import Buffer


async def respond(frame: Buffer, peer: Peer) -> list[Buffer] | None:
    """The frame's first byte says how it is answered."""
    kind = bytes(frame[:1])
    if kind == b"w":
        await asyncio.sleep(0.001)
    if kind == b"l":
        return [frame, bytes(200_000)]
    if kind == b"n":
        return None
    if kind == b"c":
        raise CloseConnection("told to")
    if kind == b"b":
        raise LookupError("broken")
    return [frame]


async def talk(client: WireClient, chance: random.Random) -> None:
    """Pipelines requests; all replies until the end, if there is one, must come and be in order."""
    kinds = [chance.choice(b"aaaaaawwwwlnnn" + (b"cb" if chance.random() < 0.1 else b"")) for _ in range(80)]
    for number, kind in enumerate(kinds):
        client.send(bytes([kind]) + pack(">i", number) + bytes(chance.choice((0, 10, 50_000))))
    if chance.random() < 0.2:
        client.writer.write(
            chance.choice((b"GET / HTTP/1.1\r\n\r\n", pack(">i", 5_000_000) + b"half", b"\0\0"))
        )
    stop_at = chance.choice((0, 5, 80, 80, 80))
    for number, kind in list(enumerate(kinds))[:stop_at]:
        if kind in b"cb":
            assert await client.rest() == b""
            break
        if kind not in b"n":
            reply = await client.reply()
            assert reply[:5] == bytes([kind]) + pack(">i", number)


@pytest.mark.parametrize("seed", range(3))
async def test_in_the_end_nothing_is_left(seed: int) -> None:
    chance = random.Random(seed)
    settings = ServerSettings(
        queued_max_request_bytes=2_000_000,
        limits=ConnectionLimits(max_connections=12),
        connections_max_idle_ms=20_000,
    )
    async with serving(respond, settings) as server:

        async def one(number: int) -> None:
            own = random.Random(number + 1_000 * seed)
            await asyncio.sleep(own.random() / 10)
            client = await WireClient.connect(server)
            try:
                await talk(client, own)
            finally:
                if own.random() < 0.3:
                    client.writer.transport.abort()
                await client.close()

        await asyncio.gather(*(one(chance.randrange(10_000)) for _ in range(60)))
        await eventually(lambda: server.connection_count == 0)
        assert server.memory is not None
        await eventually(lambda: server.memory is not None and server.memory.held_bytes == 0)
        assert server.admission.count == 0
        assert server.created_connections == 60
        assert server.traffic.requests > 1_000
        await eventually(lambda: not server._shared.dropped)
