"""Who may connect: `max.connections`, `max.connections.per.ip` with its overrides,
`max.connection.creation.rate`.

No I/O, no clock. As in Apache Kafka, the first and the last make newcomers wait in the listen backlog, while
a host that has too many connections has its new one closed at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

UNLIMITED = 2**31 - 1
"""Kafka's default for connection limits."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The configured bounds, by Kafka's names."""

    max_connections: int = UNLIMITED
    max_connections_per_ip: int = UNLIMITED
    max_connections_per_ip_overrides: Mapping[str, int] = field(default_factory=dict)
    max_connection_creation_rate: int = UNLIMITED
    """Per second; a burst of one second's worth may come at once."""


class Admission:
    """Counts connections against the limits. One serves all listeners of a broker, as the limits are the
    broker's."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        """May be replaced while running; who is in stays in."""
        self.on_leave: list[Callable[[], None]] = []
        """Called when a place is free again, for acceptors that wait for one."""
        self._by_host: dict[str, int] = {}
        self._next_at = 0.0  # the second at which the next connection is due at the configured rate
        self.count = 0

    @property
    def full(self) -> bool:
        return self.count >= self.limits.max_connections

    def delay_s(self, now_s: float) -> float:
        """Seconds to wait before the next connection may be accepted; 0 when it may be now."""
        rate = self.limits.max_connection_creation_rate
        return max(0.0, self._next_at - now_s - (rate - 1) / rate)

    def enter(self, host: str, now_s: float) -> bool:
        """Count a new connection. False when the host has its share already; then nothing is counted but the
        rate."""
        self._next_at = max(self._next_at, now_s) + 1 / self.limits.max_connection_creation_rate
        here = self._by_host.get(host, 0)
        if here >= self.limit_for(host):
            return False
        self._by_host[host] = here + 1
        self.count += 1
        return True

    def leave(self, host: str) -> None:
        """A connection that `enter` counted is gone."""
        self.count -= 1
        if self._by_host[host] == 1:
            del self._by_host[host]
        else:
            self._by_host[host] -= 1
        for tell in self.on_leave:
            tell()

    def limit_for(self, host: str) -> int:
        """How many connections this host may have."""
        limits = self.limits
        return limits.max_connections_per_ip_overrides.get(host, limits.max_connections_per_ip)
