"""One accepted connection: requests started in order, answered in order, and held back when too many wait.

    bytes ─ FrameAssembler ─► _arrived ─ first step ─► done at once ───────────────► one write per read
                                             └─ waits ─► ReplyQueue ─ task ─ head done ─┘

A request's coroutine is stepped once where it arrives; most end there and cost no task. One that waits gets a
place in the `ReplyQueue` and a task. Nothing starts, and nothing is read, while the client does not take its
replies or has too much under way; what had arrived by then waits in `_arrived`.
See docs/adr/0012-stepping-coroutines-and-replies-in-order.md.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from struct import Struct
from typing import Any, cast

from ottla.core.limits import (
    CLOSE_LINGER_SECONDS,
    MAX_IN_FLIGHT_BYTES,
    MAX_IN_FLIGHT_REQUESTS,
    MAX_STARTED_PER_TURN,
    WRITE_HIGH_WATER_BYTES,
)
from ottla.net.errors import FrameError
from ottla.net.frames import FrameAssembler
from ottla.net.memory import MemoryShare
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
        "_ending",
        "_going_on",
        "_junk",
        "_last_active",
        "_last_unsent_bytes",
        "_lingering",
        "_loop",
        "_memory",
        "_reading",
        "_replies",
        "_shared",
        "_transport",
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
        self._memory = MemoryShare(shared.memory, self._go_on_soon) if shared.memory is not None else None
        self._junk: FrameError | None = None  # why the connection ends behind what has arrived
        self._reading = True
        self._write_paused = False
        self._going_on = False
        self._ending = False  # nothing more is started; close when all is answered
        self._lingering: asyncio.TimerHandle | None = None
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
            return  # see _hang_up
        self._last_active = self._loop.time()
        self._shared.traffic.received_bytes += nbytes
        try:
            frames = self._assembler.received(nbytes)
        except FrameError as error:
            frames, self._junk = error.frames, error
        self._arrived += frames
        self._charge(new_frame=bool(frames))
        if frames or self._junk is not None:
            self._start_arrived()

    def pause_writing(self) -> None:
        self._write_paused = True
        self._set_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._last_active = self._loop.time()
        self._go_on_soon()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._ending = True
        self._arrived.clear()
        self._shared.drop(self._replies.drop())
        if self._memory is not None:
            self._memory.release()
        if self._lingering is not None:
            self._lingering.cancel()
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
            self._hang_up()

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
        while arrived and started < MAX_STARTED_PER_TURN and not self._held_back():
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
                self._end(error)
            else:
                self._park(len(frame), work, yielded)
        shared.traffic.requests += started
        self._write(parts, parts_bytes)
        self._flush()
        self._set_reading()
        if arrived and started == MAX_STARTED_PER_TURN:
            self._go_on_soon()

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
            self._shared.complaints.closing(self.peer, error)
            self._finish(slot, None, ends=True)

    def _finish(self, slot: Slot, reply: Reply, *, ends: bool = False) -> None:
        if not self._replies.finish(slot, reply, ends=ends):
            return
        if len(self._replies) == 1 and not self._arrived:
            self._flush()
            self._set_reading()
        else:
            # Others may finish in this very turn of the loop (one fdatasync answers many): write together.
            self._go_on_soon()

    def _go_on_soon(self) -> None:
        if not self._going_on:
            self._going_on = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Send what is finished, start what waited. Never called in a task: a first step has no current
        task."""
        self._going_on = False
        self._flush()
        if self._arrived:
            self._start_arrived()
        else:
            self._set_reading()

    def _end(self, error: Exception) -> None:
        """Close after the replies to all that was started."""
        self._shared.complaints.closing(self.peer, error)
        self._arrived.clear()
        self._ending = True
        self._replies.add_end()

    # Replies.

    def _flush(self) -> None:
        """Write the finished replies at the head of the order, all in one go; close if that was the end."""
        if self._junk is not None and not self._arrived and not self._ending:
            self._end(self._junk)
        if self._replies:
            parts, size, ends = self._replies.take()
            self._write(parts, size)
            if ends:
                self._ending = True
                self._shared.drop(self._replies.drop())
        self._charge()
        if self._ending and not self._replies:
            self._hang_up()

    def _hang_up(self) -> None:
        """Say that no more will come, and drop what the client still sends until it closes too.

        Closing with unread bytes would reset the connection, and replies that are on their way would be lost.
        """
        if self._lingering is None and not self._transport.is_closing():
            self._set_reading()
            self._transport.write_eof()
            self._lingering = self._loop.call_later(CLOSE_LINGER_SECONDS, self._transport.close)

    def _write(self, parts: list[Buffer], size: int) -> None:
        if not parts:
            return
        self._last_active = self._loop.time()
        self._shared.traffic.sent_bytes += size
        write_parts(self._transport, parts, size)

    # Holding back.

    def _set_reading(self) -> None:
        memory_waits = self._memory is not None and self._memory.waits
        wanted = self._ending or not (self._arrived or memory_waits or self._held_back())
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _charge(self, *, new_frame: bool = False) -> None:
        """Tell the memory that all connections share what this one holds; that may stop the reading."""
        if self._memory is None or self._ending:
            return
        whole = self._replies.held_bytes + sum(map(len, self._arrived))
        self._memory.update(whole, self._assembler.unfinished_bytes, new_frame=new_frame)
        if self._memory.waits:
            self._set_reading()
