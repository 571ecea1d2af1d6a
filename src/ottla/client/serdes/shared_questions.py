"""A question that many have at once, asked once."""

import asyncio
from collections.abc import Awaitable, Callable


class SharedQuestions:
    """By key. Who comes while one is asked waits for its outcome, also for its error.

    A serde belongs to no event loop: what is asked in another one is asked there again.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Future[Exception | None]] = {}

    async def ask(self, key: str, question: Callable[[], Awaitable[None]]) -> None:
        """Raises what the question raises. When whoever asks is cancelled, one of those who wait asks again."""
        mine = (asyncio.get_running_loop(), key)
        while (asked := self._asked.get(mine)) is not None:
            await asyncio.wait([asked])
            if not asked.cancelled():
                if (error := asked.result()) is not None:
                    raise error.with_traceback(None)
                return
        outcome = self._asked[mine] = mine[0].create_future()
        try:
            await question()
            outcome.set_result(None)
        except Exception as error:
            outcome.set_result(error)
            raise
        finally:
            outcome.cancel()  # where nobody will know
            del self._asked[mine]
