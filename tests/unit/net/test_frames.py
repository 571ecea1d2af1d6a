"""The assembler at its edges; tests/property/net has it cut streams anywhere."""

from struct import pack

import pytest

from ottla.net.errors import FrameError
from ottla.net.frames import FrameAssembler, ReadBuffer
from ottla.wire.types import Buffer

LIMIT = 100 * 1024 * 1024


def frame(body: bytes) -> bytes:
    return pack(">i", len(body)) + body


def feed(assembler: FrameAssembler, data: bytes) -> list[Buffer]:
    """What a transport does: fill the buffer, tell how much, until all is in."""
    frames: list[Buffer] = []
    while data:
        room = assembler.get_buffer()
        count = min(len(room), len(data))
        room[:count] = data[:count]
        frames += assembler.received(count)
        data = data[count:]
    return frames


def test_several_frames_of_one_read() -> None:
    assembler = FrameAssembler(LIMIT)
    assert feed(assembler, frame(b"one") + frame(b"") + frame(b"three")) == [b"one", b"", b"three"]
    assert assembler.unfinished_bytes == 0


def test_a_size_prefix_in_two_halves() -> None:
    assembler = FrameAssembler(LIMIT)
    data = frame(b"body")
    assert feed(assembler, data[:3]) == []
    assert assembler.unfinished_bytes == 3
    assert feed(assembler, data[3:]) == [b"body"]


def test_small_frames_stay_as_they_were_when_the_shared_buffer_is_used_again() -> None:
    shared = ReadBuffer()
    one, other = FrameAssembler(LIMIT, shared), FrameAssembler(LIMIT, shared)
    first = feed(one, frame(b"first") + frame(b"half")[:6])
    feed(other, frame(b"x" * 1000))
    assert first == [b"first"]
    assert feed(one, b"lf") == [b"half"]


def test_a_large_frame_is_received_straight_into_a_buffer_of_its_own_size() -> None:
    assembler = FrameAssembler(LIMIT)
    body = bytes(range(256)) * 4096  # 1 MiB
    data = frame(body)
    assert feed(assembler, data[:200_000]) == []
    assert assembler.unfinished_bytes == len(body)
    (whole,) = feed(assembler, data[200_000:])
    assert whole == body
    assert isinstance(whole, bytearray)


def test_an_announced_size_costs_nothing_until_its_bytes_come() -> None:
    assembler = FrameAssembler(LIMIT)
    feed(assembler, pack(">i", LIMIT))
    assert assembler.unfinished_bytes == 4
    feed(assembler, bytes(100_000))
    assert assembler.unfinished_bytes == LIMIT
    assert len(assembler.get_buffer()) == 300_000
    feed(assembler, bytes(300_000))
    assert len(assembler.get_buffer()) == 1_200_000


@pytest.mark.parametrize("size", [-1, -(2**31), LIMIT + 1, 2**31 - 1])
def test_a_size_out_of_range_gives_the_frames_before_it_and_the_bytes_at_it(size: int) -> None:
    assembler = FrameAssembler(LIMIT)
    with pytest.raises(FrameError, match="announces") as caught:
        feed(assembler, frame(b"good") + pack(">i", size) + b"rest")
    assert caught.value.frames == [b"good"]
    assert caught.value.junk == pack(">i", size) + b"rest"


def test_a_frame_of_just_the_limit_is_good() -> None:
    assembler = FrameAssembler(10)
    assert feed(assembler, frame(b"0123456789")) == [b"0123456789"]
    with pytest.raises(FrameError, match="announces 11 bytes; the limit is 10"):
        feed(assembler, frame(b"0123456789a"))


def test_a_read_buffer_that_cannot_hold_what_is_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        ReadBuffer(1_000)
