"""Where a client begins: the servers it was told, and what a name may stand for."""

import asyncio
import socket

from ottla.client.brokers.address import Address


async def expanded(servers: list[Address], lookup: str) -> list[Address]:
    """Each server; with `resolve_canonical_bootstrap_servers_only`, each host that its name stands for (KIP-235).

    A name that cannot be resolved stays as it is: connecting to it says what is wrong.
    """
    if lookup != "resolve_canonical_bootstrap_servers_only":
        return servers
    found = await asyncio.gather(*map(_canonical, servers))
    return list(dict.fromkeys(address for addresses in found for address in addresses))


async def _canonical(server: Address) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        numeric = dict.fromkeys(str(name[0]) for *_, name in found)
        names = [await loop.getnameinfo((host, server.port), socket.NI_NUMERICSERV) for host in numeric]
    except OSError:
        return [server]
    return [Address(host, server.port) for host, _ in names]
