"""The way to a listener whose host has several addresses."""

import asyncio
import socket
from typing import Any

import pytest

from ottla.client.brokers.address import Address
from ottla.client.brokers.bootstrap import expanded
from ottla.net.connecting import connect
from ottla.net.errors import KafkaConnectionError

CANONICAL = "resolve_canonical_bootstrap_servers_only"


def resolving(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """From now on every name stands for these hosts."""

    async def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)


async def listener() -> asyncio.Server:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    return await asyncio.start_server(hold, "127.0.0.1", 0)


@pytest.mark.parametrize("first", ["127.0.0.2", "192.0.2.1"], ids=["refuses", "is silent or unreachable"])
async def test_an_address_that_does_not_answer_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    async with await listener() as server:
        port = server.sockets[0].getsockname()[1]
        resolving(monkeypatch, first, "127.0.0.1")
        protocol = await connect("several", port, None, 1.0)
        assert protocol.is_open
        await protocol.close()


async def test_when_none_answers_the_last_problem_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    resolving(monkeypatch, "127.0.0.2", "127.0.0.1")
    with pytest.raises(KafkaConnectionError, match=rf"several:{port}: connection refused"):
        await connect("several", port, None, 1.0)


async def test_a_bootstrap_name_is_taken_for_all_its_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.1", "10.0.0.2")

    async def getnameinfo(numeric: tuple[str, int], _: int) -> tuple[str, str]:
        return f"host-{numeric[0][-1]}", str(numeric[1])

    monkeypatch.setattr(asyncio.get_running_loop(), "getnameinfo", getnameinfo, raising=False)
    servers = [Address("all", 9092)]
    assert await expanded(servers, CANONICAL) == [Address("host-1", 9092), Address("host-2", 9092)]
    assert await expanded(servers, "use_all_dns_ips") == servers


async def test_a_bootstrap_name_that_is_unknown_stays_as_it_is() -> None:
    servers = [Address("no.such.host.invalid", 9092)]
    assert await expanded(servers, CANONICAL) == servers
