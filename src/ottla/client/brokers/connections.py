"""The connections to all brokers: requests in the version that both ends speak, quiet when a broker asks for it."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from ottla.client.brokers.address import Address
from ottla.client.brokers.link import BrokerLink
from ottla.client.brokers.security import sasl_of, tls_of
from ottla.client.config.settings import ClientSettings
from ottla.core.clock import Clock, SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.connection import Connection, ConnectionSettings
from ottla.net.negotiation import BrokerVersions
from ottla.net.tasks import Tasks
from ottla.wire.registry import Api, api_named
from ottla.wire.schema import Message

_log = logging.getLogger("ottla.client")
Response = TypeVar("Response", bound=Message)

Request = Message | Callable[[int], Message]
"""A request, or what makes it for a version, where versions differ in more than what is left out."""

Throttled = Callable[[Address, str, int], None]
"""Told the broker, the API and the milliseconds that the broker wants to hear nothing (KIP-219)."""


class Connections:
    """By address. Everything raises KafkaError, with NETWORK_EXCEPTION when the broker cannot be reached."""

    def __init__(
        self,
        settings: ClientSettings,
        clock: Clock | None = None,
        connection_settings: ConnectionSettings | None = None,
    ) -> None:
        """`connection_settings`: what has been made of the settings already, with its TLS context."""
        self._settings = settings
        self._connection_settings = connection_settings or _connection_settings(settings)
        self.on_throttled: Throttled = _note
        self._clock = clock or SystemClock()
        self._links: dict[Address, BrokerLink] = {}
        self._tasks = Tasks("connections")
        self._idle_watch: asyncio.Task[None] | None = None
        self._closed = False

    def beside(self) -> "Connections":
        """Others by the same settings: the certificates are not loaded again."""
        return Connections(self._settings, self._clock, self._connection_settings)

    def __contains__(self, address: Address) -> bool:
        """Whether there is an open one."""
        link = self._links.get(address)
        return link is not None and link.is_open

    def is_resting(self, address: Address) -> bool:
        """Whether the last attempt to reach it failed, and the next has to wait."""
        link = self._links.get(address)
        return link is not None and link.is_resting

    async def ask(
        self,
        address: Address,
        request: Request,
        response: type[Response],
        max_version: int | None = None,
        timeout_ms: int | None = None,
    ) -> Response:
        """The broker's answer, in the highest version that it and we speak, and `max_version` allows.

        It is waited for `timeout_ms`, by default `request.timeout.ms`.
        """
        api = api_named(response.__name__.removesuffix("Response"))
        link = self._link(address)
        connection = await link.connection()
        version = _version(connection, api, max_version)
        message = request if isinstance(request, Message) else request(version)
        answer = await connection.send(api, version, message, timeout_ms=timeout_ms)
        assert isinstance(answer, response), f"{api.name} is not answered with {response.__name__}"
        throttle_time_ms: int = getattr(answer, "throttle_time_ms", 0)
        if throttle_time_ms > 0:
            link.throttled(throttle_time_ms)
            self.on_throttled(address, api.name, throttle_time_ms)
        return answer

    async def tell(self, address: Address, request: Message, max_version: int | None = None) -> None:
        """Send what is not answered; returns when it is on its way."""
        connection = await self._link(address).connection()
        api = api_named(type(request).__name__.removesuffix("Request"))
        version = _version(connection, api, max_version)
        await connection.send(api, version, request, expect_reply=False)

    async def versions(self, address: Address) -> BrokerVersions:
        """What the broker said about its versions and features when it was connected to."""
        return (await self._link(address).connection()).broker

    async def forget(self, addresses: set[Address]) -> None:
        """Close the connections to brokers that are none any more."""
        await asyncio.gather(*(link.close() for link in map(self._links.pop, addresses & self._links.keys())))

    async def close(self) -> None:
        """Close them all, and open none any more."""
        self._closed = True
        await self._tasks.close()
        await asyncio.gather(*(link.close() for link in self._links.values()))

    def _link(self, address: Address) -> BrokerLink:
        link = self._links.get(address)
        if link is None:
            if self._closed:
                raise KafkaError(ErrorCode.INVALID_REQUEST, "this client is closed; make a new one")
            link = BrokerLink(address, self._settings, self._connection_settings, self._clock)
            self._links[address] = link
            self._watch_idle()
        return link

    def _watch_idle(self) -> None:
        if self._idle_watch is None and self._settings.connections_max_idle_ms >= 0:
            self._idle_watch = self._tasks.start(self._close_idle(), "idle connections")

    async def _close_idle(self) -> None:
        """Close what was not used for `connections.max.idle.ms`, looking four times in that time."""
        max_idle_s = self._settings.connections_max_idle_ms / 1000
        while True:
            await asyncio.sleep(max(max_idle_s / 4, 0.01))
            for address, link in list(self._links.items()):
                if link.is_open and link.idle_s() >= max_idle_s:
                    _log.debug("%s: closed after %g s without use", address, max_idle_s)
                    await link.close_connection()


def _connection_settings(settings: ClientSettings) -> ConnectionSettings:
    return ConnectionSettings(
        client_id=settings.client_id,
        socket_connection_setup_timeout_ms=settings.socket_connection_setup_timeout_ms,
        request_timeout_ms=settings.request_timeout_ms,
        tls=tls_of(settings),
        sasl=sasl_of(settings),
    )


def _note(address: Address, api: str, throttle_time_ms: int) -> None:
    _log.debug("%s: %s is over its quota; quiet for %d ms", address, api, throttle_time_ms)


def _version(connection: Connection, api: Api, max_version: int | None) -> int:
    version = connection.version(api)
    if max_version is None:
        return version
    lowest, _ = connection.versions[api.key]
    if max_version < lowest:
        problem = f"the broker speaks {api.name} from version {lowest} on, this client up to {max_version}"
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, problem)
    return min(version, max_version)
