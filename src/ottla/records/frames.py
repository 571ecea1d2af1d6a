"""How much can come out of a compressed frame, read from its headers before anything is allocated.

lz4 frame: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; zstd frame: RFC 8878, section 3.1;
xerial framing of snappy: a 16-byte header, then blocks of (int32 length, raw snappy). All three decompress
block by block, each block bounded, so their sum bounds the whole; only last blocks make it inexact.
"""

import struct
from collections.abc import Iterator

from ottla.core.limits import MAX_COMPRESSED_BLOCKS
from ottla.records.errors import CorruptRecordError

XERIAL_MAGIC = b"\x82SNAPPY\x00"
XERIAL_HEADER = XERIAL_MAGIC + struct.pack(">ii", 1, 1)
"""Magic, version, and the oldest version that can read it."""

LZ4_MAGIC = 0x184D2204
LZ4_BLOCK_BYTES = 65_536
LZ4_HEADER = struct.pack("<IBBB", LZ4_MAGIC, 0x60, 0x40, 0x82)
"""Version 1, independent blocks, no checksums, no content size; 64 KiB blocks; the header's checksum byte."""
_LZ4_BLOCK_SIZES = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}
_LZ4_MAX_RATIO = 255  # a match is lengthened by up to 255 bytes with each further byte

ZSTD_MAGIC = 0xFD2FB528
_ZSTD_MAX_BLOCK_BYTES = 1 << 17
_ZSTD_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_ZSTD_DICTIONARY_ID_BYTES = (0, 1, 2, 4)

_int32 = struct.Struct(">i")
_uint32_le = struct.Struct("<I")


def snappy_blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each raw block in xerial-framed `data`, whose streams may follow one another."""
    position, size = len(XERIAL_HEADER), len(data)
    if size < position:
        raise CorruptRecordError("snappy: cut inside the header")
    while position < size:
        if data.startswith(XERIAL_MAGIC, position):
            position += len(XERIAL_HEADER)
            continue
        if position + 4 > size:
            raise CorruptRecordError("snappy: cut inside a block's length")
        length = _int32.unpack_from(data, position)[0]
        position += 4
        if length < 0 or position + length > size:
            raise CorruptRecordError(f"snappy: block of {length} bytes where {size - position} are left")
        yield position, position + length
        position += length


def lz4_size_bound(data: bytes) -> int | None:
    """Bytes that can come out of the lz4 frames in `data` at most; None: too many blocks to say."""
    return _bound("lz4", _lz4_blocks(data))


def zstd_size_bound(data: bytes) -> int | None:
    """Bytes that can come out of the zstd frames in `data` at most; None: too many blocks to say."""
    return _bound("zstd", _zstd_blocks(data))


def _bound(codec: str, block_bounds: Iterator[int]) -> int | None:
    total = 0
    try:
        for number, block_bound in enumerate(block_bounds):
            if number == MAX_COMPRESSED_BLOCKS:
                return None
            total += block_bound
    except (IndexError, struct.error):
        raise CorruptRecordError(f"{codec}: cut inside a frame") from None
    return total


def _lz4_blocks(data: bytes) -> Iterator[int]:
    position, size = 0, len(data)
    while position < size or position == 0:
        magic, flags, descriptor = struct.unpack_from("<IBB", data, position)
        if magic != LZ4_MAGIC:
            raise CorruptRecordError("lz4: no frame begins here")
        block_bytes = _LZ4_BLOCK_SIZES.get(descriptor >> 4 & 7)
        if flags >> 6 != 1 or block_bytes is None:
            raise CorruptRecordError(f"lz4: unknown version or block size ({flags:#04x}, {descriptor:#04x})")
        position += 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
        block_trailer = 4 if flags & 0x10 else 0
        while word := _uint32_le.unpack_from(data, position)[0]:
            length = word & 0x7FFFFFFF
            yield min(block_bytes, length if word >> 31 else length * _LZ4_MAX_RATIO)
            position += 4 + length + block_trailer
        position += 4 + (4 if flags & 0x04 else 0)


def _zstd_blocks(data: bytes) -> Iterator[int]:
    position, size = 0, len(data)
    while position < size or position == 0:
        magic = _uint32_le.unpack_from(data, position)[0]
        if magic & 0xFFFFFFF0 == 0x184D2A50:  # a skippable frame
            position += 8 + _uint32_le.unpack_from(data, position + 4)[0]
            continue
        if magic != ZSTD_MAGIC:
            raise CorruptRecordError("zstd: no frame begins here")
        has_checksum = data[position + 4] & 0x04
        position, block_bytes = _zstd_frame_header(data, position + 4)
        last = 0
        while not last:
            word = data[position] | data[position + 1] << 8 | data[position + 2] << 16
            last, kind, length = word & 1, word >> 1 & 3, word >> 3
            yield length if kind < 2 else block_bytes
            position += 3 + (1 if kind == 1 else length)
        position += 4 if has_checksum else 0


def _zstd_frame_header(data: bytes, position: int) -> tuple[int, int]:
    """The position behind the header whose descriptor is at `position`, and what one block may hold."""
    descriptor = data[position]
    content_size_bytes = _ZSTD_CONTENT_SIZE_BYTES[descriptor >> 6]
    dictionary_id_bytes = _ZSTD_DICTIONARY_ID_BYTES[descriptor & 3]
    position += 1
    if descriptor & 0x20:  # one segment: the content size is the window's
        content_size_bytes = content_size_bytes or 1
        position += dictionary_id_bytes
        content_size = int.from_bytes(data[position : position + content_size_bytes], "little")
        window = content_size + 256 if content_size_bytes == 2 else content_size
        return position + content_size_bytes, min(window, _ZSTD_MAX_BLOCK_BYTES)
    exponent, mantissa = data[position] >> 3, data[position] & 7
    window = (1 << 10 + exponent) // 8 * (8 + mantissa)
    return position + 1 + dictionary_id_bytes + content_size_bytes, min(window, _ZSTD_MAX_BLOCK_BYTES)
