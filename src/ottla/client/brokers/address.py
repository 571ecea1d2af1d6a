"""A broker's address as people write it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

DEFAULT_PORT = 9092


class Address(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_addresses(servers: str | Sequence[str]) -> list[Address]:
    """`host:port,host:port`, or a list of such; a port may be left out. Raises ValueError naming what is wrong."""
    if isinstance(servers, Mapping):
        raise ValueError(
            "a dict is no broker address; what confluent-kafka takes is for from_config, of the same class"
        )
    parts = [servers] if isinstance(servers, str) else servers
    if not isinstance(parts, Iterable) or not all(isinstance(part, str) for part in parts):
        raise ValueError(
            f"{servers!r} is no broker address; write host:port, such as 127.0.0.1:9092, or a list of such"
        )
    text = ",".join(parts)
    addresses = [_parse(part.strip()) for part in text.split(",") if part.strip()]
    if not addresses:
        raise ValueError("no broker address given; write host:port, several separated by commas")
    return addresses


def _parse(text: str) -> Address:
    host, port = _split(text)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not a broker address; write host:port, such as 127.0.0.1:9092")
    return Address(host, int(port))


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):  # an IPv6 address in brackets
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":") or str(DEFAULT_PORT)
    host, _, port = text.partition(":")
    return host, port or str(DEFAULT_PORT)
