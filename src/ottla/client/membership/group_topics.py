"""What a membership has to know about topics: how many partitions they have, or which names belong to their ids."""

import asyncio
import logging
from collections.abc import Callable, Collection

from ottla.client.brokers.cluster import Cluster
from ottla.client.membership.classic import ClassicMembership
from ottla.client.membership.consumer import ConsumerMembership
from ottla.client.membership.machine import Membership
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse

_log = logging.getLogger("ottla.client")


class GroupTopics:
    """Asks for it in the background and tells the machine; `wake` is called then.

    The leader of a classic group goes on looking for topics that other members want and that do not exist yet.
    """

    def __init__(self, cluster: Cluster, machine: Membership, tasks: Tasks, wake: Callable[[], None]) -> None:
        self._cluster = cluster
        self._machine = machine
        self._tasks = tasks
        self._wake = wake
        self._asking: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def of_group(self) -> frozenset[str]:
        """Topics whose metadata the leader of a classic group keeps fresh, beside its own."""
        machine = self._machine
        return machine.topics_to_count if isinstance(machine, ClassicMembership) else frozenset()

    def changed(self) -> None:
        """Metadata has been refreshed: the leader of a classic group compares partition counts."""
        machine = self._machine
        if isinstance(machine, ClassicMembership) and machine.change is None and not machine.waits_for_counts:
            machine.counted(self._counts(machine.topics_to_count))
            self._wake()

    def see_to(self) -> None:
        """Ask for what the machine needs to know by now."""
        machine = self._machine
        if isinstance(machine, ClassicMembership):
            if machine.waits_for_counts and _is_over(self._asking):
                self._asking = self._tasks.start(self._count(machine), "count partitions")
            elif not machine.waits_for_counts and self._uncounted() and _is_over(self._looking):
                self._looking = self._tasks.start(self._look_again(), "look for topics")
        elif isinstance(machine, ConsumerMembership) and machine.topic_ids_to_name and _is_over(self._asking):
            self._asking = self._tasks.start(self._name(machine), "name topics")

    # Counts

    async def _count(self, machine: ClassicMembership) -> None:
        try:
            await self._cluster.retrying(lambda: self._cluster.refresh(machine.topics_to_count))
        except KafkaError as error:
            _log.warning("group %s: topics cannot be counted: %s", machine.config.group_id, error)
        self._asking = None
        machine.counted(self._counts(machine.topics_to_count))
        self._wake()

    def _counts(self, topics: Collection[str]) -> dict[str, int]:
        known = self._cluster.metadata.topics
        return {
            topic: len(known[topic].partitions)
            for topic in topics
            if topic in known and known[topic].error is ErrorCode.NONE
        }

    def _uncounted(self) -> frozenset[str]:
        """Those of the other members; its own are looked for by its subscription."""
        topics = self.of_group - self._machine.wanted.topics
        return topics - self._counts(topics).keys()

    async def _look_again(self) -> None:
        await asyncio.sleep(self._cluster.settings.retry_backoff_max_ms / 1000)
        try:
            await self._cluster.refresh(self._uncounted())
        except KafkaError as error:
            _log.info("group %s: topics cannot be looked for: %s", self._machine.config.group_id, error)
        self._looking = None
        self.changed()
        self._wake()

    # Names

    async def _name(self, machine: ConsumerMembership) -> None:
        wanted = machine.topic_ids_to_name
        known = self._cluster.metadata.topic_names
        found = {topic_id: known[topic_id] for topic_id in wanted if topic_id in known}
        if len(found) < len(wanted):
            found |= await self._asked_names(wanted)
        self._asking = None
        machine.named(found)
        if machine.topic_ids_to_name:  # being created, or deleted
            await asyncio.sleep(self._cluster.settings.retry_backoff_max_ms / 1000)
        self._wake()

    async def _asked_names(self, topic_ids: Collection[bytes]) -> dict[bytes, str]:
        topics = [MetadataRequestTopic(topic_id=topic_id, name=None) for topic_id in topic_ids]
        try:
            response = await self._cluster.ask_any(MetadataRequest(topics=topics), MetadataResponse)
        except KafkaError as error:
            _log.info("topics cannot be named: %s", error)
            return {}
        return {
            topic.topic_id: topic.name for topic in response.topics if topic.name and not topic.error_code
        }


def _is_over(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()
