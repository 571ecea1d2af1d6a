"""Fresh metadata in the background: one request at a time, for every topic that was named in the meantime."""

import asyncio
import logging
from collections.abc import Callable

from ottla.client.cluster import Cluster
from ottla.core.errors import KafkaError
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")


class Refresher:
    """Asked by whoever met a sign of old metadata; calls `refreshed` when the answer is there."""

    def __init__(self, cluster: Cluster, refreshed: Callable[[], None]) -> None:
        self._cluster = cluster
        self._refreshed = refreshed
        self._topics: set[str] = set()
        self._tasks = Tasks("metadata")
        self._running: asyncio.Task[None] | None = None
        self.problem = ""
        """Why the last attempt failed; empty after one that did not."""

    def need(self, topic: str) -> None:
        """What is known about `topic` is wrong or missing."""
        self._topics.add(topic)
        if self._running is None or self._running.done():
            self._running = self._tasks.start(self._refresh(), "refresh")

    async def close(self) -> None:
        """Give up what is under way."""
        await self._tasks.close()

    async def _refresh(self) -> None:
        while self._topics:
            topics, self._topics = self._topics, set()
            try:
                await self._cluster.refresh(topics)
                self.problem = ""
            except KafkaError as error:
                if not self.problem:
                    _log.warning("%s; trying again", error)
                self.problem = str(error)
        self._refreshed()
