"""Standard input as chunks of bytes, without blocking the loop, and as soon as there are some."""

import asyncio
import os
from collections.abc import AsyncGenerator

CHUNK_BYTES = 65_536


async def chunks(descriptor: int = 0) -> AsyncGenerator[bytes, None]:
    """What can be read, until the end."""
    while True:
        await _readable(descriptor)
        data = os.read(descriptor, CHUNK_BYTES)
        if not data:
            return
        yield data


async def _readable(descriptor: int) -> None:
    """Wait for a pipe or a terminal; a file is always readable, and the loop cannot watch it."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # epoll's word for a regular file
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
