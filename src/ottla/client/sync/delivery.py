"""What becomes of a record that a blocking producer sent, for any thread that asks.

Rules. A record is given to the producer or refused, once, and what is settled never changes: so any thread may read
that. Everything else is asked of the event loop's thread, and nobody does so while there is no need.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ottla.client.producing.delivery import Delivery as AsyncDelivery
from ottla.client.producing.delivery import RecordMetadata

if TYPE_CHECKING:
    from ottla.client.sync.inbox import Inbox


class Delivery:
    """One record on its way: `.result()` waits for its RecordMetadata, or raises its error.

    A thread that gives up waiting does not take the record back: it may be delivered all the same.
    """

    __slots__ = ("_callbacks", "_error", "_given", "_inbox")

    def __init__(self, inbox: "Inbox") -> None:
        self._inbox = inbox
        self._given: AsyncDelivery | None = None
        self._error: Exception | None = None
        """Why the producer was not given the record."""
        self._callbacks: tuple[Callable[[Delivery], object], ...] = ()
        """Of before it was given to the producer."""

    def done(self) -> bool:
        """Whether it is delivered, or known not to be."""
        return self._error is not None or (self._given is not None and self._given.done())

    def result(self, timeout: float | None = None) -> RecordMetadata:
        """Where the record is, waited for. Raises its error, or TimeoutError after so many seconds."""
        self._wait(timeout)
        if self._given is None:
            assert self._error is not None
            raise self._error.with_traceback(None)
        return self._given.result()

    def exception(self, timeout: float | None = None) -> Exception | None:
        """Why it was not delivered, None when it was; waited for as by `result`."""
        self._wait(timeout)
        return self._error if self._given is None else self._given.exception()

    def add_done_callback(self, callback: "Callable[[Delivery], object]") -> None:
        """`callback(delivery)` is called once it is done, by the thread of the event loop: it must not block."""
        self._inbox.loop.call(self._add_callback, callback)

    def _wait(self, timeout: float | None) -> None:
        if not self.done():
            self._inbox.loop.run(self._settled(), timeout)

    def __repr__(self) -> str:
        if self._error is not None:
            return f"<Delivery: {self._error}>"
        return "<Delivery: under way>" if self._given is None else repr(self._given)

    # In the event loop's thread.

    def given(self, delivery: AsyncDelivery) -> None:
        """The producer has the record."""
        self._given = delivery
        for callback in self._callbacks:
            self._call(callback, delivery)

    def refused(self, error: Exception) -> None:
        """The producer does not get the record."""
        self._error = error
        for callback in self._callbacks:
            asyncio.get_running_loop().call_soon(callback, self)

    @property
    def has_callbacks(self) -> bool:
        """Whether anybody will hear of a failure."""
        return bool(self._callbacks)

    async def _settled(self) -> None:
        if self._given is None and self._error is None:
            await self._inbox.handed_over()
        while self._given is not None and not self._given.done():
            await self._given.outcome.wait()

    def _add_callback(self, callback: "Callable[[Delivery], object]") -> None:
        if self._given is not None:
            self._call(callback, self._given)
        elif self._error is not None:
            asyncio.get_running_loop().call_soon(callback, self)
        else:
            self._callbacks = (*self._callbacks, callback)

    def _call(self, callback: "Callable[[Delivery], object]", delivery: AsyncDelivery) -> None:
        delivery.add_done_callback(lambda _: callback(self))
