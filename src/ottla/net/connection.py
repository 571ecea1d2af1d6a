"""A connection to a broker, from the client's side: requests pipelined, replies decoded. No retries, no
policy."""

import ssl
from dataclasses import dataclass
from functools import partial
from typing import Literal, overload

from ottla.core.errors import AuthenticationError, ErrorCode, KafkaError
from ottla.net.client_protocol import ClientProtocol
from ottla.net.connecting import connect
from ottla.net.errors import KafkaConnectionError
from ottla.net.negotiation import BrokerVersions, VersionRange, common_version, negotiate
from ottla.net.peer import address_text
from ottla.net.sasl.exchange import authenticate
from ottla.net.sasl.mechanism import NewMechanism, SaslError
from ottla.net.tls import explained
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.registry import Api, api_named
from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError

_WANTS_TLS = "closed by the broker; does that listener want TLS (security_protocol SSL or SASL_SSL)?"
_WANTS_CERTIFICATE = "closed by the broker after TLS began; does it want a client certificate (ssl_certfile)?"
_WANTS_SASL = (
    "closed by the broker; does that listener want SASL (security_protocol SASL_PLAINTEXT or SASL_SSL)?"
)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Kafka's client settings that concern one connection."""

    client_id: str | None = "ottla"
    socket_connection_setup_timeout_ms: int = 10_000
    request_timeout_ms: int = 30_000
    tls: ssl.SSLContext | None = None
    """None for plain TCP."""
    sasl: NewMechanism | None = None


class Connection:
    """One open connection; made by `Connection.open`. Not usable any more after the first error."""

    def __init__(self, address: str, protocol: ClientProtocol, settings: ConnectionSettings) -> None:
        self.address = address
        self.broker = BrokerVersions()
        """What the broker said about its versions and features."""
        self.session_lifetime_ms = 0
        """How long the last authentication holds; 0 for as long as the connection (KIP-368)."""
        self._protocol = protocol
        self._settings = settings
        self._last_correlation_id = -1

    @classmethod
    async def open(cls, host: str, port: int, settings: ConnectionSettings | None = None) -> "Connection":
        """Connect, negotiate versions, authenticate. Needs a current task.

        Raises KafkaConnectionError, or AuthenticationError when trying again would not help.
        """
        settings = settings or ConnectionSettings()
        limit_s = settings.socket_connection_setup_timeout_ms / 1000
        protocol = await connect(host, port, settings.tls, limit_s)
        connection = cls(address_text((host, port)), protocol, settings)
        try:
            await connection._introduce(limit_s)
        except BaseException:
            await connection.close()
            if protocol.tls_error is not None:
                raise explained(protocol.tls_error, host, connection.address) from protocol.tls_error
            raise
        return connection

    async def _introduce(self, limit_s: float) -> None:
        self._protocol.when_closed_by_broker = (
            _WANTS_TLS if self._settings.tls is None else _WANTS_CERTIFICATE
        )
        try:
            self.broker = await negotiate(partial(self._exchange, limit_s))
        except WireError as error:
            problem = f"its answer to ApiVersions cannot be read: {error}; is that a Kafka broker?"
            raise KafkaConnectionError(self.address, problem) from error
        self._protocol.when_closed_by_broker = _WANTS_SASL if self._settings.sasl is None else ""
        await self.authenticate()

    async def authenticate(self) -> None:
        """Do so, or do it again before the session's end: until it is done nothing else must be sent.

        Raises AuthenticationError.
        """
        if self._settings.sasl is not None:
            try:
                mechanism = await self._settings.sasl()
            except SaslError as error:
                code = ErrorCode.SASL_AUTHENTICATION_FAILED
                raise AuthenticationError(code, f"{self.address}: {error}") from error
            self.session_lifetime_ms = await authenticate(self._ask, mechanism, self.address)

    async def _ask(self, message: Message) -> Message:
        api = api_named(type(message).__name__.removesuffix("Request"))
        limit_ms = self._settings.socket_connection_setup_timeout_ms
        return await self.send(api, self.version(api), message, timeout_ms=limit_ms)

    @property
    def versions(self) -> dict[int, VersionRange]:
        """The broker's version range per API key."""
        return self.broker.ranges

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
        self._protocol.when_closed_by_broker = ""  # it answers, so the listener is the right one
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
