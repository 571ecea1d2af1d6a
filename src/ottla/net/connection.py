"""A connection to a broker, from the client's side: requests pipelined, replies decoded. No retries, no
policy."""

import asyncio
import socket
from dataclasses import dataclass
from functools import partial
from typing import Literal, overload

from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.client_protocol import ClientProtocol
from ottla.net.errors import KafkaConnectionError
from ottla.net.negotiation import VersionRange, common_version, negotiate
from ottla.net.peer import address_text
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.registry import Api
from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Kafka's client settings that concern one connection."""

    client_id: str | None = "ottla"
    socket_connection_setup_timeout_ms: int = 10_000
    request_timeout_ms: int = 30_000


class Connection:
    """One open connection; made by `Connection.open`. Not usable any more after the first error."""

    def __init__(self, address: str, protocol: ClientProtocol, settings: ConnectionSettings) -> None:
        self.address = address
        self.versions: dict[int, VersionRange] = {}
        """The broker's version range per API key."""
        self._protocol = protocol
        self._settings = settings
        self._last_correlation_id = -1

    @classmethod
    async def open(cls, host: str, port: int, settings: ConnectionSettings | None = None) -> "Connection":
        """Connect and negotiate versions. Raises KafkaConnectionError; needs a current task."""
        settings = settings or ConnectionSettings()
        address = address_text((host, port))
        limit_s = settings.socket_connection_setup_timeout_ms / 1000
        try:
            async with asyncio.timeout(limit_s):
                protocol = await _connect(host, port, address)
        except TimeoutError as error:
            problem = f"no connection in {limit_s:g} s; is the address right, and no firewall between?"
            raise KafkaConnectionError(address, problem) from error
        connection = cls(address, protocol, settings)
        try:
            connection.versions = await negotiate(partial(connection._exchange, limit_s))
        except BaseException as error:
            await connection.close()
            if isinstance(error, WireError):
                problem = f"its answer to ApiVersions cannot be read: {error}; is that a Kafka broker?"
                raise KafkaConnectionError(address, problem) from error
            raise
        return connection

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self._protocol.is_open

    @property
    def in_flight(self) -> int:
        """Requests sent whose replies have not come."""
        return self._protocol.in_flight

    def version(self, api: Api) -> int:
        """The highest version that both ends speak. Raises KafkaError (UNSUPPORTED_VERSION)."""
        return common_version(api, self.versions)

    @overload
    async def send(
        self,
        api: Api,
        version: int,
        message: Message,
        *,
        expect_reply: Literal[True] = ...,
        timeout_ms: int | None = ...,
    ) -> Message: ...
    @overload
    async def send(
        self, api: Api, version: int, message: Message, *, expect_reply: bool, timeout_ms: int | None = ...
    ) -> Message | None: ...
    async def send(
        self,
        api: Api,
        version: int,
        message: Message,
        *,
        expect_reply: bool = True,
        timeout_ms: int | None = None,
    ) -> Message | None:
        """Send one request and return its decoded response, or None when none is expected (Produce with
        acks=0).

        The bytes are written in the first step, before anything is awaited: several sends leave in the order
        in which they were begun. Raises KafkaConnectionError, WireError (the message does not fit the
        version), or KafkaError when the response cannot be read.
        """
        if not expect_reply:
            self._write(api, version, message)
            await self._protocol.drain()
            return None
        limit_ms = self._settings.request_timeout_ms if timeout_ms is None else timeout_ms
        frame = await self._exchange(limit_ms / 1000, api, version, message)
        try:
            _, position = decode_response_header(api, version, frame)
            return api.response.decode(frame, version, position)[0]
        except WireError as error:
            problem = f"{self.address}: the response to {api.name} version {version} cannot be read: {error}"
            raise KafkaError(ErrorCode.CORRUPT_MESSAGE, problem) from error

    async def close(self) -> None:
        """Close; what is under way fails. May be called twice."""
        await self._protocol.close()

    def _write(self, api: Api, version: int, message: Message) -> int:
        self._last_correlation_id = (self._last_correlation_id + 1) & 0x7FFFFFFF
        number = self._last_correlation_id
        header = encode_request_header(api, version, number, self._settings.client_id)
        self._protocol.send(api.name, [header, *message.encode(version)])
        return number

    async def _exchange(self, limit_s: float, api: Api, version: int, message: Message) -> Buffer:
        number = self._write(api, version, message)
        return await self._protocol.expect(number, api.name, limit_s)


async def _connect(host: str, port: int, address: str) -> ClientProtocol:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        problem = (
            f"unknown host ({error.strerror}); check bootstrap.servers and the broker's advertised.listeners"
        )
        raise KafkaConnectionError(address, problem) from error
    last = OSError("no addresses")
    for _, _, _, _, name in found:
        try:
            _, protocol = await loop.create_connection(
                lambda: ClientProtocol(address, loop), str(name[0]), port
            )
        except OSError as error:
            last = error
        else:
            return protocol
    raise KafkaConnectionError(address, _why_not(last)) from last


def _why_not(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: no broker listens there; start one (`ottla serve`) or correct the address"
    return f"cannot connect: {error.strerror or error}"
