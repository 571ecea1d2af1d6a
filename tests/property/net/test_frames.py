"""However a stream of frames is cut, the same frames come out of it."""

from collections.abc import Iterable
from struct import pack

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ottla.net.errors import FrameError
from ottla.net.frames import FrameAssembler, ReadBuffer
from ottla.wire.types import Buffer

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

LIMIT = 3_000_000
SHARED = ReadBuffer(65_536)  # the smallest: cuts at its end come early

SIZES = st.one_of(
    st.integers(0, 40),
    st.integers(32_700, 32_850),  # around what is kept rather than given a buffer of its own
    st.integers(65_400, 65_700),  # around the shared buffer
    st.integers(250_000, 1_100_000),  # grown in steps
)


def bodies(sizes: list[int]) -> list[bytes]:
    """Frames that differ in every byte position, so that a mix-up shows."""
    return [
        bytes((index + offset) & 0xFF for offset in range(251)) * (size // 251 + 1)
        for index, size in enumerate(sizes)
    ]


def feed(assembler: FrameAssembler, data: bytes, reads: Iterable[int]) -> list[Buffer]:
    frames: list[Buffer] = []
    position = 0
    for most in reads:
        room = assembler.get_buffer()
        count = min(len(room), most, len(data) - position)
        if not count:
            break
        room[:count] = data[position : position + count]
        frames += assembler.received(count)
        SHARED.memory[:] = b"\xee" * len(SHARED.memory)  # others use it now
        position += count
    return frames


@UNHURRIED
@given(
    sizes=st.lists(SIZES, max_size=6),
    cuts=st.lists(st.one_of(st.integers(1, 9), st.integers(1, 70_000)), max_size=60),
)
def test_any_cutting_gives_the_same_frames(sizes: list[int], cuts: list[int]) -> None:
    sent = [body[:size] for body, size in zip(bodies(sizes), sizes, strict=True)]
    data = b"".join(pack(">i", len(body)) + body for body in sent)
    assembler = FrameAssembler(LIMIT, SHARED)
    enough = [10_000_000] * (len(data) // 10_000 + 20)
    assert feed(assembler, data, [*cuts, *enough]) == sent
    assert assembler.unfinished_bytes == 0


@UNHURRIED
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(1, 50), max_size=20))
def test_any_bytes_are_frames_or_a_clean_error(data: bytes, cuts: list[int]) -> None:
    """An independent reading of the same bytes says what must come out."""
    expected, error = slow_reading(data, limit=100)
    assembler = FrameAssembler(100, SHARED)
    found: list[Buffer] = []
    broken = False
    for piece in pieces(data, cuts):
        try:
            found += feed(assembler, piece, [len(piece)] * 2)
        except FrameError as caught:
            found += caught.frames
            broken = True
            break
    assert (found, broken) == (expected, error)


def slow_reading(data: bytes, limit: int) -> tuple[list[bytes], bool]:
    frames = []
    while len(data) >= 4:
        size = int.from_bytes(data[:4], "big", signed=True)
        if size < 0 or size > limit:
            return frames, True
        if len(data) < 4 + size:
            break
        frames.append(data[4 : 4 + size])
        data = data[4 + size :]
    return frames, False


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    result = []
    for cut in cuts:
        result.append(data[:cut])
        data = data[cut:]
    return [piece for piece in [*result, data] if piece]
