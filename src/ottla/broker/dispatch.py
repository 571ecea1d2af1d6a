"""From a frame to a reply: read the header, find the API, decode, call its handler, encode.

A request that cannot be answered in a form its sender understands (an unknown API, a version out of range, a body
that does not parse) closes the connection, as Apache Kafka does; an ApiVersions version that is too new gets its one
special answer (KIP-511).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ottla.broker.call import Call
from ottla.broker.traffic import ApiTraffic, Traffic
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode
from ottla.net.errors import CloseConnection
from ottla.net.peer import Peer
from ottla.wire.header import RequestHeader, decode_request_header, encode_response_header
from ottla.wire.messages.api_versions import ApiVersion, ApiVersionsResponse
from ottla.wire.registry import Api, api
from ottla.wire.schema import Message
from ottla.wire.types import Buffer, WireError

Handler = Callable[[Any, Call], Awaitable[Message | None]]
MakeHandler = Callable[[], Handler]
"""Imports and binds a handler; called with its API's first request."""

_API_VERSIONS = 18


class Route:
    """One API as this broker serves it."""

    __slots__ = ("api", "handler", "max_version", "min_version", "request", "traffic")

    def __init__(self, served: Api, make_handler: MakeHandler, traffic: ApiTraffic) -> None:
        self.api = served
        self.min_version = served.min_version
        self.max_version = served.max_version
        self.handler = make_handler()
        self.traffic = traffic
        self.request = served.request

    def decode(self, frame: Buffer, version: int, position: int) -> Message:
        """The request's body. Raises CloseConnection: a body that does not parse has no answer."""
        try:
            return self.request.decode(frame, version, position)[0]
        except WireError as error:
            raise CloseConnection(f"malformed {self.api.name} request: {error}") from error


class Dispatcher:
    """Holds the table of handlers; `respond` is what the server calls for every frame."""

    def __init__(self, handlers: Mapping[int, MakeHandler], traffic: Traffic, clock: Clock) -> None:
        self._now = clock.monotonic
        self._handlers = handlers
        self._traffic = traffic
        self._routes: dict[int, Route] = {}  # those that were asked for so far

    async def respond(self, frame: Buffer, peer: Peer) -> Sequence[Buffer] | None:
        """The parts of the reply, or None where the protocol has none. Raises CloseConnection."""
        started = self._now()
        header, position = _header(frame)
        version = header.api_version
        route = self._routes.get(header.api_key) or self._first_request(header)
        if not route.min_version <= version <= route.max_version:
            return _wrong_version(route, header)
        request = route.decode(frame, version, position)
        call = Call(
            header.api_key,
            version,
            header.correlation_id,
            header.client_id,
            peer.remote,
            peer.local,
            peer.listener,
        )
        response = await route.handler(request, call)
        route.traffic.served(self._now() - started)
        if response is None:
            return None
        return [encode_response_header(route.api, version, header.correlation_id), *response.encode(version)]

    def _first_request(self, header: RequestHeader) -> Route:
        """The route of an API that nobody has used yet. Raises CloseConnection when it is not served."""
        make_handler = self._handlers.get(header.api_key)
        if make_handler is None:
            raise CloseConnection(f"API key {header.api_key} (version {header.api_version}) is not served")
        served = api(header.api_key)
        route = self._routes[header.api_key] = Route(served, make_handler, self._traffic.of_api(served.name))
        return route


def _header(frame: Buffer) -> tuple[RequestHeader, int]:
    try:
        return decode_request_header(frame)
    except (WireError, KeyError) as error:
        raise CloseConnection(f"malformed request header: {error}") from error


def _wrong_version(route: Route, header: RequestHeader) -> Sequence[Buffer]:
    """ApiVersions says what it does speak; any other API has no answer that its sender could read."""
    served = route.api
    if served.key != _API_VERSIONS:
        served_range = f"{served.min_version} to {served.max_version}"
        raise CloseConnection(
            f"{served.name} version {header.api_version} is not served, only {served_range}"
        )
    own_range = ApiVersion(api_key=served.key, min_version=served.min_version, max_version=served.max_version)
    answer = ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=[own_range])
    return [encode_response_header(served, 0, header.correlation_id), *answer.encode(0)]
