"""An event loop in a thread, for callers that have none."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for any thread that asks; ends with `stop`, or with the process."""

    def __init__(self, name: str) -> None:
        self._loop = _new_loop()
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def is_own(self) -> bool:
        """Whether this process made it; the child of a fork has the object, but not its thread."""
        return self._pid == os.getpid()

    def run(self, question: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Its result. An exception here, such as KeyboardInterrupt, or TimeoutError after so many seconds, cancels it.

        Raises RuntimeError after a fork, after `stop`, and in the thread itself, which would wait for ever.
        """
        answer = None
        try:
            answer = self.begin(question)
            return answer.result(timeout)
        except BaseException:
            if answer is not None:
                answer.cancel()
            raise

    def begin(self, question: Coroutine[Any, Any, T]) -> "Future[T]":
        """Its result to come; questions begin in the order in which they are asked. Raises as `run`."""
        try:
            self.check_may_wait()
            return asyncio.run_coroutine_threadsafe(question, self._loop)
        except RuntimeError:
            question.close()
            raise

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Have it called in the thread, soon. Raises RuntimeError after a fork and after `stop`."""
        self.check_is_there()
        self._loop.call_soon_threadsafe(function, *args)

    def check_is_there(self) -> None:
        """Raises RuntimeError after a fork and after `stop`."""
        if not self.is_own:
            raise RuntimeError(
                "this client was made before a fork and has no thread in the new process: make clients after the "
                "fork, one for each process"
            )
        if self._loop.is_closed():
            raise RuntimeError("this client is closed")

    def check_may_wait(self) -> None:
        """Raises RuntimeError where nothing of the thread can be waited for, as `run` says."""
        self.check_is_there()
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "a blocking client was called by its own callback and would wait for ever: use the asyncio client "
                "that the callback is given"
            )

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        if self.is_own and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
