"""Replies into a transport: small parts joined, large ones handed over as they are."""

import asyncio
from collections.abc import Sequence

from ottla.wire.types import Buffer

_JOINED_BYTES = 64 * 1024
"""Up to this much is one copy and one buffer: cheaper than a vector of many."""

_LARGE_PART_BYTES = 16 * 1024
"""A part from this size on is never copied."""


def write_parts(transport: asyncio.WriteTransport, parts: Sequence[Buffer], size: int) -> None:
    """Write `size` bytes, the sum of `parts`, in order and with one system call where the loop can."""
    if size <= _JOINED_BYTES:
        transport.write(b"".join(parts))
    else:
        transport.writelines(gathered(parts))


def gathered(parts: Sequence[Buffer]) -> list[Buffer]:
    """The same bytes in fewer parts: neighbours that are small joined, large parts untouched."""
    result: list[Buffer] = []
    small: list[Buffer] = []
    for part in parts:
        if len(part) < _LARGE_PART_BYTES:
            small.append(part)
            continue
        if small:
            result.append(b"".join(small))
            small = []
        result.append(part)
    if small:
        result.append(b"".join(small))
    return result
