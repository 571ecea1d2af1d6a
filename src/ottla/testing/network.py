"""A network that fails when a test wants it to: a proxy in front of a broker, of ours or any other.

Clients go where the broker's answers say, so the broker must advertise the proxy:

    with Proxy() as proxy:
        async with Broker(advertised_listeners=proxy.listener) as broker:
            proxy.target = ("127.0.0.1", broker.port)
            ...                                     # clients get proxy.bootstrap_servers
            proxy.to_client.latency_ms = 50         # slow
            proxy.to_broker.cut_after_bytes = 100   # in the middle of a request
            proxy.stall()                           # half open: everything seems well, and nothing comes
            proxy.refuse(), proxy.reset()           # gone
            proxy.heal()                            # as if nothing had been
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ottla.client.sync.loop import LoopThread
from ottla.testing.network_link import CutError, Faults, Link

__all__ = ["Faults", "Proxy"]

_BACKLOG = 128
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, on, 0 seconds


class Proxy:
    """`with Proxy(("127.0.0.1", 9092)) as proxy:` TCP to one broker, with faults of both directions.

    It has a thread of its own, so it works in blocking tests as well as in asyncio, and every method and
    attribute may be used from any thread. The port stays the same over `refuse` and `accept`.
    """

    def __init__(self, target: tuple[str, int] | None = None, *, port: int = 0) -> None:
        self.target = target
        """Host and port of the broker; without one, connections are closed at once."""
        self.port = port
        self.to_broker = Faults()
        self.to_client = Faults()
        self.accepted = 0
        """Connections, ever."""
        self._loop: LoopThread | None = None
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}

    @property
    def bootstrap_servers(self) -> str:
        """What a client is told."""
        return f"127.0.0.1:{self.port}"

    @property
    def listener(self) -> str:
        """What the broker's `advertised.listeners` must say."""
        return f"PLAINTEXT://{self.bootstrap_servers}"

    @property
    def connections(self) -> int:
        """Those that are open now."""
        return len(self._open)

    def __enter__(self) -> Self:
        self._loop = LoopThread("proxy")
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self._running().run(self._close(_abort))
        self._running().stop()

    def accept(self) -> None:
        """Take connections, after `refuse`."""
        if self._server is None:
            self._running().run(self._listen())

    def refuse(self) -> None:
        """New connections are refused; the open ones stay."""
        self._running().run(self._stop_listening())

    def cut(self) -> None:
        """Close every open connection, as a program that ends does."""
        self._running().run(self._close(asyncio.StreamWriter.close))

    def reset(self) -> None:
        """Reset every open connection (RST), as a machine does that knows of none."""
        self._running().run(self._close(_reset))

    def stall(self) -> None:
        """Nothing arrives any more, in either direction, also on new connections, and nobody is told."""
        self.to_broker.stalled = self.to_client.stalled = True

    def heal(self) -> None:
        """No faults any more, in either direction; what was held back arrives."""
        self.to_broker.heal()
        self.to_client.heal()
        self.accept()

    def _running(self) -> LoopThread:
        if self._loop is None:
            raise RuntimeError("the proxy was not started: use it in a with block")
        return self._loop

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, backlog=_BACKLOG, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _close(self, close: Callable[[asyncio.StreamWriter], None]) -> None:
        tasks = list(self._open)
        for task in tasks:
            for writer in self._open[task]:
                close(writer)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = (writer,)
        try:
            await self._connect(reader, writer, task)
        except* (OSError, CutError):
            pass  # the connection ends
        except* asyncio.CancelledError:
            pass  # by `_close`; asyncio's streams (3.11) would complain of a handler that ends cancelled
        finally:
            for each in self._open.pop(task):
                each.close()

    async def _connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        if self.target is None:
            return
        broker_reader, broker_writer = await asyncio.open_connection(*self.target)
        self._open[task] = (writer, broker_writer)
        async with asyncio.TaskGroup() as links:
            links.create_task(Link(reader, broker_writer, self.to_broker).run())
            links.create_task(Link(broker_reader, writer, self.to_client).run())
        for each in (writer, broker_writer):
            each.close()
            with contextlib.suppress(OSError):
                await each.wait_closed()


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:  # else it has just ended by itself
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    writer.transport.abort()
