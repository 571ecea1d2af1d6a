"""Order, errors, pipelining and disconnects, over real sockets."""

import asyncio
import logging
import random
from struct import pack

import pytest
from tests.support.frames import WireClient, client_of, eventually, serving

from ottla.net.errors import CloseConnection
from ottla.net.peer import Peer
from ottla.wire.types import Buffer


async def echo(frame: Buffer, peer: Peer) -> list[Buffer]:
    return [b"<", frame, b">"]


async def test_a_frame_is_answered_in_parts() -> None:
    async with serving(echo) as server, client_of(server) as client:
        client.send(b"hello")
        assert await client.reply() == b"<hello>"


async def test_thousands_of_pipelined_requests() -> None:
    async with serving(echo) as server, client_of(server) as client:
        bodies = [b"%d" % number for number in range(10_000)]
        client.send(*bodies)
        assert await client.replies(10_000) == [b"<%b>" % body for body in bodies]
        assert server.traffic.requests == 10_000


async def test_frames_in_any_pieces() -> None:
    async with serving(echo) as server, client_of(server) as client:
        data = b"".join(pack(">i", size) + b"x" * size for size in (0, 1, 300, 70_000))
        for position in range(0, len(data), 7_001):
            client.writer.write(data[position : position + 7_001])
            await asyncio.sleep(0.001)
        assert [len(reply) for reply in await client.replies(4)] == [2, 3, 302, 70_002]


async def test_a_large_request_and_a_large_reply() -> None:
    async with serving(echo) as server, client_of(server) as client:
        body = random.Random(7).randbytes(9_000_000)
        client.send(body)
        assert await client.reply() == b"<%b>" % body


async def test_replies_leave_in_request_order_whatever_finishes_first() -> None:
    """Some answered at once, some in a task, some not at all; finished in random order."""
    chance = random.Random(11)
    waiting: dict[bytes, asyncio.Future[None]] = {}

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer] | None:
        name = bytes(frame)
        if not name.endswith(b"0"):
            waiting[name] = asyncio.get_running_loop().create_future()
            await waiting[name]
        return None if name.endswith(b"5") else [name]

    async with serving(respond) as server, client_of(server) as client:
        for turn in range(20):
            names = [b"%d-%d" % (turn, number) for number in range(60)]
            client.send(*names)
            await eventually(lambda: len(waiting) == 54)
            order = list(waiting)
            chance.shuffle(order)
            for name in order:
                waiting.pop(name).set_result(None)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
            expected = [name for name in names if not name.endswith(b"5")]
            assert await client.replies(len(expected)) == expected


async def test_a_reply_that_waits_for_nobody_still_waits_its_turn() -> None:
    first = asyncio.get_running_loop().create_future()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        if frame == b"slow":
            await first
        return [frame]

    async with serving(respond) as server, client_of(server) as client, client_of(server) as other:
        client.send(b"slow", b"quick")
        other.send(b"quick")
        assert await other.reply() == b"quick"  # connections do not wait for each other
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.reader.readexactly(1)
        first.set_result(None)
        assert await client.replies(2) == [b"slow", b"quick"]


async def test_timeouts_and_groups_work_after_the_first_await() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            pass
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0.001))
        return [b"done"]

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"", b"")
        assert await client.replies(2) == [b"done", b"done"]


async def test_a_first_step_never_runs_inside_another_requests_task() -> None:
    """Also not when it was kept back and a finished request makes room for it."""
    seen: list[asyncio.Task[object] | None] = []

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0.001)
        return [frame]

    async with serving(respond) as server, client_of(server) as client:
        client.send(*[b"x"] * 250)  # over the bound of requests in flight
        await client.replies(250)
    assert seen == [None] * 250


async def test_close_connection_lets_earlier_replies_out_first(caplog: pytest.LogCaptureFixture) -> None:
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        if frame == b"bad":
            raise CloseConnection("an API that nobody serves")
        if frame == b"slow":
            await gate.wait()
        return [frame]

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"quick", b"slow", b"bad", b"never")
        assert await client.reply() == b"quick"
        gate.set()
        assert await client.rest() == pack(">i", 4) + b"slow"
        assert server.traffic.requests == 3
    (line,) = caplog.messages
    assert line.startswith("127.0.0.1:")
    assert line.endswith("closed: an API that nobody serves")


@pytest.mark.parametrize("waits", [False, True])
async def test_a_broken_handler_costs_its_connection_and_one_line(
    caplog: pytest.LogCaptureFixture, waits: bool
) -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        if waits:
            await asyncio.sleep(0)
        if frame == b"bad":
            raise KeyError("gone")
        return [frame]

    async with serving(respond) as server, client_of(server) as client, client_of(server) as other:
        client.send(b"good", b"bad", b"never")
        assert await client.rest() == pack(">i", 4) + b"good"
        other.send(b"good")
        assert await other.reply() == b"good"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.messages[0].endswith("closed: a request failed: KeyError: 'gone'")


async def test_an_error_in_the_middle_drops_what_was_started_behind_it() -> None:
    started: list[bytes] = []
    ended: list[bytes] = []
    gate = asyncio.Event()

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        started.append(bytes(frame))
        try:
            await gate.wait()
            if frame == b"1":
                raise CloseConnection("no")
            await asyncio.Event().wait()
        finally:
            ended.append(bytes(frame))
        return [frame]

    async with serving(respond) as server, client_of(server) as client:
        client.send(b"1", b"2", b"3")
        await eventually(lambda: len(started) == 3)
        gate.set()
        assert await client.rest() == b""
        await eventually(lambda: sorted(ended) == [b"1", b"2", b"3"])


async def test_a_disconnect_cancels_what_is_under_way() -> None:
    """Also a request whose task has not run once, and one that takes its time to clean up."""
    outcomes: list[str] = []

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            outcomes.append("cancelled")
            raise
        return []

    async with serving(respond) as server:
        async with client_of(server) as client:
            client.send(*[b"x"] * 20)
            await eventually(lambda: server.traffic.requests == 20)
        client.writer.transport.abort()
        await eventually(lambda: len(outcomes) == 20)
        await eventually(lambda: server.connection_count == 0)


async def test_half_a_frame_and_away() -> None:
    async with serving(echo) as server:
        async with client_of(server) as client:
            client.send(b"whole")
            client.writer.write(pack(">i", 1_000_000) + b"half")
            assert await client.reply() == b"<whole>"
        await eventually(lambda: server.connection_count == 0)
        assert server.traffic.requests == 1


@pytest.mark.parametrize(
    ("junk", "hint"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", "security.protocol=PLAINTEXT"),
        (b"\xff\xff\xff\xffab", "announces -1 bytes"),
        (b"\x7f\xff\xff\xff", "the limit is 104857600; is that a Kafka client? (socket.request.max.bytes)"),
    ],
)
async def test_junk_is_closed_with_a_line_that_helps(
    caplog: pytest.LogCaptureFixture, junk: bytes, hint: str
) -> None:
    async with serving(echo) as server:
        for _ in range(5):
            async with client_of(server) as client:
                client.send(b"fine")
                client.writer.write(junk)
                assert await client.rest() == pack(">i", 6) + b"<fine>"
    (line,) = caplog.messages  # five times, one line
    assert hint in line


async def test_all_that_came_before_junk_is_answered_also_what_had_to_wait() -> None:
    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        await asyncio.sleep(0.001)
        return [frame]

    async with serving(respond) as server, client_of(server) as client:
        client.send(*[b"x"] * 350)
        client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await client.rest() == (pack(">i", 1) + b"x") * 350


async def test_the_peer_tells_both_addresses_and_stays_the_same_object() -> None:
    peers: list[Peer] = []

    async def respond(frame: Buffer, peer: Peer) -> list[Buffer]:
        peers.append(peer)
        return [b""]

    async with serving(respond) as server, client_of(server) as client, client_of(server) as other:
        client.send(b"", b"")
        await client.replies(2)
        other.send(b"")
        await other.reply()
        assert peers[0] is peers[1]
        assert peers[0] is not peers[2]
        assert peers[0].remote == client.writer.get_extra_info("sockname")
        assert peers[0].local == server.addresses[0]
        assert peers[0].listener == "PLAINTEXT"


async def test_many_clients_at_once() -> None:
    async with serving(echo) as server:

        async def talk(number: int) -> None:
            async with client_of(server) as client:
                for turn in range(5):
                    body = b"%d-%d" % (number, turn)
                    client.send(body)
                    assert await client.reply() == b"<%b>" % body

        await asyncio.gather(*(talk(number) for number in range(200)))
        assert server.created_connections == 200
        await eventually(lambda: server.connection_count == 0)


async def test_every_address_of_a_name_is_listened_on() -> None:
    from ottla.net.server import Server

    server = Server(echo)
    await server.start("", 0)
    try:
        port = server.addresses[0][1]
        client = WireClient(*await asyncio.open_connection("127.0.0.1", port))
        client.send(b"x")
        assert await client.reply() == b"<x>"
        await client.close()
    finally:
        await server.close()


async def test_a_port_in_use_is_an_error_that_names_it() -> None:
    from ottla.net.server import Server

    async with serving(echo) as server:
        host, port = server.addresses[0]
        with pytest.raises(OSError, match=f"cannot listen on {host}:{port}: Address already in use"):
            await Server(echo).start(host, port)


async def test_a_host_that_nobody_knows_is_an_error_that_names_it() -> None:
    from ottla.net.server import Server

    with pytest.raises(OSError, match=r"cannot listen on nobody\.invalid:9092: "):
        await Server(echo).start("nobody.invalid", 9092)
