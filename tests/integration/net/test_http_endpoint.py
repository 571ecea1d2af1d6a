"""The HTTP port for machines."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from tests.support.frames import eventually

from ottla.broker.http_endpoint import HttpEndpoint
from ottla.core.clock import SystemClock
from ottla.core.metrics import Registry

Address = tuple[str, int]


@contextlib.asynccontextmanager
async def endpoint(registry: Registry, *reasons: str) -> AsyncIterator[Address]:
    """`reasons` are what readiness answers, one after the other; ready then."""
    answers = list(reasons)
    http = HttpEndpoint(registry, lambda: answers.pop(0) if answers else "", SystemClock())
    address = await http.start("127.0.0.1", 0)
    try:
        yield address
    finally:
        await http.close()


async def asked(address: Address, request: bytes) -> tuple[str, str]:
    """The head and the body of the answer."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return head, body


async def test_metrics() -> None:
    registry = Registry()
    registry.counter("seen_total", "Seen").add(3)
    async with endpoint(registry) as address:
        head, body = await asked(address, b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert body == "# HELP seen_total Seen\n# TYPE seen_total counter\nseen_total 3\n"


async def test_ten_thousand_partitions_leave_the_loop_its_turns() -> None:
    registry = Registry()
    registry.computed(
        "size", "Bytes", lambda: [({"partition": str(number)}, number) for number in range(10_000)]
    )
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with endpoint(registry) as address:
        running = asyncio.ensure_future(others())
        _, body = await asked(address, b"GET /metrics HTTP/1.1\r\n\r\n")
        running.cancel()
    assert len(body.splitlines()) == 10_002
    assert turns > 20


async def test_liveness_and_readiness() -> None:
    async with endpoint(Registry(), "loading logs") as address:
        assert (await asked(address, b"GET /livez HTTP/1.0\n\n"))[1] == "alive\n"
        head, body = await asked(address, b"GET /readyz HTTP/1.1\r\n\r\n")
        assert (head.split()[1], body) == ("503", "not ready: loading logs\n")
        head, body = await asked(address, b"GET /readyz HTTP/1.1\r\n\r\n")
        assert (head.split()[1], body) == ("200", "ready\n")


async def test_what_it_does_not_do() -> None:
    async with endpoint(Registry()) as address:
        assert (await asked(address, b"GET / HTTP/1.1\r\n\r\n"))[0].split()[1] == "404"
        assert (await asked(address, b"POST /metrics HTTP/1.1\r\n\r\n"))[0].split()[1] == "405"
        assert (await asked(address, b"\r\n\r\n"))[0].split()[1] == "400"
        assert (await asked(address, b"HEAD /livez HTTP/1.1\r\n\r\n"))[1] == ""
        assert await asked(address, b"x" * 9_000) == ("", "")


async def test_a_stranger_who_stays_is_dropped_at_the_close() -> None:
    async with endpoint(Registry()) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /met")
        await writer.drain()
        await asyncio.sleep(0.01)
    await eventually(reader.at_eof)
    writer.close()


async def test_a_port_in_use_is_an_error_that_names_it_and_the_config() -> None:
    async with endpoint(Registry()) as (host, port):
        problem = rf"cannot listen on {host}:{port} \(metrics\.listen\): Address already in use"
        with pytest.raises(OSError, match=problem):
            await HttpEndpoint(Registry(), lambda: "", SystemClock()).start(host, port)
