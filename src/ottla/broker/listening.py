"""The broker's listeners: opened with Kafka's socket and connection configs."""

from contextlib import AsyncExitStack

from ottla.broker.config.broker_config import BrokerConfig
from ottla.core.metrics import Registry
from ottla.net.admission import ConnectionLimits
from ottla.net.server import Server, ServerSettings
from ottla.net.server_metrics import register_server
from ottla.net.shared import Respond


def server_settings(config: BrokerConfig) -> ServerSettings:
    """Kafka's socket and connection configs."""
    return ServerSettings(
        socket_request_max_bytes=config.integer("socket.request.max.bytes"),
        socket_send_buffer_bytes=config.integer("socket.send.buffer.bytes"),
        socket_receive_buffer_bytes=config.integer("socket.receive.buffer.bytes"),
        socket_listen_backlog_size=config.integer("socket.listen.backlog.size"),
        connections_max_idle_ms=config.integer("connections.max.idle.ms"),
        queued_max_request_bytes=config.integer("queued.max.request.bytes"),
        limits=connection_limits(config),
    )


def connection_limits(config: BrokerConfig) -> ConnectionLimits:
    """Who may connect."""
    return ConnectionLimits(
        max_connections=config.integer("max.connections"),
        max_connections_per_ip=config.integer("max.connections.per.ip"),
        max_connections_per_ip_overrides=_overrides(config.text("max.connections.per.ip.overrides")),
        max_connection_creation_rate=config.integer("max.connection.creation.rate"),
    )


async def open_listeners(
    config: BrokerConfig, respond: Respond, registry: Registry, closing: AsyncExitStack
) -> list[Server]:
    """A server for each listener; each is closed by `closing`. Raises OSError naming the address."""
    settings = server_settings(config)
    servers: list[Server] = []
    for listener in config.listeners:
        server = Server(respond, settings, listener.name, together_with=servers[0] if servers else None)
        closing.push_async_callback(server.close)
        await server.start(listener.host, listener.port)
        register_server(registry, server)
        servers.append(server)
    return servers


def _overrides(text: str) -> dict[str, int]:
    """`host:number, …`, which the config's rule has checked; an IPv6 host has colons itself."""
    pairs = (part.strip().rpartition(":") for part in text.split(",") if part.strip())
    return {host: int(number) for host, _, number in pairs}
