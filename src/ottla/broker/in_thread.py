"""Work that blocks, away from the event loop."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_thread(
    work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """Its result. A caller that is cancelled still waits until `work` has returned, so that nothing goes on unseen."""
    running = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()  # nobody wants it any more: asyncio need not complain
        raise
