"""The client's side of a socket: frames go out, replies come back in the same order."""

import asyncio
import ssl
from collections import deque
from struct import Struct
from typing import cast

from ottla.core.errors import ErrorCode
from ottla.core.limits import CLIENT_CLOSE_SECONDS, CLIENT_READ_BUFFER_BYTES, MAX_RESPONSE_BYTES
from ottla.net.errors import FrameError, KafkaConnectionError
from ottla.net.frames import FrameAssembler, ReadBuffer
from ottla.net.writing import write_parts
from ottla.wire.types import Buffer

_INT32 = Struct(">i")
_TLS_ALERT = b"\x15\x03"


class _Pending:
    """A request that was sent and waits for its reply."""

    __slots__ = ("correlation_id", "name", "reply", "timer")

    def __init__(self, correlation_id: int, name: str, reply: asyncio.Future[Buffer]) -> None:
        self.correlation_id = correlation_id
        self.name = name
        self.reply = reply
        self.timer: asyncio.TimerHandle | None = None

    def settle(self, outcome: Buffer | KafkaConnectionError) -> None:
        """Hand over the reply or the error, unless whoever asked was cancelled."""
        if self.timer is not None:
            self.timer.cancel()
        if self.reply.done():
            return
        if isinstance(outcome, KafkaConnectionError):
            self.reply.set_exception(outcome)
        else:
            self.reply.set_result(outcome)


class ClientProtocol(asyncio.BufferedProtocol):
    """Matches replies to requests by order, and checks that the correlation ids agree."""

    def __init__(self, address: str, loop: asyncio.AbstractEventLoop) -> None:
        self._address = address
        self._loop = loop
        self._assembler = FrameAssembler(MAX_RESPONSE_BYTES, ReadBuffer(CLIENT_READ_BUFFER_BYTES))
        self._transport = cast("asyncio.Transport", None)  # until connection_made
        self._pending: deque[_Pending] = deque()
        self.when_closed_by_broker = ""
        """What it would mean if the broker closed the connection now, where there is a guess."""
        self.tls_error: ssl.SSLError | None = None
        """What ended the connection, if that was TLS: version 1.3 refuses a client's certificate this late."""
        self._problem = ""  # why the connection is closed; "" while it is open
        self._first_bytes: memoryview | None = None  # until it is known that they are no TLS
        self._is_new = True
        self._lost = loop.create_future()
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return not self._problem

    @property
    def in_flight(self) -> int:
        """Requests sent whose replies have not come."""
        return len(self._pending)

    def send(self, name: str, parts: list[Buffer]) -> None:
        """Write one request, header included. Raises KafkaConnectionError when the connection is gone."""
        if self._problem:
            raise KafkaConnectionError(self._address, f"{name} was not sent: {self._problem}")
        size = sum(map(len, parts))
        write_parts(self._transport, [_INT32.pack(size), *parts], size + 4)

    def expect(self, correlation_id: int, name: str, timeout_s: float) -> asyncio.Future[Buffer]:
        """The reply to the request sent last, as a frame. Fails with KafkaConnectionError."""
        pending = _Pending(correlation_id, name, self._loop.create_future())
        pending.timer = self._loop.call_later(timeout_s, self._timed_out, pending, timeout_s)
        self._pending.append(pending)
        return pending.reply

    async def drain(self) -> None:
        """Wait until the socket has taken most of what was sent."""
        await self._drained.wait()

    async def close(self) -> None:
        """Send what is buffered, for a few seconds at most, and close. What is under way fails."""
        self._fail_all("closed by this client")
        self._transport.close()
        giving_up = self._loop.call_later(CLIENT_CLOSE_SECONDS, self._transport.abort)
        try:
            await asyncio.shield(self._lost)
        finally:
            giving_up.cancel()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        buffer = self._assembler.get_buffer()
        if self._is_new:
            self._first_bytes = buffer
        return buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._is_new and self._is_tls(nbytes):
            self._break("the listener speaks TLS; security_protocol must be SSL or SASL_SSL")
            return
        try:
            self._take(self._assembler.received(nbytes))
        except FrameError as error:
            self._take(error.frames)
            self._break(f"it does not speak Kafka's protocol: {error}")

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.tls_error = exc if isinstance(exc, ssl.SSLError) else None
        closed = self.when_closed_by_broker or "closed by the broker; its log says why"
        self._fail_all(f"connection lost: {exc}" if exc else closed)
        self._drained.set()
        self._lost.set_result(None)

    def _is_tls(self, nbytes: int) -> bool:
        """Whether the first bytes are an alert of TLS; as a frame's size they would be waited for in vain."""
        assert self._first_bytes is not None
        is_tls = nbytes >= 2 and bytes(self._first_bytes[:2]) == _TLS_ALERT
        self._is_new, self._first_bytes = False, None
        return is_tls

    # Replies and their lack.

    def _take(self, frames: list[Buffer]) -> None:
        for frame in frames:
            found = _INT32.unpack_from(frame)[0] if len(frame) >= 4 else None
            due = self._pending[0] if self._pending else None
            if due is None or found != due.correlation_id:
                wanted = f"reply {due.correlation_id} to {due.name}" if due else "none"
                self._break(f"the broker sent reply {found} where {wanted} was due; is that a Kafka broker?")
                return
            self._pending.popleft().settle(frame)

    def _timed_out(self, pending: _Pending, timeout_s: float) -> None:
        # The replies behind it are stuck as well, for they come in order. Apache Kafka's client closes too.
        self._break(
            f"no reply to {pending.name} in {timeout_s:g} s; is the broker stopped or overloaded?",
            ErrorCode.REQUEST_TIMED_OUT,
        )

    def _break(self, problem: str, code: ErrorCode = ErrorCode.NETWORK_EXCEPTION) -> None:
        self._fail_all(problem, code)
        self._transport.abort()

    def _fail_all(self, problem: str, code: ErrorCode = ErrorCode.NETWORK_EXCEPTION) -> None:
        """The first problem is the one that is told: later ones follow from it."""
        self._problem = self._problem or problem
        while self._pending:
            pending = self._pending.popleft()
            text = f"{pending.name} got no reply: {self._problem}"
            pending.settle(KafkaConnectionError(self._address, text, code))
