"""Hooks of a blocking consumer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.subscription import called_in_hook

Hook = Callable[[Collection[TopicPartition]], None]
HookT = TypeVar("HookT", bound=Hook)


class HookThreads:
    """The threads that one consumer's hooks run in."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    def of(self, hook: Hook) -> Callable[[Collection[TopicPartition]], Awaitable[None]]:
        """The hook for the event loop; as it runs in a thread of its own, it may call the consumer."""

        def run(partitions: Collection[TopicPartition]) -> None:
            self._running.add(threading.get_ident())
            try:
                hook(partitions)
            finally:
                self._running.discard(threading.get_ident())

        async def call(partitions: Collection[TopicPartition]) -> None:
            await asyncio.to_thread(run, partitions)

        return call

    def raise_if_calling(self, what: str) -> None:
        """Raises KafkaError in a hook: `what` waits for the hook, which would wait for that."""
        if threading.get_ident() in self._running:
            raise called_in_hook(what)
