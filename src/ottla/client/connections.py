"""One connection to each broker, opened when it is first needed, and again after it broke."""

import asyncio
from collections import defaultdict
from typing import TypeVar

from ottla.client.address import Address
from ottla.client.settings import ClientSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.connection import Connection, ConnectionSettings
from ottla.wire.registry import Api, api_named
from ottla.wire.schema import Message

Response = TypeVar("Response", bound=Message)


class Connections:
    """By address. Everything raises KafkaError, with NETWORK_EXCEPTION when the broker cannot be reached."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = ConnectionSettings(
            client_id=settings.client_id,
            socket_connection_setup_timeout_ms=settings.socket_connection_setup_timeout_ms,
            request_timeout_ms=settings.request_timeout_ms,
        )
        self._open: dict[Address, Connection] = {}
        self._opening: defaultdict[Address, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._closed = False

    def __contains__(self, address: Address) -> bool:
        """Whether there is an open one."""
        connection = self._open.get(address)
        return connection is not None and connection.is_open

    async def ask(
        self, address: Address, request: Message, response: type[Response], max_version: int | None = None
    ) -> Response:
        """The broker's answer, in the highest version that it and we speak, and `max_version` allows."""
        connection = await self._connection(address)
        api = _api(request)
        answer = await connection.send(api, _version(connection, api, max_version), request)
        assert isinstance(answer, response), f"{api.name} is not answered with {response.__name__}"
        return answer

    async def tell(self, address: Address, request: Message, max_version: int | None = None) -> None:
        """Send what is not answered; returns when it is on its way."""
        connection = await self._connection(address)
        api = _api(request)
        version = _version(connection, api, max_version)
        await connection.send(api, version, request, expect_reply=False)

    async def close(self) -> None:
        """Close them all, and open none any more."""
        self._closed = True
        connections, self._open = list(self._open.values()), {}
        await asyncio.gather(*(connection.close() for connection in connections))

    async def _connection(self, address: Address) -> Connection:
        async with self._opening[address]:
            self._raise_if_closed()
            connection = self._open.get(address)
            if connection is None or not connection.is_open:
                if connection is not None:
                    await connection.close()
                connection = await Connection.open(*address, self._settings)
                if self._closed:
                    await connection.close()
                    self._raise_if_closed()
                self._open[address] = connection
            return connection

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "this client is closed; make a new one")


def _api(request: Message) -> Api:
    return api_named(type(request).__name__.removesuffix("Request"))


def _version(connection: Connection, api: Api, max_version: int | None) -> int:
    version = connection.version(api)
    if max_version is None:
        return version
    lowest, _ = connection.versions[api.key]
    if max_version < lowest:
        problem = f"the broker speaks {api.name} from version {lowest} on, this client up to {max_version}"
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, problem)
    return min(version, max_version)
