"""Topics: list, describe, create, delete, more partitions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ottla.client.admin.arguments import names
from ottla.client.admin.calls import Calls, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_CONTROLLER, settle
from ottla.client.brokers.cluster import topic_error
from ottla.client.brokers.metadata import TopicMetadata
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import create_partitions, create_topics, delete_topics
from ottla.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse

DEFAULT = -1
"""Partitions or replicas as the broker's own configs have them (KIP-464)."""
_FIRST_WITH_STATES = 6


@dataclass(frozen=True, slots=True)
class NewTopic:
    """A topic to create."""

    name: str
    partitions: int = DEFAULT
    replication_factor: int = DEFAULT
    configs: Mapping[str, str] = field(default_factory=dict)
    replicas: Sequence[Sequence[int]] | None = None
    """The brokers of each partition, the preferred leader first; then the two numbers are left out."""


@dataclass(frozen=True, slots=True)
class CreatedTopic:
    """What a created topic became."""

    name: str
    topic_id: bytes
    partitions: int
    replication_factor: int


class TopicCalls(Calls):
    """Of the Admin."""

    async def list_topics(self) -> list[TopicMetadata]:
        """Every topic, internal ones too, by name."""
        await self._cluster.refresh(None)
        return sorted(self._cluster.metadata.topics.values(), key=lambda topic: topic.name)

    async def describe_topics(self, topics: str | Iterable[str]) -> Results[str, TopicMetadata]:
        """These topics: ids, partitions, leaders, replicas."""

        async def attempt(wanted: list[str]) -> Mapping[str, TopicMetadata | KafkaError]:
            await self._cluster.refresh(wanted)
            known = self._cluster.metadata.topics
            return {
                name: topic if topic.error == ErrorCode.NONE else topic_error(name, topic.error)
                for name, topic in known.items()
            }

        return await settle(self._cluster, names(topics), attempt, ())

    async def create_topics(
        self, topics: Iterable[NewTopic | str], *, validate_only: bool = False
    ) -> Results[str, CreatedTopic]:
        """Create them, or only check whether they could be."""
        wanted = [NewTopic(topic) if isinstance(topic, str) else topic for topic in topics]
        by_name = {topic.name: topic for topic in wanted}

        async def attempt(left: list[str]) -> Mapping[str, CreatedTopic | KafkaError]:
            request = CreateTopicsRequest(
                topics=[_creatable(by_name[name]) for name in left],
                timeout_ms=self._timeout_ms,
                validate_only=validate_only,
            )
            response = await self._cluster.ask_controller(request, CreateTopicsResponse)
            return {topic.name: _created(topic) for topic in response.topics}

        return await settle(self._cluster, by_name, attempt, OF_CONTROLLER)

    async def create_topic(
        self,
        name: str,
        *,
        partitions: int = DEFAULT,
        replication_factor: int = DEFAULT,
        configs: Mapping[str, str] | None = None,
        validate_only: bool = False,
    ) -> CreatedTopic:
        """Create one topic, or only check whether it could be. Raises KafkaError."""
        topic = NewTopic(name, partitions, replication_factor, configs or {})
        return (await self.create_topics([topic], validate_only=validate_only)).one(name)

    async def delete_topics(self, topics: str | Iterable[str]) -> Results[str, None]:
        """Delete them and everything in them."""

        async def attempt(left: list[str]) -> Mapping[str, KafkaError | None]:
            def request(version: int) -> delete_topics.DeleteTopicsRequest:
                states = [delete_topics.DeleteTopicState(name=name) for name in left]
                return delete_topics.DeleteTopicsRequest(
                    topics=states if version >= _FIRST_WITH_STATES else [],
                    topic_names=left if version < _FIRST_WITH_STATES else [],
                    timeout_ms=self._timeout_ms,
                )

            response = await self._cluster.ask_controller(request, delete_topics.DeleteTopicsResponse)
            return {
                topic.name: _done(topic.name, topic.error_code, topic.error_message)
                for topic in response.responses
                if topic.name is not None
            }

        return await settle(self._cluster, names(topics), attempt, OF_CONTROLLER)

    async def delete_topic(self, name: str) -> None:
        """Delete one topic and everything in it. Raises KafkaError."""
        (await self.delete_topics([name])).one(name)

    async def create_partitions(
        self, totals: Mapping[str, int], *, validate_only: bool = False
    ) -> Results[str, None]:
        """Give topics more partitions, so many in the end."""

        async def attempt(left: list[str]) -> Mapping[str, KafkaError | None]:
            request = create_partitions.CreatePartitionsRequest(
                topics=[
                    create_partitions.CreatePartitionsTopic(name=name, count=totals[name], assignments=None)
                    for name in left
                ],
                timeout_ms=self._timeout_ms,
                validate_only=validate_only,
            )
            response = await self._cluster.ask_controller(request, create_partitions.CreatePartitionsResponse)
            return {
                topic.name: _done(topic.name, topic.error_code, topic.error_message)
                for topic in response.results
            }

        return await settle(self._cluster, totals, attempt, OF_CONTROLLER)


def _creatable(topic: NewTopic) -> CreatableTopic:
    assignments = [
        create_topics.CreatableReplicaAssignment(partition_index=index, broker_ids=list(brokers))
        for index, brokers in enumerate(topic.replicas or ())
    ]
    configs = [
        create_topics.CreatableTopicConfig(name=name, value=value) for name, value in topic.configs.items()
    ]
    return CreatableTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        assignments=assignments,
        configs=configs,
    )


def _created(topic: create_topics.CreatableTopicResult) -> CreatedTopic | KafkaError:
    if topic.error_code != ErrorCode.NONE:
        return refused(f"topic {topic.name}", topic.error_code, topic.error_message)
    return CreatedTopic(topic.name, topic.topic_id, topic.num_partitions, topic.replication_factor)


def _done(name: str, code: int, message: str | None) -> KafkaError | None:
    return None if code == ErrorCode.NONE else refused(f"topic {name}", code, message)
