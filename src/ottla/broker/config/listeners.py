"""Listener addresses: `listeners`, `advertised.listeners` and the map of their security protocols."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ottla.broker.config.definition import ConfigError

SUPPORTED_PROTOCOLS = ("PLAINTEXT",)
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_ADDRESS = re.compile(r"([A-Za-z0-9_-]+)://(?:\[([0-9A-Fa-f:.%a-z]*)\]|([^:/\[\]]*)):([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listener:
    """One address with the name of its listener. No host means every address of the machine."""

    name: str
    security_protocol: str
    host: str
    port: int


def parse_protocol_map(text: str) -> dict[str, str]:
    """Listener name to security protocol. Raises ConfigError."""
    key = "listener.security.protocol.map"
    protocols: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, colon, protocol = (part.strip().upper() for part in pair.partition(":"))
        if not colon or protocol not in _PROTOCOLS:
            raise ConfigError(key, text, f"{pair!r} is not NAME:PROTOCOL with one of {', '.join(_PROTOCOLS)}")
        if name in protocols:
            raise ConfigError(key, text, f"{name} is there twice")
        protocols[name] = protocol
    return protocols


def parse_listeners(key: str, addresses: Iterable[str], protocols: Mapping[str, str]) -> tuple[Listener, ...]:
    """The listeners of `key`, in their order. Raises ConfigError naming key, value and what is wrong."""
    addresses = tuple(addresses)
    text = ",".join(addresses)
    listeners = tuple(_parse(key, text, address, protocols) for address in addresses)
    names = [listener.name for listener in listeners]
    if not listeners:
        raise ConfigError(key, text, "it must have at least one listener")
    if len(set(names)) != len(names):
        raise ConfigError(key, text, "each listener needs a name of its own")
    ports = [(listener.host, listener.port) for listener in listeners if listener.port]
    if key == "listeners" and len(set(ports)) != len(ports):
        raise ConfigError(key, text, "two listeners cannot share a port")
    return listeners


def _parse(key: str, text: str, address: str, protocols: Mapping[str, str]) -> Listener:
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[4]) > 65535:
        raise ConfigError(key, text, f"{address!r} is not NAME://host:port")
    name = match[1].upper()
    if name not in protocols:
        raise ConfigError(key, text, f"{name} has no protocol in listener.security.protocol.map")
    return Listener(name, protocols[name], match[2] or match[3] or "", int(match[4]))
