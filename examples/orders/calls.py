"""Requests to other services."""

from collections.abc import Mapping
from typing import Final

import httpx2

from ottla_examples.orders.domain.events import Event, decode, encode
from ottla_examples.orders.tracing import HTTP_HEADER, TRACE
from ottla_examples.orders.traffic import Traffic, count

TIMEOUT_SECONDS: Final = 2.0
LONG_TIMEOUT_SECONDS: Final = 5.0
"""For who asks somebody that has to ask in turn."""


class UnavailableError(Exception):
    """A service did not answer, or answered that it cannot."""

    def __init__(self, service: str, why: str) -> None:
        super().__init__(f"{service} is unavailable: {why}")
        self.service = service


class Calls:
    """Of one service, to those that its architecture lets it call."""

    def __init__(self, peers: Mapping[str, str], traffic: Traffic) -> None:
        """`peers`: service → where it is, as in http://127.0.0.1:8080."""
        self._peers = peers
        self._traffic = traffic
        self._http = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    def can_reach(self, service: str) -> bool:
        """Whether this architecture lets it be called."""
        return service in self._peers

    async def get(self, service: str, path: str) -> Event:
        """What a service says about something. Raises UnavailableError."""
        return await self._ask(service, "GET", path, None, TIMEOUT_SECONDS)

    async def post(
        self, service: str, path: str, event: Event, timeout_s: float = LONG_TIMEOUT_SECONDS
    ) -> Event:
        """What a service makes of an event. Raises UnavailableError."""
        return await self._ask(service, "POST", path, encode(event), timeout_s)

    async def _ask(self, service: str, method: str, path: str, body: bytes | None, timeout_s: float) -> Event:
        count(self._traffic.called, service)
        try:
            response = await self._http.request(
                method,
                self._peers[service] + path,
                content=body,
                headers={HTTP_HEADER: TRACE.get()},
                timeout=timeout_s,
            )
        except httpx2.HTTPError as error:
            raise UnavailableError(service, type(error).__name__) from error
        if response.status_code != 200:
            raise UnavailableError(service, f"status {response.status_code}")
        return decode(response.content)
