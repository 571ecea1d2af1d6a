"""Ports that stay a service's own while it is down."""

import random
import socket
from typing import Final

RANGE: Final = (20_000, 32_000)
"""Below those that the kernel gives to outgoing connections, which could otherwise take a killed service's."""


def free_ports(count: int) -> list[int]:
    """So many on 127.0.0.1 that nobody has now."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(*RANGE)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found
