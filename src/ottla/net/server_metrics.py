"""What a server counts, under Apache Kafka's `socket-server-metrics` names."""

from ottla.core.metrics import Registry
from ottla.net.server import Server

_PREFIX = "kafka_server_socket_server_metrics"


def register_server(registry: Registry, server: Server) -> None:
    """Export this listener's connections and traffic. Nothing is added to what the server does."""
    traffic = server.traffic
    listener = server.listener
    registry.gauge(
        f"{_PREFIX}_connection_count", "Open connections", lambda: server.connection_count, listener=listener
    )
    for name, help_text, read in (
        ("connection_creation_total", "Connections accepted", lambda: server.created_connections),
        ("connection_refused_total", "Connections refused by a limit", lambda: server.refused_connections),
        ("request_total", "Requests started", lambda: traffic.requests),
        ("incoming_byte_total", "Bytes received", lambda: traffic.received_bytes),
        ("outgoing_byte_total", "Bytes sent", lambda: traffic.sent_bytes),
    ):
        registry.counted(f"{_PREFIX}_{name}", help_text, read, listener=listener)
