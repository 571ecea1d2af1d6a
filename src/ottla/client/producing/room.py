"""Waiting for room in `buffer_memory`."""

import asyncio

from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.sender import Sender
from ottla.core.errors import ErrorCode


async def wait_for_room(accumulator: Accumulator, sender: Sender) -> None:
    """Until there is room for another batch. Raises BufferFull after `max.block.ms`, or that the producer is closed."""
    settings = accumulator.settings
    accumulator.press()  # nothing lingers while somebody waits
    sender.wake()
    try:
        await asyncio.wait_for(accumulator.memory.room(settings.batch_size), settings.max_block_ms / 1000)
    except TimeoutError:
        raise BufferFull(
            ErrorCode.REQUEST_TIMED_OUT,
            f"no room in buffer_memory ({settings.buffer_memory} bytes) for {settings.max_block_ms} ms",
            advice=sender.problem,
        ) from None
