"""Accepts connections and hands each one's frames to `respond`; replies leave in request order.

The listening sockets are accepted from by hand, not by `loop.create_server`: `max.connections` and
`max.connection.creation.rate` make newcomers wait in the backlog, as Apache Kafka does, which needs an
acceptor that can stop and go on, and a refused address should not cost a transport.
"""

import asyncio
import logging
import socket
from collections import deque
from dataclasses import dataclass, field

from ottla.core.limits import CONNECTS_PER_TURN, MAX_REQUEST_BYTES, STOP_SECONDS
from ottla.net.admission import Admission, ConnectionLimits
from ottla.net.channel import Channel
from ottla.net.complaints import Complaints
from ottla.net.listening import listening_sockets
from ottla.net.memory import RequestMemory
from ottla.net.peer import Address, Peer, plain_address
from ottla.net.shared import Respond, Shared, Traffic
from ottla.net.tasks import Tasks

_Admitted = tuple[socket.socket, Address]
_log = logging.getLogger("ottla.net")
_SWEEPS_PER_IDLE_TIME = 10  # so an idle connection closes at most a tenth late
_OUT_OF_FILES_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Kafka's socket settings, by Kafka's names; -1 leaves a socket buffer to the system."""

    socket_request_max_bytes: int = MAX_REQUEST_BYTES
    socket_send_buffer_bytes: int = 102_400
    socket_receive_buffer_bytes: int = 102_400
    socket_listen_backlog_size: int = 50
    connections_max_idle_ms: int = 600_000
    queued_max_request_bytes: int = -1
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)


class Server:
    """One listener: a name, its addresses, its connections.

    A broker's listeners count together against `max.connections…` and `queued.max.request.bytes`: each
    further `Server` is told of the first with `together_with`.
    """

    def __init__(
        self,
        respond: Respond,
        settings: ServerSettings | None = None,
        listener: str = "PLAINTEXT",
        *,
        together_with: "Server | None" = None,
    ) -> None:
        self._settings = settings = settings or ServerSettings()
        self.listener = listener
        self.addresses: list[Address] = []
        self.refused_connections = 0
        self.created_connections = 0
        self._loop = asyncio.get_running_loop()
        self.admission: Admission = together_with.admission if together_with else Admission(settings.limits)
        self.memory: RequestMemory | None = together_with.memory if together_with else _memory(settings)
        self._shared = Shared(
            respond=respond,
            max_request_bytes=settings.socket_request_max_bytes,
            complaints=Complaints(self._loop.time),
            lost=self._lost,
            memory=self.memory,
        )
        self._tasks = Tasks(f"server {listener}")
        self._connecting = Tasks(f"server {listener}")
        """Never cancelled: uvloop would close a transport without a word to the protocol that it was just given."""
        self._channels: set[Channel] = set()
        self._sockets: list[socket.socket] = []
        self._place_freed = asyncio.Event()
        self.admission.on_leave.append(self._place_freed.set)
        self._locals: dict[Address, Address] = {}

    @property
    def traffic(self) -> Traffic:
        """Bytes and requests since the start."""
        return self._shared.traffic

    @property
    def connection_count(self) -> int:
        return len(self._channels)

    async def start(self, host: str, port: int) -> None:
        """Listen on every address that `host` stands for ("" for all of the machine's). Raises OSError.

        Port 0 picks a free one; `addresses` tells which.
        """
        settings = self._settings
        self._sockets = await listening_sockets(
            host, port, settings.socket_listen_backlog_size, settings.socket_receive_buffer_bytes
        )
        for listening in self._sockets:
            self.addresses.append(plain_address(listening.getsockname()))
            self._tasks.start(self._accept_forever(listening), f"accept on port {self.addresses[-1][1]}")
        if settings.connections_max_idle_ms > 0:
            self._tasks.start(self._sweep_forever(settings.connections_max_idle_ms / 1000), "idle sweep")

    async def close(self, patience_s: float = STOP_SECONDS) -> None:
        """Stop accepting, let what is being answered finish for so long, cancel the rest, close all."""
        await self._tasks.close()
        await self._connecting.finish()
        for listening in self._sockets:
            listening.close()
        for channel in list(self._channels):
            channel.finish()
        try:
            async with asyncio.timeout(patience_s):
                await self._wait_until_empty()
        except TimeoutError:
            _log.info("%d connections cut off after %g s", len(self._channels), patience_s)
        for channel in list(self._channels):
            channel.abort()
        await self._wait_until_empty()
        await asyncio.gather(*self._shared.dropped, return_exceptions=True)
        if self._place_freed.set in self.admission.on_leave:
            self.admission.on_leave.remove(self._place_freed.set)

    async def _wait_until_empty(self) -> None:
        while self._channels:
            self._place_freed.clear()
            await self._place_freed.wait()

    # Accepting.

    async def _accept_forever(self, listening: socket.socket) -> None:
        """Empty the backlog, then connect a few: who finds it full tries again only a second later."""
        admitted: deque[_Admitted] = deque()
        try:
            while True:
                self._empty_backlog(listening, admitted)
                if not admitted:
                    await self._wait_for_newcomer(listening, admitted)
                for _ in range(min(len(admitted), CONNECTS_PER_TURN)):
                    self._connecting.start(self._connect(*admitted.popleft()), "connect")
                await asyncio.sleep(0)
        finally:
            for connected, remote in admitted:
                connected.close()
                self.admission.leave(remote[0])

    def _empty_backlog(self, listening: socket.socket, admitted: deque[_Admitted]) -> None:
        while not self.admission.full and not self.admission.delay_s(self._loop.time()):
            try:
                connected, name = listening.accept()
            except OSError:  # nobody there; or no more files, which `_wait_for_newcomer` will meet and log
                return
            self._admit(connected, name, admitted)

    async def _wait_for_newcomer(self, listening: socket.socket, admitted: deque[_Admitted]) -> None:
        try:
            connected, name = await self._loop.sock_accept(listening)
        except OSError as error:
            self._shared.complaints.error("accept", "", f"cannot accept a connection: {error}", error)
            await asyncio.sleep(_OUT_OF_FILES_PAUSE_S)
            return
        try:
            await (
                self._wait_for_place()
            )  # after accepting: another acceptor may have taken the last one meanwhile
        except BaseException:
            connected.close()
            raise
        self._admit(connected, name, admitted)

    async def _wait_for_place(self) -> None:
        while True:
            if self.admission.full:
                self._place_freed.clear()
                await self._place_freed.wait()
            elif delay_s := self.admission.delay_s(self._loop.time()):
                await asyncio.sleep(delay_s)
            else:
                return

    def _admit(self, connected: socket.socket, name: tuple[str, int], admitted: deque[_Admitted]) -> None:
        remote = plain_address(name)
        host = remote[0]
        if self.admission.enter(host, self._loop.time()):
            self.created_connections += 1
            admitted.append((connected, remote))
            return
        connected.close()
        self.refused_connections += 1
        limit = self.admission.limit_for(host)
        self._shared.complaints.warn(
            "too many", host, f"{host} refused: it has {limit} connections already (max.connections.per.ip)"
        )

    async def _connect(self, connected: socket.socket, remote: Address) -> None:
        local = self._prepare(connected)
        peer = Peer(remote, self._locals.setdefault(local, local), self.listener)
        channel = Channel(self._shared, peer, self._loop)
        self._channels.add(channel)
        try:
            await self._loop.connect_accepted_socket(lambda: channel, connected)
        except OSError as error:
            _log.debug("%s went away while connecting: %s", peer, error)
        finally:
            if not channel.is_connected:
                connected.close()
                self._lost(channel)

    def _prepare(self, connected: socket.socket) -> Address:
        """Set its options, and tell which address of ours it came to."""
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._settings.socket_send_buffer_bytes > 0:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._settings.socket_send_buffer_bytes)
        return plain_address(connected.getsockname())

    def _lost(self, channel: Channel) -> None:
        self._channels.discard(channel)
        self.admission.leave(channel.peer.remote[0])

    # Idle connections.

    async def _sweep_forever(self, idle_s: float) -> None:
        """One look at every connection now and then; a timer for each would cost more than it saves."""
        while True:
            await asyncio.sleep(idle_s / _SWEEPS_PER_IDLE_TIME)
            since = self._loop.time() - idle_s
            for channel in [each for each in self._channels if each.is_idle(since)]:
                _log.info("%s closed: idle for %g s (connections.max.idle.ms)", channel.peer, idle_s)
                channel.abort()


def _memory(settings: ServerSettings) -> RequestMemory | None:
    limit = settings.queued_max_request_bytes
    return RequestMemory(limit) if limit >= 0 else None
