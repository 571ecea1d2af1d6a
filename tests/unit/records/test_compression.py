"""The codecs: what they write, what they read, and how little a bomb costs."""

import gzip
import random
import struct
import tracemalloc
import zlib

import cramjam
import pytest

from ottla.core.limits import MAX_COMPRESSED_BLOCKS
from ottla.records.compression import DEFAULT_LEVELS, LEVELS, Codec, compress, decompress
from ottla.records.errors import CorruptRecordError, RecordsTooLargeError
from ottla.records.frames import XERIAL_HEADER, lz4_size_bound, zstd_size_bound


def incompressible(size: int) -> bytes:
    return random.Random(size).randbytes(size)


CODECS = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]
DATA = {
    "one byte": b"x",
    "text": b"a record like the others " * 400,
    "zeros": bytes(300_000),
    "random": incompressible(200_000),
    "block edges": incompressible(65_536) + bytes(65_536),
}


@pytest.mark.parametrize("codec", [Codec.NONE, *CODECS])
@pytest.mark.parametrize("name", DATA)
def test_round_trip(codec: Codec, name: str) -> None:
    data = DATA[name]
    for kind in (bytes, bytearray, memoryview):
        assert decompress(codec, bytes(compress(codec, kind(data)))) == data
    assert decompress(codec, memoryview(bytes(compress(codec, data)))) == data


@pytest.mark.parametrize("codec", CODECS)
def test_nothing_compressed_is_nothing(codec: Codec) -> None:
    assert decompress(codec, compress(codec, b"")) == b""


@pytest.mark.parametrize(
    ("codec", "level"),
    [
        (codec, level)
        for codec, levels in LEVELS.items()
        for level in (levels[0], levels[-1], DEFAULT_LEVELS[codec])
    ]
    + [(Codec.GZIP, 6), (Codec.LZ4, 2), (Codec.ZSTD, -5), (Codec.ZSTD, 10)],
)
def test_levels(codec: Codec, level: int) -> None:
    assert decompress(codec, compress(codec, DATA["text"], level)) == DATA["text"]


@pytest.mark.parametrize(
    ("codec", "level"),
    [(Codec.GZIP, 0), (Codec.GZIP, 10), (Codec.LZ4, 0), (Codec.LZ4, 18), (Codec.ZSTD, 23), (Codec.SNAPPY, 1)],
)
def test_levels_that_do_not_exist(codec: Codec, level: int) -> None:
    with pytest.raises(ValueError, match="level"):
        compress(codec, b"data", level)


def test_a_higher_level_is_smaller() -> None:
    data = b"".join(b"%d words %x and more %d" % (i, i * i * 7919, i % 13) for i in range(5000))
    for codec, low, high in ((Codec.GZIP, 1, 9), (Codec.LZ4, None, 12), (Codec.ZSTD, -5, 19)):
        assert len(compress(codec, data, high)) < len(compress(codec, data, low))


@pytest.mark.parametrize("codec", CODECS)
def test_empty_and_foreign_bytes(codec: Codec) -> None:
    for data in (b"", b"\x05", b"these bytes are not compressed at all", b"\xff" * 100):
        with pytest.raises(CorruptRecordError):
            decompress(codec, data)


@pytest.mark.parametrize("codec", CODECS)
def test_every_truncation(codec: Codec) -> None:
    data = DATA["text"] + incompressible(100)
    whole = bytes(compress(codec, data))
    for size in range(len(whole)):
        if codec is Codec.SNAPPY and size == len(XERIAL_HEADER):
            continue  # a framed stream without blocks is a whole one
        with pytest.raises(CorruptRecordError):
            decompress(codec, whole[:size])


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.LZ4, Codec.ZSTD, Codec.SNAPPY])
def test_frames_in_a_row(codec: Codec) -> None:
    first, second = bytes(compress(codec, b"first ")), bytes(compress(codec, b"second"))
    assert decompress(codec, first + second) == b"first second"
    assert decompress(codec, first + second, 12) == b"first second"
    with pytest.raises(RecordsTooLargeError):
        decompress(codec, first + second, 11)
    with pytest.raises(CorruptRecordError):
        decompress(codec, first + b"garbage and more garbage")


def test_gzip_members_with_names_and_times() -> None:
    assert decompress(Codec.GZIP, gzip.compress(b"one", mtime=77) + zlib.compress(b"two", 9, 31)) == b"onetwo"


def test_snappy_is_written_framed_and_read_raw_too() -> None:
    written = bytes(compress(Codec.SNAPPY, DATA["text"] * 10))
    assert written.startswith(bytes.fromhex("82534e4150505900 00000001 00000001"))
    (length,) = struct.unpack_from(">i", written, 16)
    assert len(cramjam.snappy.decompress_raw(written[20 : 20 + length])) == 32_768
    assert decompress(Codec.SNAPPY, bytes(cramjam.snappy.compress_raw(DATA["text"]))) == DATA["text"]


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 1000])
def test_snappy_block_lengths(length: int) -> None:
    with pytest.raises(CorruptRecordError):
        decompress(Codec.SNAPPY, XERIAL_HEADER + struct.pack(">i", length) + b"rest")


def test_lz4_is_written_as_java_wants_it() -> None:
    written = bytes(compress(Codec.LZ4, DATA["random"]))
    assert written[:7] == bytes.fromhex("04224d18 60 40 82")  # independent 64 KiB blocks, no checksums
    assert struct.unpack_from("<I", written, 7)[0] == 65_536 | 1 << 31  # incompressible: stored
    assert written.endswith(bytes(4))


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("checksum", [True, False])
def test_lz4_frames_of_any_kind_are_read(linked: bool, checksum: bool) -> None:
    compressor = cramjam.lz4.Compressor(level=4, content_checksum=checksum, block_linked=linked)
    data = DATA["text"] * 20
    compressor.compress(data)
    frame = bytearray(bytes(compressor.finish()))
    assert decompress(Codec.LZ4, frame) == data
    assert decompress(Codec.LZ4, bytes(cramjam.lz4.compress(data))) == data
    frame[20] ^= 1
    with pytest.raises(CorruptRecordError):
        decompress(Codec.LZ4, frame)


def test_lz4_with_content_size() -> None:
    frame = bytes.fromhex("04224d18 6840 0500000000000000 24".replace(" ", ""))
    body = struct.pack("<I", 5 | 1 << 31) + b"hello" + bytes(4)
    assert lz4_size_bound(frame + body) == 5
    try:
        assert decompress(Codec.LZ4, frame + body) == b"hello"
    except CorruptRecordError:  # the header's checksum byte: found by trying all
        found = [
            number
            for number in range(256)
            if _decompresses(Codec.LZ4, frame[:-1] + bytes((number,)) + body, b"hello")
        ]
        assert len(found) == 1


def _decompresses(codec: Codec, data: bytes, expected: bytes) -> bool:
    try:
        return decompress(codec, data) == expected
    except CorruptRecordError:
        return False


def zstd_bomb(blocks: int) -> bytes:
    """A frame of `blocks` repeated-byte blocks: 4 bytes each, 128 KiB out of each."""
    head = struct.pack("<IB", 0xFD2FB528, 0) + b"\x58"  # window of 2 MiB, no content size
    middle = ((131_072 << 3) | 2).to_bytes(3, "little") + b"A"
    last = ((131_072 << 3) | 3).to_bytes(3, "little") + b"A"
    return head + middle * (blocks - 1) + last


def lz4_bomb(megabytes: int) -> bytes:
    return bytes(compress(Codec.LZ4, bytes(megabytes << 20)))


def test_bounds_say_what_comes_out() -> None:
    assert zstd_size_bound(zstd_bomb(10)) == 10 * 131_072
    assert decompress(Codec.ZSTD, zstd_bomb(10)) == b"A" * 10 * 131_072
    assert lz4_size_bound(lz4_bomb(3)) == 3 << 20
    for data in DATA.values():
        bound = zstd_size_bound(bytes(compress(Codec.ZSTD, data)))
        assert bound is not None
        assert len(data) <= bound


BOMBS = {
    "gzip": (Codec.GZIP, zlib.compress(bytes(64 << 20), 9, 31)),
    "gzip members": (Codec.GZIP, zlib.compress(bytes(600_000), 9, 31) * 100),
    "snappy": (Codec.SNAPPY, bytes(cramjam.snappy.compress_raw(bytes(8 << 20)))),
    "snappy lie": (Codec.SNAPPY, b"\xff\xff\xff\xff\x07" + b"\x00" * 20),
    "snappy blocks": (Codec.SNAPPY, bytes(compress(Codec.SNAPPY, bytes(8 << 20)))),
    "lz4": (Codec.LZ4, lz4_bomb(64)),
    "zstd": (Codec.ZSTD, bytes(compress(Codec.ZSTD, bytes(64 << 20)))),
    "zstd blocks": (Codec.ZSTD, zstd_bomb(100_000)),
    "zstd too many blocks": (Codec.ZSTD, zstd_bomb(MAX_COMPRESSED_BLOCKS + 100_000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_stop_at_the_limit(name: str) -> None:
    codec, bomb = BOMBS[name]
    tracemalloc.start()
    try:
        with pytest.raises(RecordsTooLargeError):
            decompress(codec, bomb, 1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 << 20


@pytest.mark.parametrize("name", ["gzip", "lz4", "zstd", "zstd blocks", "snappy lie"])
def test_bombs_against_the_default_limit(name: str) -> None:
    codec, bomb = BOMBS[name]
    if name in ("zstd blocks", "snappy lie"):
        with pytest.raises(RecordsTooLargeError):
            decompress(codec, bomb)
    else:
        assert len(decompress(codec, bomb)) == 64 << 20


def test_a_small_lie_is_no_allocation() -> None:
    with pytest.raises(CorruptRecordError, match="cannot hold"):
        decompress(Codec.SNAPPY, b"\x80\x80\x80\x20" + b"\x00" * 20)  # announces 64 MiB


@pytest.mark.parametrize("codec", [Codec.NONE, *CODECS])
def test_exactly_the_limit_is_allowed(codec: Codec) -> None:
    data = DATA["random"]
    whole = bytes(compress(codec, data))
    assert decompress(codec, whole, len(data)) == data
    with pytest.raises(RecordsTooLargeError):
        decompress(codec, whole, len(data) - 1)


def test_many_small_blocks_whose_bound_is_over_the_limit() -> None:
    frame = bytes.fromhex("04224d18 60 40 82")
    block = bytes(cramjam.lz4.compress_block(b"ab" * 50, store_size=False))
    frame += (struct.pack("<I", len(block)) + block) * 1000 + bytes(4)
    bound = lz4_size_bound(frame)
    assert bound is not None
    assert bound > 100_000
    assert decompress(Codec.LZ4, frame, 100_000) == b"ab" * 50_000
    with pytest.raises(RecordsTooLargeError):
        decompress(Codec.LZ4, frame, 99_999)
