"""The way to a listener: its host's addresses, TCP, TLS. What goes wrong is said with the likely fix."""

import asyncio
import socket
import ssl

from ottla.net.client_protocol import ClientProtocol
from ottla.net.errors import KafkaConnectionError
from ottla.net.peer import address_text
from ottla.net.tls import explained


async def connect(host: str, port: int, tls: ssl.SSLContext | None, limit_s: float) -> ClientProtocol:
    """Try each address of the host, with an equal share of the time that is left (KIP-302).

    Raises KafkaConnectionError, or TlsError when the two ends do not trust each other.
    """
    address = address_text((host, port))
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + limit_s
    found = await _addresses(host, port, address, limit_s)
    problem: KafkaConnectionError | None = None
    for index, numeric in enumerate(found):
        share_s = max(0.0, give_up_at - loop.time()) / (len(found) - index)
        try:
            async with asyncio.timeout(share_s):
                return await _connect(numeric, (host, port), tls)
        except TimeoutError:
            what = "connection" if tls is None else "TLS connection"
            text = f"no {what} in {limit_s:g} s; is the address right, and no firewall between?"
            problem = KafkaConnectionError(address, text)
        except KafkaConnectionError as error:
            problem = error
    raise problem or KafkaConnectionError(address, "the host has no address")


async def _addresses(host: str, port: int, address: str, limit_s: float) -> list[str]:
    loop = asyncio.get_running_loop()
    advice = "check bootstrap.servers and the broker's advertised.listeners"
    try:
        async with asyncio.timeout(limit_s):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise KafkaConnectionError(address, f"unknown host ({error.strerror}); {advice}") from error
    except TimeoutError as error:
        raise KafkaConnectionError(address, f"the name server does not answer in {limit_s:g} s") from error
    return list(dict.fromkeys(str(name[0]) for _, _, _, _, name in found))


async def _connect(numeric: str, name: tuple[str, int], tls: ssl.SSLContext | None) -> ClientProtocol:
    host, port = name
    address = address_text(name)
    loop = asyncio.get_running_loop()
    server_hostname = host if tls is not None else None
    try:
        _, protocol = await loop.create_connection(
            lambda: ClientProtocol(address, loop), numeric, port, ssl=tls, server_hostname=server_hostname
        )
    except ssl.SSLError as error:
        raise explained(error, host, address) from error
    except (ConnectionResetError, ConnectionAbortedError) as error:
        if tls is not None:
            raise explained(error, host, address) from error
        raise KafkaConnectionError(address, _why_not(error)) from error
    except OSError as error:
        raise KafkaConnectionError(address, _why_not(error)) from error
    return protocol


def _why_not(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: no broker listens there; start one (`ottla serve`) or correct the address"
    return f"cannot connect: {error.strerror or error}"
