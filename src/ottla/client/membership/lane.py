"""Connections of their own for requests that brokers hold on to: whatever comes behind one on a connection waits."""

from typing import TypeVar

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.connections import Request
from ottla.wire.schema import Message

Response = TypeVar("Response", bound=Message)


class Lane:
    """To the brokers of a cluster, beside its own connections. Raises KafkaError as that does."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._connections = cluster.more_connections()

    async def ask(
        self,
        broker: int,
        request: Request,
        response: type[Response],
        *,
        max_version: int | None = None,
        timeout_ms: int | None = None,
    ) -> Response:
        """One broker's answer, by its node id."""
        address = self._cluster.address(broker)
        return await self._connections.ask(address, request, response, max_version, timeout_ms)

    async def hang_up(self) -> None:
        """Break off whatever is under way; the next request opens a new connection."""
        connections, self._connections = self._connections, self._cluster.more_connections()
        await connections.close()

    async def close(self) -> None:
        """For good."""
        await self._connections.close()
