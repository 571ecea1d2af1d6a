"""Who is at the other end of a connection."""

from dataclasses import dataclass

Address = tuple[str, int]
"""Host and port."""


@dataclass(slots=True, eq=False)
class Peer:
    """One connection as handlers see it; the same object for all of its requests, so it can be a key."""

    remote: Address
    local: Address
    """The address of ours that the client dialled."""
    listener: str

    def __str__(self) -> str:
        return address_text(self.remote)


def address_text(address: Address) -> str:
    """`host:port`, with brackets around an IPv6 host."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain_address(name: tuple[str, int, int, int] | tuple[str, int]) -> Address:
    """A socket's address as people write it: an IPv4 one that came through a dual-stack socket as IPv4."""
    return name[0].removeprefix("::ffff:"), name[1]
