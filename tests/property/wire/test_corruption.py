"""Damaged frames of every message in every version: one clean WireError, or what the interpreter reads."""

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire import interpreter
from tests.wire.values import Values, every_message, versions_of

from ottla.wire.messages.delete_topics import DeleteTopicsRequest
from ottla.wire.messages.fetch import FetchRequest, FetchResponse
from ottla.wire.messages.metadata import MetadataResponse
from ottla.wire.messages.produce import ProduceRequest
from ottla.wire.schema import Message
from ottla.wire.types import WireError

FRAMES = 3
FLIPS = 25
LONGEST = 600
"""Bytes: longer frames would only be slower."""

messages = pytest.mark.parametrize("cls", every_message())


def frames(cls: type[Message], version: int) -> list[bytes]:
    """A few valid frames, and the one of all defaults."""
    values = Values(f"{cls.__name__}-{version}")
    drawn = [b"".join(values.message(cls, version).encode(version)) for _ in range(FRAMES * 3)]
    return [b"".join(cls().encode(version)), *[frame for frame in drawn if len(frame) <= LONGEST][:FRAMES]]


@messages
def test_every_truncation_is_refused(cls: type[Message]) -> None:
    for version in versions_of(cls):
        for frame in frames(cls, version):
            for length in range(len(frame)):
                with pytest.raises(WireError):
                    cls.decode(frame[:length], version)


@messages
def test_damage_is_read_as_the_interpreter_reads_it(cls: type[Message]) -> None:
    chance = random.Random(cls.__name__)
    for version in versions_of(cls):
        for frame in frames(cls, version):
            for _ in range(FLIPS if frame else 0):
                agree(cls, version, damaged(frame, chance))


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """One to three bytes changed, with a liking for the values that lengths find hard."""
    changed = bytearray(frame)
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(len(changed))] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    return bytes(changed)


def agree(cls: type[Message], version: int, frame: bytes) -> None:
    try:
        expected = interpreter.decode(cls, frame, version)
    except Exception:  # noqa: BLE001  # the interpreter is plain, not polite
        with pytest.raises(WireError):
            cls.decode(frame, version)
        return
    decoded = cls.decode(frame, version)
    assert same(decoded[0], expected[0])
    assert decoded[1] == expected[1]
    assert same(cls.decode(b"".join(decoded[0].encode(version)), version)[0], decoded[0])


def same(one: Message, other: Message) -> bool:
    """Equal, or of the same text: NaN does not equal itself."""
    return one == other or repr(one) == repr(other)


hot = pytest.mark.parametrize(
    ("cls", "version"),
    [
        (ProduceRequest, 7),
        (ProduceRequest, 13),
        (FetchRequest, 18),
        (FetchResponse, 16),
        (MetadataResponse, 13),
    ],
)


@hot
@given(frame=st.binary(max_size=200))
def test_noise(cls: type[Message], version: int, frame: bytes) -> None:
    agree(cls, version, frame)


@hot
@given(data=st.data())
def test_small_counts_of_noise(cls: type[Message], version: int, data: st.DataObject) -> None:
    """Mostly zeros and ones, which get further into a message than plain noise does."""
    agree(cls, version, bytes(data.draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 255]), max_size=80))))


@pytest.mark.parametrize("version", [8, 9])
@pytest.mark.parametrize("announced", [16, 1_000_000, 1_000_001, 2**31 - 2])
def test_a_long_list_is_refused_before_it_is_made(version: int, announced: int) -> None:
    length = announced.to_bytes(4, "big") if version == 8 else varint(announced + 1)
    prefix = bytes(8) if version == 8 else bytes(7)
    frame = prefix + length + bytes(8)
    ProduceRequest.decode(b"".join(ProduceRequest().encode(version)), version)  # compile first
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="announces"):
            ProduceRequest.decode(frame, version)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("count", "accepted"), [(1_000_000, True), (1_000_001, False)])
def test_a_list_has_a_million_elements_at_most(count: int, *, accepted: bool) -> None:
    """Even when they are all there."""
    frame = count.to_bytes(4, "big") + bytes(2 * count) + bytes(4)
    if accepted:
        assert len(DeleteTopicsRequest.decode(frame, 1)[0].topic_names) == count
        return
    with pytest.raises(WireError, match="announces 1000001 elements"):
        DeleteTopicsRequest.decode(frame, 1)


@pytest.mark.parametrize(("size", "accepted"), [(32_767, True), (32_768, False)])
def test_a_compact_string_is_no_longer_than_an_old_one(size: int, *, accepted: bool) -> None:
    frame = varint(size + 1) + b"x" * size + bytes(6) + b"\1\0"
    if accepted:
        assert ProduceRequest.decode(frame, 9)[0].transactional_id == "x" * size
        return
    with pytest.raises(WireError, match="too long"):
        ProduceRequest.decode(frame, 9)


@pytest.mark.parametrize("announced", [10_001, 2**31])
def test_many_tagged_fields_are_refused_before_they_are_made(announced: int) -> None:
    frame = b"".join(ProduceRequest().encode(9))[:-1] + varint(announced) + b"\1\0" * 30_000
    with pytest.raises(WireError, match="tagged fields are announced"):
        ProduceRequest.decode(frame, 9)


def varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])
