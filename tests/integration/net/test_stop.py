"""A stopping server finishes what it can and leaves nothing behind."""

import asyncio
import socket
from struct import pack

import pytest
from tests.support.frames import client_of, eventually, serving

from ottla.net.peer import Peer
from ottla.wire.types import Buffer


async def test_requests_in_flight_are_answered_before_the_close() -> None:
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        await gate.wait()
        return [frame]

    async with serving(respond) as server, client_of(server) as client, client_of(server) as idle:
        client.send(b"one", b"two")
        await eventually(lambda: server.traffic.requests == 2)
        stopping = asyncio.ensure_future(server.close(10))
        assert await idle.rest() == b""
        client.send(b"too late")
        await asyncio.sleep(0.02)
        assert not stopping.done()
        gate.set()
        assert await client.rest() == pack(">i", 3) + b"one" + pack(">i", 3) + b"two"
        await stopping


async def test_parked_requests_are_cancelled_at_the_deadline() -> None:
    cancelled = 0

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return []

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"", b"", b"")
        await eventually(lambda: server.traffic.requests == 3)
        await server.close(0.02)
        assert cancelled == 3
        assert await client.rest() == b""


async def test_a_large_reply_is_sent_whole_before_the_close() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [bytes(5_000_000)]

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"")
        await eventually(lambda: server.traffic.requests == 1)
        stopping = asyncio.ensure_future(server.close(10))
        assert len(await client.rest()) == 5_000_004
        await stopping


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [bytes(50_000_000)]

    async with serving(respond) as server, client_of(server) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.send(b"")
        await eventually(lambda: server.traffic.requests == 1)
        await server.close(0.02)
        assert server.connection_count == 0


async def test_nobody_gets_in_any_more_and_the_port_is_free() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [frame]

    async with serving(respond) as server:
        host, port = server.addresses[0]
        await server.close()
        listening = await asyncio.start_server(lambda r, w: w.close(), host, port)
        listening.close()
        await listening.wait_closed()


@pytest.mark.parametrize("turns", range(8))
async def test_who_comes_in_while_the_server_stops_is_let_go(turns: int) -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [frame]

    async with serving(respond) as server:
        newcomers = [socket.create_connection(server.addresses[0]) for _ in range(5)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.close(0.2)
        assert server.connection_count == 0
        assert server.admission.count == 0
        for newcomer in newcomers:
            newcomer.close()
