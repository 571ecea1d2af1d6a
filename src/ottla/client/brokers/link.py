"""The connection to one broker, opened when it is needed and again after it broke.

Rules. Who needs it waits in line: requests leave in the order in which they were asked for, also when the
connection has to be opened, authenticated anew (KIP-368) or kept quiet (KIP-219) before. An attempt to connect
that fails is the failure of everyone who was in line by then, and the next one waits for the back-off.
"""

import asyncio
import logging
from random import SystemRandom

from ottla.client.brokers.address import Address
from ottla.client.config.settings import ClientSettings
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.connection import Connection, ConnectionSettings

_log = logging.getLogger("ottla.client")
_random = SystemRandom()
_JITTER = 0.2
_SESSION_SHARE = (0.85, 0.95)
"""The part of an authenticated session after which it is renewed, drawn so that not all clients do so at once."""


class BrokerLink:
    """One address. Times are seconds of the monotonic clock."""

    def __init__(
        self,
        address: Address,
        settings: ClientSettings,
        connection_settings: ConnectionSettings,
        clock: Clock,
    ) -> None:
        self._address = address
        self._settings = settings
        self._connection_settings = connection_settings
        self._clock = clock
        self._connection: Connection | None = None
        self._line = asyncio.Lock()
        self._attempts = 0
        self._failures = 0
        self._problem: KafkaError | None = None
        self._not_before = 0.0
        self._quiet_until = 0.0
        self._session_ends_at: float | None = None
        self._used_at = 0.0
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether there is an open connection."""
        return self._connection is not None and self._connection.is_open

    @property
    def is_resting(self) -> bool:
        """Whether it could not be reached and is let alone for a while."""
        return self._not_before > self._clock.monotonic()

    async def connection(self) -> Connection:
        """An open connection that may be written to. Raises KafkaError."""
        self._used_at = now = self._clock.monotonic()
        connection = self._connection
        if connection is not None and not self._line.locked() and self._is_ready(connection, now):
            return connection
        began = self._attempts
        async with self._line:
            return await self._readied(began)

    def throttled(self, throttle_time_ms: int) -> None:
        """The broker wants to hear nothing for so long (KIP-219)."""
        self._quiet_until = max(self._quiet_until, self._clock.monotonic() + throttle_time_ms / 1000)

    def idle_s(self) -> float:
        """For how long nothing was asked and nothing is awaited."""
        if self._connection is not None and self._connection.in_flight:
            return 0.0
        return self._clock.monotonic() - self._used_at

    async def close_connection(self) -> None:
        """Close it; it is opened again when it is needed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def close(self) -> None:
        """Close it for good."""
        self._closed = True
        await self.close_connection()

    def _is_ready(self, connection: Connection, now: float) -> bool:
        is_authenticated = self._session_ends_at is None or now < self._session_ends_at
        return connection.is_open and now >= self._quiet_until and is_authenticated

    async def _readied(self, began: int) -> Connection:
        connection = self._connection
        if connection is None or not connection.is_open:
            connection = await self._opened(began)
        elif self._session_ends_at is not None and self._clock.monotonic() >= self._session_ends_at:
            await self._renew(connection)
        if (quiet_s := self._quiet_until - self._clock.monotonic()) > 0:
            await asyncio.sleep(quiet_s)
        return connection

    async def _opened(self, began: int) -> Connection:
        self._raise_if_closed()
        if self._attempts > began and self._problem is not None:
            raise self._problem  # of the attempt that went on while this one was in line
        await self.close_connection()
        await asyncio.sleep(max(0.0, self._not_before - self._clock.monotonic()))
        self._attempts += 1
        try:
            connection = await Connection.open(*self._address, self._connection_settings)
        except KafkaError as error:
            self._failed(error)
            raise
        if self._closed:
            await connection.close()
            self._raise_if_closed()
        self._connection, self._problem, self._failures = connection, None, 0
        self._note_session(connection)
        return connection

    async def _renew(self, connection: Connection) -> None:
        """Authenticate again. When that fails the connection is of no use any more."""
        try:
            await connection.authenticate()
        except BaseException:
            await self.close_connection()
            raise
        self._note_session(connection)
        _log.debug("%s: authenticated again", self._address)

    def _note_session(self, connection: Connection) -> None:
        lifetime_s = connection.session_lifetime_ms / 1000 * _random.uniform(*_SESSION_SHARE)
        self._session_ends_at = self._clock.monotonic() + lifetime_s if lifetime_s > 0 else None

    def _failed(self, error: KafkaError) -> None:
        delay_ms = min(
            self._settings.reconnect_backoff_ms << min(self._failures, 20),
            self._settings.reconnect_backoff_max_ms,
        )
        self._failures += 1
        self._problem = error
        delay_s = delay_ms / 1000 * _random.uniform(1 - _JITTER, 1 + _JITTER)
        self._not_before = self._clock.monotonic() + delay_s

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "this client is closed; make a new one")
