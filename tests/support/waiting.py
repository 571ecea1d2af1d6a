"""Waiting for what another task or process does."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def until(condition: Callable[[], Result], limit_s: float = 30) -> Result:
    """What `condition` gives, once that is true."""
    async with asyncio.timeout(limit_s):
        while not (result := condition()):  # noqa: ASYNC110 - what another process does sets no event
            await asyncio.sleep(0.01)
    return result
