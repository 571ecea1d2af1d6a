"""The four codecs a batch may be compressed with, and the bound on what comes out.

| codec | what is written | what is read as well |
|---|---|---|
| gzip | one member (RFC 1952) | several members in a row |
| snappy | xerial framing, blocks of 32 KiB, as Java clients do | the raw format; framed streams in a row |
| lz4 | a frame of independent 64 KiB blocks, as Java clients do | any frames, in a row |
| zstd | one frame | several in a row |

Nothing is allocated on the word of the sender: gzip is decompressed in steps up to the limit, the others
say in their block headers how much can come out at most, and that is added up first (`ottla.records.frames`).
cramjam is imported when a batch needs it: 5 ms that a start without compression need not pay.
"""

import struct
import zlib
from enum import IntEnum

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.errors import CorruptRecordError, RecordsTooLargeError
from ottla.records.frames import (
    LZ4_BLOCK_BYTES,
    LZ4_HEADER,
    XERIAL_HEADER,
    XERIAL_MAGIC,
    lz4_size_bound,
    snappy_blocks,
    zstd_size_bound,
)
from ottla.wire.types import Buffer


class Codec(IntEnum):
    """Bits 0 to 2 of a batch's attributes."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


LEVELS = {Codec.GZIP: range(1, 10), Codec.LZ4: range(1, 18), Codec.ZSTD: range(-131072, 23)}
"""Of `compression.gzip.level` (which also takes -1, its default), `…lz4.level` and `…zstd.level`."""

DEFAULT_LEVELS = {Codec.GZIP: -1, Codec.LZ4: 9, Codec.ZSTD: 3}
"""Kafka's. lz4 at 9 means the fast compressor, there and here; every other level means the thorough one."""

_XERIAL_BLOCK_BYTES = 32_768
_SNAPPY_MAX_RATIO = 22  # a copy of 64 bytes takes 3
_BOTH_GZIP_HEADERS = 31  # zlib: a window of 2¹⁵ bytes, and RFC 1952's header


def compress(codec: Codec, data: Buffer, level: int | None = None) -> Buffer:
    """`data` compressed; `level` None is Kafka's default. Raises ValueError for a level the codec lacks."""
    if codec is Codec.NONE:
        return data
    if level is not None and level != DEFAULT_LEVELS.get(codec) and level not in LEVELS.get(codec, ()):
        raise ValueError(f"{codec.name.lower()} has no compression level {level}")
    if codec is Codec.GZIP:
        return zlib.compress(data, -1 if level is None else level, _BOTH_GZIP_HEADERS)
    if codec is Codec.SNAPPY:
        return _compress_snappy(data)
    if codec is Codec.LZ4:
        return _compress_lz4(data, level)
    import cramjam

    return memoryview(cramjam.zstd.compress(data, DEFAULT_LEVELS[codec] if level is None else level))


def decompress(codec: Codec, data: Buffer, max_bytes: int = MAX_DECOMPRESSED_BYTES) -> bytes:
    """What was compressed. Raises CorruptRecordError; above `max_bytes` that is a RecordsTooLargeError."""
    data = data if type(data) is bytes else bytes(data)
    if codec is Codec.NONE:
        if len(data) > max_bytes:
            raise _too_large(codec, max_bytes)
        return data
    if codec is Codec.GZIP:
        return _decompress_gzip(data, max_bytes)
    import cramjam

    try:
        if codec is Codec.SNAPPY:
            return _decompress_snappy(data, max_bytes)
        return _decompress_frames(codec, data, max_bytes)
    except cramjam.DecompressionError as error:
        raise CorruptRecordError(f"{codec.name.lower()}: {error}") from None


def _too_large(codec: Codec, max_bytes: int) -> RecordsTooLargeError:
    return RecordsTooLargeError(f"{codec.name.lower()}: the records take more than {max_bytes} bytes")


def _decompress_gzip(data: bytes, max_bytes: int) -> bytes:
    members: list[bytes] = []
    room = max_bytes
    while data or not members:
        member = zlib.decompressobj(_BOTH_GZIP_HEADERS)
        try:
            members.append(member.decompress(data, room + 1))
        except zlib.error as error:
            raise CorruptRecordError(f"gzip: {error}") from None
        room -= len(members[-1])
        if room < 0:
            raise _too_large(Codec.GZIP, max_bytes)
        if not member.eof:
            raise CorruptRecordError("gzip: cut inside a member")
        data = member.unused_data
    return members[0] if len(members) == 1 else b"".join(members)


def _compress_snappy(data: Buffer) -> bytes:
    import cramjam

    parts: list[Buffer] = [XERIAL_HEADER]
    for piece in _pieces(data, _XERIAL_BLOCK_BYTES):
        block = memoryview(cramjam.snappy.compress_raw(piece))
        parts += (struct.pack(">i", len(block)), block)
    return b"".join(parts)


def _decompress_snappy(data: bytes, max_bytes: int) -> bytes:
    if not data.startswith(XERIAL_MAGIC):
        return _decompress_snappy_block(data, max_bytes)
    blocks = []
    room = max_bytes
    for start, end in snappy_blocks(data):
        blocks.append(_decompress_snappy_block(data[start:end], room))
        room -= len(blocks[-1])
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _decompress_snappy_block(block: bytes, max_bytes: int) -> bytes:
    import cramjam

    size = cramjam.snappy.decompress_raw_len(block)
    if size > max_bytes:
        raise _too_large(Codec.SNAPPY, max_bytes)
    if size > _SNAPPY_MAX_RATIO * len(block):
        raise CorruptRecordError(f"snappy: {len(block)} bytes cannot hold the {size} that they announce")
    return bytes(cramjam.snappy.decompress_raw(block))


def _compress_lz4(data: Buffer, level: int | None) -> Buffer:
    """Blocks are independent, as Java clients refuse others; cramjam's own frames have needless checksums."""
    import cramjam

    if level is not None and level != DEFAULT_LEVELS[Codec.LZ4]:
        compressor = cramjam.lz4.Compressor(level=level, content_checksum=False, block_linked=False)
        compressor.compress(data)
        return memoryview(compressor.finish())
    parts: list[Buffer] = [LZ4_HEADER]
    for piece in _pieces(data, LZ4_BLOCK_BYTES):
        block = memoryview(cramjam.lz4.compress_block(piece, store_size=False))
        if len(block) < len(piece):
            parts += (struct.pack("<I", len(block)), block)
        else:
            parts += (struct.pack("<I", len(piece) | 1 << 31), piece)
    parts.append(bytes(4))
    return b"".join(parts)


def _decompress_frames(codec: Codec, data: bytes, max_bytes: int) -> bytes:
    import cramjam

    library = cramjam.lz4 if codec is Codec.LZ4 else cramjam.zstd
    bound = (lz4_size_bound if codec is Codec.LZ4 else zstd_size_bound)(data)
    if bound is not None and bound <= max_bytes:
        return bytes(library.decompress(data))
    out = bytearray(max_bytes)
    try:
        size = library.decompress_into(data, out)
    except cramjam.DecompressionError:  # full, or malformed: it does not say which
        raise RecordsTooLargeError(
            f"{codec.name.lower()}: malformed, or takes more than {max_bytes} bytes"
        ) from None
    return bytes(memoryview(out)[:size])


def _pieces(data: Buffer, piece_bytes: int) -> list[Buffer]:
    if len(data) <= piece_bytes:
        return [data] if len(data) else []
    view = memoryview(data)
    return [view[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]
