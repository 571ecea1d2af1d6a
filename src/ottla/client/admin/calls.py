"""What the admin's calls have in common."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import CoordinatorError, ErrorCode, KafkaError, error_of

Value = TypeVar("Value")


class Calls:
    """Questions and changes that go through one cluster."""

    @property
    def _cluster(self) -> Cluster:
        raise NotImplementedError

    @property
    def _timeout_ms(self) -> int:
        """How long the broker may take over a change."""
        return self._cluster.settings.request_timeout_ms

    async def _known_broker(self, node_id: int) -> int:
        """The same. Raises KafkaError when there is no such broker."""
        if not self._cluster.metadata.brokers:
            await self._cluster.refresh(())
        if node_id not in self._cluster.metadata.brokers:
            known = ", ".join(map(str, sorted(self._cluster.metadata.brokers)))
            problem = f"there is no broker {node_id}; there are: {known}"
            raise KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED, problem)
        return node_id

    async def _leader(self, partition: TopicPartition) -> int:
        """The node id of the partition's leader. Raises KafkaError."""
        topic = self._cluster.metadata.topics.get(partition.topic)
        if topic is None or topic.error != ErrorCode.NONE:
            code = topic.error if topic is not None else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            raise KafkaError(code, f"topic {partition.topic}: {code.name}")
        if partition.partition not in topic.partitions:
            problem = f"topic {partition.topic} has no partition {partition.partition}"
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, problem)
        leader = self._cluster.metadata.leader(partition)
        if leader is None:
            raise KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, f"{partition} has no leader")
        return leader


class CoordinatorCalls(Calls):
    """About what one broker each coordinates: groups, transactional ids."""

    async def _group_coordinator(self, group: str) -> int:
        """The node id of the group's coordinator. Raises KafkaError."""
        return await self._cluster.coordinator(group, CoordinatorType.GROUP)

    async def _transaction_coordinator(self, transactional_id: str) -> int:
        """The node id of the transactional id's coordinator. Raises KafkaError."""
        return await self._cluster.coordinator(transactional_id, CoordinatorType.TRANSACTION)

    def _noted(
        self, answers: Mapping[str, Value | KafkaError], key_type: CoordinatorType = CoordinatorType.GROUP
    ) -> Mapping[str, Value | KafkaError]:
        """The answers, after forgetting the coordinators that said that they are none."""
        for key, answer in answers.items():
            if isinstance(answer, CoordinatorError):
                self._cluster.forget_coordinator(key, key_type)
        return answers


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    """As requests want it."""
    topics: dict[str, list[int]] = {}
    for topic, partition in partitions:
        topics.setdefault(topic, []).append(partition)
    return topics


def topics_of(partitions: Iterable[TopicPartition]) -> list[str]:
    """Their topics' names, each once."""
    return list(dict.fromkeys(partition.topic for partition in partitions))


def refused(what: str, code: int, message: str | None = None) -> KafkaError:
    """The error of one thing, which the text names."""
    told = message or ErrorCode(code).name
    is_named = repr(what.partition(" ")[2]) in told  # brokers quote the name, where they name it
    return error_of(code, told if is_named else f"{what}: {told}")
