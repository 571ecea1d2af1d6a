"""A client that asks faster than it listens, or more than is good, is held back; memory stays bounded."""

import asyncio
import contextlib
from struct import pack

from tests.support.frames import client_of, eventually, serving, settled

from ottla.core.limits import MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_REQUESTS
from ottla.net.peer import Peer
from ottla.net.server import ServerSettings
from ottla.wire.types import Buffer


async def test_a_client_that_never_reads_stops_being_served_and_loses_nothing() -> None:
    reply = bytes(100_000)

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [frame, reply]

    async with serving(respond) as server, client_of(server) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        names = [b"%5d" % number for number in range(2_000)]
        client.send(*names)
        sent = await settled(lambda: server.traffic.sent_bytes)
        # What the two sockets take, and the high-water mark: far from the 200 MB that were asked for.
        assert 0 < sent < 20_000_000
        assert server.traffic.requests < 200
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert [got[:5] for got in await client.replies(2_000)] == names


async def test_reading_stops_while_replies_pile_up() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        return [bytes(10_000)]

    async with serving(respond) as server, client_of(server) as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(100):
            client.send(*[b"x" * 1_000] * 100)
        received = await settled(lambda: server.traffic.received_bytes)
        assert received < 5_000_000  # of the 10 MB that the client has to send
        client.writer.transport.abort()


async def test_requests_in_flight_are_bounded_and_the_others_start_in_order() -> None:
    started: list[bytes] = []
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        started.append(bytes(frame))
        await gate.wait()
        return [frame]

    async with serving(respond) as server, client_of(server) as client:
        names = [b"%d" % number for number in range(1_000)]
        client.send(*names)
        await eventually(lambda: len(started) == MAX_IN_FLIGHT_REQUESTS)
        await asyncio.sleep(0.02)
        assert len(started) == MAX_IN_FLIGHT_REQUESTS
        gate.set()
        assert await client.replies(1_000) == names
        assert started == names


async def test_bytes_in_flight_are_bounded() -> None:
    started = 0
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        nonlocal started
        started += 1
        await gate.wait()
        return [pack(">i", len(frame))]

    async with serving(respond) as server, client_of(server) as client:
        body = bytes(10_000_000)
        enough = MAX_IN_FLIGHT_BYTES // len(body) + 1
        for _ in range(enough + 5):
            client.send(body)
        await eventually(lambda: started == enough)
        await settled(lambda: server.traffic.received_bytes)
        assert started == enough
        assert server.traffic.received_bytes < (enough + 1) * (len(body) + 4)
        gate.set()
        assert await client.replies(enough + 5) == [pack(">i", len(body))] * (enough + 5)


async def test_finished_replies_behind_a_slow_one_are_bounded_too() -> None:
    gate = asyncio.Event()
    started = 0

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        nonlocal started
        started += 1
        if frame == b"slow":
            await gate.wait()
        return [bytes(8_000_000)]

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"slow", *[b"quick"] * 60)
        await eventually(lambda: started >= 9)
        await asyncio.sleep(0.05)
        assert started == 1 + MAX_IN_FLIGHT_BYTES // 8_000_000 + 1
        gate.set()
        assert {len(reply) for reply in await client.replies(61)} == {8_000_000}


async def test_the_servers_memory_is_shared_and_given_back() -> None:
    """queued.max.request.bytes: new frames wait while others hold it all; begun ones are finished."""
    gate = asyncio.Event()
    started = 0

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        nonlocal started
        started += 1
        await gate.wait()
        return [b"ok"]

    settings = ServerSettings(queued_max_request_bytes=1_000_000)
    async with serving(respond, settings) as server, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client_of(server)) for _ in range(8)]
        for client in clients:
            client.send(bytes(900_000))
        held = await settled(lambda: server.traffic.received_bytes)
        memory = server.memory
        assert memory is not None
        assert memory.full
        assert started == 2  # the first leaves room to begin one more
        assert held < 2 * 900_000 + 6 * 262_144
        gate.set()
        assert [await client.reply() for client in clients] == [b"ok"] * 8
        assert memory.held_bytes == 0
        for client in clients:
            client.send(b"again")
        assert [await client.reply() for client in clients] == [b"ok"] * 8


async def test_memory_of_a_lost_connection_is_given_back() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        if frame[:1] == b"p":
            await asyncio.Event().wait()
        return [b"ok"]

    settings = ServerSettings(queued_max_request_bytes=100_000)
    async with serving(respond, settings) as server, client_of(server) as client:
        async with client_of(server) as other:
            other.send(b"p" * 50_000)
            other.writer.write(pack(">i", 500_000) + bytes(40_000))
            await eventually(lambda: server.traffic.requests == 1)
        memory = server.memory
        assert memory is not None
        await eventually(lambda: memory.held_bytes == 0)
        client.send(b"still here")
        assert await client.reply() == b"ok"


async def test_requests_kept_while_held_back_are_not_lost_by_a_client_that_leaves() -> None:
    """A producer with acks=0 sends its last records and goes."""
    taken: list[bytes] = []

    async def respond(frame: Buffer, peer: Peer) -> None:
        taken.append(bytes(frame))
        await asyncio.sleep(0)

    async with serving(respond) as server:
        names = [b"%d" % number for number in range(5_000)]
        async with client_of(server) as client:
            client.send(*names)
        await eventually(lambda: len(taken) == 5_000)
        assert taken == names
