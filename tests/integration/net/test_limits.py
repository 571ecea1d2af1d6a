"""Connection limits and idle connections."""

import asyncio
import logging
from struct import pack

import pytest
from tests.support.frames import WireClient, client_of, eventually, serving

from ottla.net.admission import ConnectionLimits
from ottla.net.peer import Peer
from ottla.net.server import Server, ServerSettings
from ottla.wire.types import Buffer


async def echo(frame: Buffer, peer: Peer) -> list[Buffer]:
    return [frame]


async def test_above_max_connections_newcomers_wait_until_one_leaves() -> None:
    settings = ServerSettings(limits=ConnectionLimits(max_connections=2))
    async with serving(echo, settings) as server:
        first, second, third = [await WireClient.connect(server) for _ in range(3)]
        for client in (first, second, third):
            client.send(b"hello")
        assert await first.reply() == await second.reply() == b"hello"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await third.reader.readexactly(1)
        assert server.connection_count == 2
        await first.close()
        assert await third.reply() == b"hello"
        assert server.connection_count == 2
        await second.close()
        await third.close()


async def test_the_listeners_of_a_broker_count_together() -> None:
    settings = ServerSettings(limits=ConnectionLimits(max_connections=1))
    async with serving(echo, settings) as server:
        other_server = Server(echo, settings, "OTHER", together_with=server)
        await other_server.start("127.0.0.1", 0)
        async with client_of(server) as first:
            first.send(b"x")
            assert await first.reply() == b"x"
            second = await WireClient.connect(other_server)
            second.send(b"y")
            await asyncio.sleep(0.05)
            assert (server.connection_count, other_server.connection_count) == (1, 0)
            await first.close()
            assert await second.reply() == b"y"
            assert (server.connection_count, other_server.connection_count) == (0, 1)
            await second.close()
        await other_server.close()


async def test_above_its_share_a_host_is_refused_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    settings = ServerSettings(limits=ConnectionLimits(max_connections_per_ip=1))
    async with serving(echo, settings) as server, client_of(server) as first:
        first.send(b"hello")
        assert await first.reply() == b"hello"
        for _ in range(3):
            async with client_of(server) as refused:
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await refused.reply()
        assert server.refused_connections == 3
        first.send(b"still here")
        assert await first.reply() == b"still here"
    assert caplog.messages == ["127.0.0.1 refused: it has 1 connections already (max.connections.per.ip)"]


async def test_the_creation_rate_delays_and_refuses_nobody() -> None:
    settings = ServerSettings(limits=ConnectionLimits(max_connection_creation_rate=1))
    async with serving(echo, settings) as server, client_of(server) as first, client_of(server) as second:
        for client in (first, second):
            client.send(b"x")
        assert await first.reply() == b"x"
        assert server.created_connections == 1
        assert await second.reply() == b"x"
        assert server.refused_connections == 0


async def test_idle_connections_are_closed_and_busy_ones_are_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ottla.net")
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        if frame == b"parked":
            await gate.wait()
        return [frame]

    async with serving(respond, ServerSettings(connections_max_idle_ms=800)) as server:
        silent, half, parked, talking = [await WireClient.connect(server) for _ in range(4)]
        half.writer.write(pack(">i", 100) + b"only half")
        parked.send(b"parked")
        while not (silent.reader.at_eof() and half.reader.at_eof()):
            talking.send(b"x")
            assert await talking.reply() == b"x"
            await asyncio.sleep(0.02)
        assert server.connection_count == 2
        gate.set()
        assert await parked.reply() == b"parked"
        for client in (silent, half, parked, talking):
            await client.close()
    idle = [line for line in caplog.messages if "closed: idle for 0.8 s (connections.max.idle.ms)" in line]
    assert len(idle) == 2


async def test_a_client_that_never_takes_its_replies_is_idle_in_the_end() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [bytes(1_000_000)]

    settings = ServerSettings(connections_max_idle_ms=200)
    async with serving(respond, settings) as server, client_of(server) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.send(*[b"x"] * 100)
        await eventually(lambda: server.traffic.requests > 0)
        await eventually(lambda: server.connection_count == 0)
        client.writer.transport.abort()
