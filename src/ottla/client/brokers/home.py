"""The event loop that a client lives in."""

import asyncio

_NOWHERE = (
    "no event loop runs in this thread; what is asyncio's belongs to the thread of its loop, and clients of "
    "ottla.sync to any"
)
_ELSEWHERE = (
    "this client lives in another event loop, the first one that it was used in: make a client for each loop, or "
    "take one of ottla.sync, which any thread may use"
)


class Home:
    """The first loop that the client is used in; what it waits for is of no use in another one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> None:
        """Raises RuntimeError in another loop, or in none."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(_NOWHERE) from None
        if self._loop is None:
            self._loop = loop
        elif loop is not self._loop:
            raise RuntimeError(_ELSEWHERE)
