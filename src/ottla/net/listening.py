"""Listening sockets for a host name and a port."""

import asyncio
import socket
from typing import Any


async def listening_sockets(
    host: str, port: int, backlog: int, receive_buffer_bytes: int
) -> list[socket.socket]:
    """One non-blocking socket per address of `host`; "" is every address, IPv4 and IPv6 on one socket if it
    can be.

    All share one port, also when `port` is 0. Raises OSError that names the address.
    """
    sockets: list[socket.socket] = []
    try:
        for family, name in await _names(host, port):
            chosen = sockets[0].getsockname()[1] if sockets else port
            listening = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(listening)
            _prepare(listening, family, host, receive_buffer_bytes)
            _bind(listening, (name[0], chosen, *name[2:]))
            listening.listen(backlog)
    except OSError:
        for listening in sockets:
            listening.close()
        raise
    return sockets


async def _names(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    if not host:
        if socket.has_dualstack_ipv6():
            return [(socket.AF_INET6, ("::", port))]
        return [(socket.AF_INET, ("0.0.0.0", port))]  # noqa: S104 - what an empty host means in Kafka
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise _refusal(host, port, error) from error
    return list(dict.fromkeys((family, tuple(name)) for family, _, _, _, name in found))


def _prepare(listening: socket.socket, family: int, host: str, receive_buffer_bytes: int) -> None:
    listening.setblocking(False)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if host else 0)
    if receive_buffer_bytes > 0:  # before listen: TCP settles its window scale when it connects
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)


def _bind(listening: socket.socket, name: tuple[Any, ...]) -> None:
    try:
        listening.bind(name)
    except OSError as error:
        raise _refusal(name[0], name[1], error) from error


def _refusal(host: str, port: int, error: OSError) -> OSError:
    return OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror or error}")
