"""Fresh metadata in the background: one request at a time, for every topic that was named in the meantime."""

import asyncio
import logging
from collections.abc import Callable, Collection

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.core.errors import KafkaError
from ottla.net.tasks import Tasks

_log = logging.getLogger("ottla.client")

Topics = Callable[[], Collection[str] | None]
"""The topics that a client works with now; None for all, as a pattern of names needs."""


class Refresher:
    """Asked by whoever met a sign of old metadata; calls `refreshed` when the answer is there, or none comes."""

    def __init__(self, cluster: Cluster, refreshed: Callable[[], None], *, create: bool = False) -> None:
        self._cluster = cluster
        self._refreshed = refreshed
        self._create = create
        """Whether a topic that is no more may be made again, where the broker does that."""
        self._topics: set[str] = set()
        self._all_topics = False
        self._tasks = Tasks("metadata")
        self._running: asyncio.Task[None] | None = None
        self.problem = ""
        """Why the last attempt failed; empty after one that did not."""

    def need(self, topic: str) -> None:
        """What is known about `topic` is wrong or missing."""
        self._topics.add(topic)
        self._run()

    def need_all(self) -> None:
        """Which topics there are is to be known, and everything about them."""
        self._all_topics = True
        self._run()

    def keep_fresh(self, topics: Topics) -> None:
        """From now on ask for `topics()` at least every `metadata.max.age.ms`."""
        self._tasks.start(self._keep_fresh(topics), "keep fresh")

    async def close(self) -> None:
        """Give up what is under way."""
        await self._tasks.close()

    async def _keep_fresh(self, topics: Topics) -> None:
        while True:
            await asyncio.sleep(self._cluster.settings.metadata_max_age_ms / 1000)
            wanted = topics()
            if wanted is None:
                self.need_all()
            else:
                self._topics.update(wanted)
                self._run()

    def _run(self) -> None:
        if self._running is None or self._running.done():
            self._running = self._tasks.start(self._refresh(), "refresh")

    async def _refresh(self) -> None:
        while self._topics or self._all_topics:
            wanted = None if self._all_topics else self._topics
            self._topics, self._all_topics = set(), False
            try:
                await self._cluster.refresh(wanted, create=self._create)
                self.problem = ""
            except KafkaError as error:
                if not self.problem:
                    _log.warning("%s; trying again", error)
                self.problem = str(error)
                if not error.retriable:  # ask_any has asked everyone: let them have a rest
                    await asyncio.sleep(backoff_seconds(self._cluster.settings, 1))
        self._refreshed()
