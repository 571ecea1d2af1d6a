"""Frames out of a byte stream: a 4-byte big-endian size, then that many bytes. No I/O here.

One `ReadBuffer` serves all connections of a loop: its bytes count only between `get_buffer` and `received`,
so an idle connection holds nothing. Small frames are copied out of it once. A frame that did not arrive whole
and is larger than `_KEPT_BYTES` gets a buffer of its own, and the rest of it is received straight into that.
"""

from struct import Struct

from ottla.core.limits import READ_BUFFER_BYTES
from ottla.net.errors import FrameError
from ottla.wire.types import Buffer

_SIZE = Struct(">i")

_KEPT_BYTES = 32 * 1024
"""An unfinished frame up to this size waits as its bare bytes and goes back to the front of the shared
buffer: copying it again is cheaper than a read of its own for the few bytes that it lacks."""

_BEGUN_BYTES = 16 * 1024
_GROWTH = 4
"""A frame gets a buffer of its own when `_BEGUN_BYTES` of it are there, and that is never over `_GROWTH`
times what has arrived: four bytes that announce 100 MiB cost four bytes, and a frame of 1 MB still needs one
allocation or two."""


class ReadBuffer:
    """The memory that all connections of one loop receive into, one read at a time."""

    __slots__ = ("memory", "view")

    def __init__(self, size_bytes: int = READ_BUFFER_BYTES) -> None:
        if size_bytes < 2 * _KEPT_BYTES:
            raise ValueError(
                f"a read buffer of {size_bytes} bytes is too small: {2 * _KEPT_BYTES} is the least"
            )
        self.memory = bytearray(size_bytes)
        self.view = memoryview(self.memory)


class FrameAssembler:
    """One connection's stream, cut into frames. Shaped for asyncio's `BufferedProtocol`."""

    __slots__ = ("_filled", "_kept", "_max_frame_bytes", "_own", "_own_bytes", "_shared")

    def __init__(self, max_frame_bytes: int, shared: ReadBuffer | None = None) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._shared = shared or ReadBuffer()
        self._kept = b""  # the start of an unfinished frame, size prefix included
        self._own: bytearray | None = None  # a large unfinished frame, without its size prefix
        self._own_bytes = 0  # how long that frame will be
        self._filled = 0

    @property
    def unfinished_bytes(self) -> int:
        """What the unfinished frame costs or will cost: all of its announced size once it has a buffer of its
        own."""
        return len(self._kept) if self._own is None else self._own_bytes

    def get_buffer(self) -> memoryview:
        """Where the next bytes are to be received. Never empty; good only until `received`."""
        if self._own is not None:
            return self._room_in_own(self._own)
        kept = len(self._kept)
        if kept:
            self._shared.memory[:kept] = self._kept
            return self._shared.view[kept:]
        return self._shared.view

    def received(self, count: int) -> list[Buffer]:
        """The frames that `count` more bytes complete, in order. Raises FrameError; the stream is lost
        then."""
        if self._own is not None:
            return self._received_own(self._own, count)
        # The hot path: no calls but these, local names only.
        memory, view, limit = self._shared.memory, self._shared.view, self._max_frame_bytes
        end = len(self._kept) + count
        position = 0
        frames: list[Buffer] = []
        while position + 4 <= end:
            (size,) = _SIZE.unpack_from(memory, position)
            start = position + 4
            stop = start + size
            if not 0 <= size <= limit:
                raise FrameError(
                    _wrong_size(size, limit), frames, bytes(view[position : min(end, position + 16)])
                )
            if stop > end:
                if size > _KEPT_BYTES and end - start >= _BEGUN_BYTES:
                    self._begin_own(size, view[start:end])
                    return frames
                break
            frames.append(bytes(view[start:stop]))
            position = stop
        self._kept = bytes(view[position:end])
        return frames

    def _begin_own(self, size: int, arrived: memoryview) -> None:
        self._kept = b""
        self._filled = len(arrived)
        self._own_bytes = size
        self._own = bytearray(min(size, _GROWTH * self._filled))
        self._own[: self._filled] = arrived

    def _room_in_own(self, own: bytearray) -> memoryview:
        if self._filled == len(own):
            # A new one rather than a resize: the event loop may still hold a view of the old.
            grown = bytearray(min(self._own_bytes, _GROWTH * self._filled))
            grown[: self._filled] = own
            self._own = own = grown
        return memoryview(own)[self._filled :]

    def _received_own(self, own: bytearray, count: int) -> list[Buffer]:
        self._filled += count
        assert self._filled <= len(own)
        if self._filled < self._own_bytes:
            return []
        self._own = None
        return [own]


def _wrong_size(size: int, limit: int) -> str:
    if size < 0:
        return f"a frame announces {size} bytes"
    return f"a frame announces {size} bytes; the limit is {limit}"
