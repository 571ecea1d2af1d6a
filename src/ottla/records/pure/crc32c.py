"""CRC-32C without the compiled twin, which takes any buffer and has the processor's instruction itself.

google-crc32c takes only `bytes`: any other buffer is copied first, in pieces that stay in the cache, which
costs 0.1 µs at 1 KB, 0.3 µs at 16 KB and 20 µs at 1 MB. Without the library a table in Python answers,
some thousand times slower, so that everything still works.
"""

from collections.abc import Callable
from functools import cache

from ottla.wire.types import Buffer

_PIECE_BYTES = 65_536  # a copy of this size stays in the cache, and below malloc's threshold for fresh pages


@cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


def extend_in_python(seed: int, data: bytes) -> int:
    """The CRC of what `seed` is the CRC of, followed by `data`; needs no library."""
    table = _table()
    crc = seed ^ 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _fastest() -> Callable[[int, bytes], int]:
    try:
        from google_crc32c import extend
    except ImportError:  # no wheel for this platform
        return extend_in_python
    return extend  # type: ignore[no-any-return]


_extend = _fastest()


def crc32c(buffer: Buffer, seed: int = 0) -> int:
    """The CRC-32C of `buffer`, unsigned; with `seed`, of what that is the CRC of followed by `buffer`."""
    size = len(buffer)
    if size <= _PIECE_BYTES or type(buffer) is bytes:
        return _extend(seed, buffer if type(buffer) is bytes else bytes(buffer))
    with memoryview(buffer) as view:
        for start in range(0, size, _PIECE_BYTES):
            seed = _extend(seed, bytes(view[start : start + _PIECE_BYTES]))
    return seed
