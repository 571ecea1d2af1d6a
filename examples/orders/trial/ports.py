"""Ports that stay a service's own while it is down."""

import random
import socket
from typing import Final

RANGE: Final = (20_000, 32_000)
"""Below those that the kernel gives to outgoing connections, which could otherwise take a killed service's."""


def free_ports(count: int) -> list[int]:
    """So many on 127.0.0.1 that nobody has now."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(*RANGE)
        if _is_free(port):
            found.add(port)
    return list(found)


def _is_free(port: int) -> bool:
    """Also of a connection: nobody can listen where one began."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
