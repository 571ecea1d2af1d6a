"""What the blocking clients have in common: an asyncio client each, in one thread that they share."""

import os
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from ottla.client.sync.loop import LoopThread

T = TypeVar("T")
P = ParamSpec("P")


C = TypeVar("C")


class _Shared:
    """The thread of all started clients of this process; there only while there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._users = 0

    def join(self) -> LoopThread:
        """The thread, started for the first one."""
        with self._lock:
            if self._loop is None:
                self._loop, self._users = LoopThread("ottla"), 0
            self._users += 1
            return self._loop

    def leave(self, loop: LoopThread) -> None:
        """The last one stops it."""
        with self._lock:
            if loop is not self._loop:
                return  # joined before a fork
            self._users -= 1
            if not self._users:
                self._loop = None
                loop.stop()

    def forget(self) -> None:
        """In the child of a fork: neither the thread is there nor whoever held the lock."""
        self._lock, self._loop, self._users = threading.Lock(), None, 0


_shared = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.forget)


class SyncClient(Generic[C]):
    """Starts, asks and closes an asyncio client for callers that block. Any thread may use it.

    KeyboardInterrupt, and any other exception in the thread that waits, cancels what it waits for.
    """

    _client: C
    _loop: LoopThread | None = None

    def start(self) -> None:
        """Find a broker. Raises KafkaError when none answers; the client is closed then."""
        if self._loop is None:
            self._loop = _shared.join()
            try:
                self._ask(self._begin())
            except BaseException:
                self._leave()
                raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    async def _begin(self) -> None:
        """What is done first in the event loop."""

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            question.close()
            raise RuntimeError(
                "this client is not started, or closed: use it in a with block, or call start()"
            )
        return self._loop.run(question)

    def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A plain function's result, called in the event loop, where the client's state is at rest."""

        async def call() -> T:
            return function(*args, **kwargs)

        return self._ask(call())

    def _leave(self) -> None:
        if self._loop is not None:
            loop, self._loop = self._loop, None
            _shared.leave(loop)
