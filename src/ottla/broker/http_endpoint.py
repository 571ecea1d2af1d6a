"""A tiny HTTP port for machines: `/metrics` for Prometheus, `/livez` and `/readyz` for whoever runs the
broker.

Imported and started only when it is configured. It answers one GET per connection and closes; there are no
tasks.
"""

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from typing import cast

from ottla.broker.exposition import CONTENT_TYPE, Exposition
from ottla.core.clock import Clock
from ottla.core.metrics import Registry

_MAX_HEAD_BYTES = 8_192
_PATIENCE_S = 10.0
_LINES_PER_TURN = 500  # about a millisecond: ten thousand partitions must not stop the broker's loop

Ready = Callable[[], str]
"""Why the broker is not ready; "" when it is."""

_TEXT = "text/plain; charset=utf-8"


class HttpEndpoint:
    """One HTTP listener."""

    def __init__(self, registry: Registry, ready: Ready, clock: Clock) -> None:
        self._exposition = Exposition(registry)
        self._ready = ready
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._open: set[_Exchange] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address, which tells the port when 0 was asked for. Raises OSError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Exchange(self.answer, self._open), host or None, port
            )
        except OSError as error:  # asyncio's own text is the system's and more, all in one
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise OSError(
                error.errno, f"cannot listen on {host}:{port} (metrics.listen): {reason}"
            ) from error
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    async def close(self) -> None:
        """Stop listening, and drop whoever is being answered."""
        if self._server is not None:
            self._server.close()
        for exchange in list(self._open):
            exchange.abort()

    def answer(self, method: str, path: str) -> tuple[str, str, Iterator[str]]:
        """Status, content type and body for one request."""
        if method not in ("GET", "HEAD"):
            return "405 Method Not Allowed", _TEXT, iter(["only GET and HEAD\n"])
        if path == "/metrics":
            return "200 OK", CONTENT_TYPE, self._exposition.lines(self._clock.monotonic())
        if path == "/livez":
            return "200 OK", _TEXT, iter(["alive\n"])
        if path == "/readyz":
            reason = self._ready()
            if reason:
                return "503 Service Unavailable", _TEXT, iter([f"not ready: {reason}\n"])
            return "200 OK", _TEXT, iter(["ready\n"])
        return "404 Not Found", _TEXT, iter(["there are /metrics, /livez and /readyz\n"])


Answer = Callable[[str, str], tuple[str, str, Iterator[str]]]


class _Exchange(asyncio.Protocol):
    """One connection: a request's head in, an answer out, closed."""

    def __init__(self, answer: Answer, others: "set[_Exchange]") -> None:
        self._answer = answer
        self._others = others
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)  # until connection_made
        self._head = b""
        self._body: Iterator[str] | None = None
        self._paused = False
        self._giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._others.add(self)
        self._giving_up = self._loop.call_later(_PATIENCE_S, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._others.discard(self)
        self._body = None
        if self._giving_up is not None:
            self._giving_up.cancel()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._body is not None:
            return
        self._head += data
        if len(self._head) > _MAX_HEAD_BYTES:
            self._transport.abort()
        elif b"\r\n\r\n" in self._head or b"\n\n" in self._head:
            self._begin()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._loop.call_soon(self._go_on)

    def _begin(self) -> None:
        words = self._head.split(b"\n", 1)[0].decode("latin-1").split()
        if len(words) < 2:
            status, content_type, body = "400 Bad Request", _TEXT, iter(["that is not HTTP\n"])
        else:
            status, content_type, body = self._answer(words[0], words[1].split("?", 1)[0])
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
        self._transport.write(head.encode())
        self._body = iter(()) if words[:1] == ["HEAD"] else body
        self._go_on()

    def _go_on(self) -> None:
        """Write some lines, then let the loop do its other work."""
        if self._paused or self._body is None:
            return
        text = "".join(itertools.islice(self._body, _LINES_PER_TURN))
        if not text:
            self._transport.close()
            return
        self._transport.write(text.encode())
        if not self._paused:
            self._loop.call_soon(self._go_on)
