"""One accepted connection: requests started in order, answered in order, and held back when too many wait.

    bytes ─ FrameAssembler ─► _arrived ─ first step ─► done at once ───────────────► one write per read
                                             └─ waits ─► ReplyQueue ─ task ─ head done ─┘

A request's coroutine is stepped once where it arrives; most end there and cost no task. One that waits gets a
place in the `ReplyQueue` and a task. Nothing starts, and nothing is read, while the client does not take its
replies or has too much under way; what had arrived by then waits in `_arrived`.
See docs/adr/0003-stepping-coroutines.md.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from struct import Struct
from typing import Any, cast

from ottla.core.limits import MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_REQUESTS, WRITE_HIGH_WATER_BYTES
from ottla.net.errors import CloseConnection, FrameError
from ottla.net.frames import FrameAssembler
from ottla.net.junk import looks_like
from ottla.net.peer import Peer
from ottla.net.replies import Reply, ReplyQueue, Slot
from ottla.net.shared import Shared
from ottla.net.tasks import rest_of, start_kept
from ottla.net.writing import write_parts
from ottla.wire.types import Buffer

_SIZE = Struct(">i")


class Channel(asyncio.BufferedProtocol):
    """The server's side of one connection."""

    __slots__ = (
        "_arrived",
        "_assembler",
        "_charged_bytes",
        "_ending",
        "_flush_due",
        "_granted",
        "_last_active",
        "_last_unsent_bytes",
        "_loop",
        "_reading",
        "_replies",
        "_shared",
        "_transport",
        "_waits_for_memory",
        "_write_paused",
        "peer",
    )

    def __init__(self, shared: Shared, peer: Peer, loop: asyncio.AbstractEventLoop) -> None:
        self._shared = shared
        self._loop = loop
        self.peer = peer
        self._assembler = FrameAssembler(shared.max_request_bytes, shared.read_buffer)
        self._transport = cast("asyncio.Transport", None)  # until connection_made
        self._arrived: deque[Buffer] = deque()
        self._replies = ReplyQueue()
        self._charged_bytes = 0  # what the shared memory thinks this connection holds
        self._granted = False  # whether the unfinished frame is part of that, and may be read to its end
        self._reading = True
        self._write_paused = False
        self._waits_for_memory = False
        self._flush_due = False
        self._ending = False  # nothing more is started; close when all is answered
        self._last_active = loop.time()
        self._last_unsent_bytes = 0

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._assembler.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        if self._ending:
            return  # read and dropped: closing with unread bytes would reset the connection, replies and all
        self._last_active = self._loop.time()
        self._shared.traffic.received_bytes += nbytes
        try:
            frames = self._assembler.received(nbytes)
        except FrameError as error:
            self._arrived += error.frames
            self._start_arrived()
            self._refuse(error)
            return
        if frames:
            self._granted = False  # that was for the frame that is whole now
            self._arrived += frames
            self._start_arrived()
        if self._shared.memory is not None:
            self._charge()

    def pause_writing(self) -> None:
        self._write_paused = True
        self._set_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._last_active = self._loop.time()
        self._loop.call_soon(self._go_on)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._ending = True
        self._granted = False
        self._arrived.clear()
        self._shared.drop(self._replies.drop())
        self._charge()
        self._shared.lost(self)

    # What the server calls.

    @property
    def is_connected(self) -> bool:
        """Whether the transport has taken this protocol, so that it will also say when it lets go."""
        return self._transport is not None

    def is_idle(self, since: float) -> bool:
        """Whether nothing came or went since that second and nothing is being answered.

        A client that takes its replies so slowly that reading is held back is not idle while their bytes
        move.
        """
        if self._last_active >= since or (self._replies and not self._write_paused):
            return False
        unsent = self._transport.get_write_buffer_size()
        moves, self._last_unsent_bytes = unsent != self._last_unsent_bytes, unsent
        return not moves

    def finish(self) -> None:
        """Start nothing more; close when what is being answered has been answered."""
        self._arrived.clear()
        self._ending = True
        self._set_reading()
        if not self._replies:
            self._transport.close()

    def abort(self) -> None:
        """Close now, whatever is lost by it."""
        self._transport.abort()

    # Requests.

    def _start_arrived(self) -> None:
        """Start what may be started, in order, and write all that is answered at once together.

        The hot path, so longer than most: a frame that is answered at once costs no call but `respond`.
        """
        shared, peer, waiting, arrived = self._shared, self.peer, self._replies, self._arrived
        respond = shared.respond
        parts: list[Buffer] = []
        parts_bytes = started = 0
        while arrived and not self._held_back():
            frame = arrived.popleft()
            started += 1
            work = respond(frame, peer)
            try:
                yielded = work.send(None)
            except StopIteration as finished:
                reply: Reply = finished.value
                if waiting:
                    waiting.add(reply)
                elif reply is not None:
                    size = 0
                    for part in reply:
                        size += len(part)
                    parts.append(_SIZE.pack(size))
                    parts += reply
                    parts_bytes += size + 4
                    if parts_bytes >= WRITE_HIGH_WATER_BYTES:  # may set _write_paused
                        self._write(parts, parts_bytes)
                        parts, parts_bytes = [], 0
            except Exception as error:  # noqa: BLE001 - a broken handler costs its connection, not the server
                self._complain(error)
                self._end()
            else:
                self._park(len(frame), work, yielded)
        shared.traffic.requests += started
        if parts:
            self._write(parts, parts_bytes)
        self._flush()
        self._set_reading()

    def _held_back(self) -> bool:
        return (
            self._write_paused
            or self._ending
            or len(self._replies) >= MAX_IN_FLIGHT_REQUESTS
            or self._replies.held_bytes >= MAX_IN_FLIGHT_BYTES
        )

    def _park(self, frame_bytes: int, work: Coroutine[Any, Any, Reply], yielded: object) -> None:
        slot = self._replies.wait(frame_bytes)
        slot.task = start_kept(self._answer(slot, work, yielded))

    async def _answer(self, slot: Slot, work: Coroutine[Any, Any, Reply], yielded: object) -> None:
        try:
            self._finish(slot, await rest_of(work, yielded))
        except asyncio.CancelledError:
            self._finish(slot, None, ends=True)
            raise
        except Exception as error:  # noqa: BLE001 - as in _start_arrived
            self._complain(error)
            self._finish(slot, None, ends=True)

    def _finish(self, slot: Slot, reply: Reply, *, ends: bool = False) -> None:
        if not self._replies.finish(slot, reply, ends=ends):
            return
        if len(self._replies) == 1 and not self._arrived:
            self._flush()
            self._set_reading()
        elif not self._flush_due:
            # Others may finish in this very turn of the loop (one fdatasync answers many): write them
            # together.
            self._flush_due = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Send what is finished, start what waited. Never called in a task: a first step has no current
        task."""
        self._flush_due = False
        self._flush()
        self._charge()
        if self._arrived:
            self._start_arrived()
        else:
            self._set_reading()

    def _end(self) -> None:
        """Close after the replies to all that was started."""
        self._arrived.clear()
        self._ending = True
        self._replies.add_end()

    # Replies.

    def _flush(self) -> None:
        """Write the finished replies at the head of the order, all in one go."""
        parts, size, ends = self._replies.take()
        if parts:
            self._write(parts, size)
        if self._charged_bytes:
            self._charge()
        if ends:
            self._ending = True
            self._shared.drop(self._replies.drop())
        if self._ending and not self._replies:
            self._transport.close()

    def _write(self, parts: list[Buffer], size: int) -> None:
        self._last_active = self._loop.time()
        self._shared.traffic.sent_bytes += size
        write_parts(self._transport, parts, size)

    # Holding back.

    def _set_reading(self) -> None:
        wanted = self._ending or not (self._arrived or self._waits_for_memory or self._held_back())
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _charge(self) -> None:
        """Tell the shared memory what this connection holds; wait when there is no room to begin a frame.

        An unfinished frame counts with its whole size from when it may be read on to its end. Until then what has
        come of it, one read at most, is not counted: those who wait must not be what they wait for.
        """
        memory = self._shared.memory
        if memory is None:
            return
        holds = self._replies.held_bytes + sum(map(len, self._arrived))
        unfinished = 0 if self._ending else self._assembler.unfinished_bytes
        memory.change(holds + (unfinished if self._granted else 0) - self._charged_bytes)
        if unfinished and not self._granted and not memory.full:
            self._granted = True
            memory.change(unfinished)
        self._charged_bytes = holds + (unfinished if self._granted else 0)
        if memory.full and not self._granted and not self._ending and not self._waits_for_memory:
            self._waits_for_memory = True
            memory.wait(self._memory_freed)
            self._set_reading()

    def _memory_freed(self) -> None:
        self._waits_for_memory = False
        self._loop.call_soon(self._go_on)  # where `_charge` finds out whether the room is still there

    # Complaints.

    def _refuse(self, error: FrameError) -> None:
        hint = looks_like(error.junk)
        line = f"{self.peer} closed: {error}" + (f"; {hint}" if hint else "")
        self._shared.complaints.warn("frame", self.peer.remote[0], line)
        self._end()
        self._flush()
        self._set_reading()

    def _complain(self, error: Exception) -> None:
        host = self.peer.remote[0]
        if isinstance(error, CloseConnection):
            self._shared.complaints.warn(str(error), host, f"{self.peer} closed: {error}")
        else:
            line = f"{self.peer} closed: a request failed: {type(error).__name__}: {error}"
            self._shared.complaints.error(type(error).__name__, host, line, error)
