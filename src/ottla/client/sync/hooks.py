"""Hooks of a blocking consumer."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from ottla.client.brokers.metadata import TopicPartition

Hook = Callable[[Collection[TopicPartition]], None]
HookT = TypeVar("HookT", bound=Hook)


def in_thread(hook: Hook) -> Callable[[Collection[TopicPartition]], Awaitable[None]]:
    """The hook for the event loop; as it runs in a thread of its own, it may call the consumer."""

    async def call(partitions: Collection[TopicPartition]) -> None:
        await asyncio.to_thread(hook, partitions)

    return call
