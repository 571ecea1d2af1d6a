"""Changes to topics and their configs, and questions about them; one call, one topic."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ottla.client.cluster import Cluster, topic_error
from ottla.client.metadata import TopicMetadata
from ottla.client.settings import ClientSettings
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import create_partitions, create_topics, delete_topics, describe_configs
from ottla.wire.messages import incremental_alter_configs as alter_configs
from ottla.wire.schema import Message

_TOPIC_RESOURCE = 2
_SET, _DELETE = 0, 1
_LAST_DELETE_TOPICS_WITH_NAMES = 5
DEFAULT = -1
"""Partitions or replicas as the broker's own configs have them (KIP-464)."""


class Result(Protocol):
    """What each of these replies says about one topic."""

    error_code: int
    error_message: str | None


Response = TypeVar("Response", bound=Message)
OneResult = TypeVar("OneResult", bound=Result)


@dataclass(frozen=True, slots=True)
class NewTopic:
    """What a created topic became."""

    name: str
    topic_id: bytes
    partitions: int
    replication_factor: int


class ConfigSource(IntEnum):
    """Where a config's value comes from; the first of these that has one wins."""

    UNKNOWN = 0
    TOPIC = 1
    BROKER = 2
    CLUSTER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    BROKER_LOGGER = 6
    CLIENT_METRICS = 7
    GROUP = 8


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One config of a topic."""

    name: str
    value: str | None
    source: ConfigSource
    is_sensitive: bool
    read_only: bool


class Admin:
    """`async with Admin("127.0.0.1:9092") as admin: await admin.create_topic("orders", partitions=3)`."""

    def __init__(
        self, bootstrap_servers: str, settings: ClientSettings | None = None, clock: Clock | None = None
    ) -> None:
        self._settings = settings or ClientSettings()
        self._cluster = Cluster(bootstrap_servers, self._settings, clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._cluster.close()

    async def list_topics(self) -> list[TopicMetadata]:
        """Every topic, internal ones too, by name."""
        await self._cluster.refresh(None)
        return sorted(self._cluster.metadata.topics.values(), key=lambda topic: topic.name)

    async def describe_topics(self, names: Sequence[str]) -> list[TopicMetadata]:
        """These topics. Raises KafkaError for one that does not exist."""
        await self._cluster.refresh(names)
        topics = [self._cluster.metadata.topics[name] for name in names]
        for topic in topics:
            if topic.error != ErrorCode.NONE:
                raise topic_error(topic.name, topic.error)
        return topics

    async def create_topic(
        self,
        name: str,
        *,
        partitions: int = DEFAULT,
        replication_factor: int = DEFAULT,
        configs: Mapping[str, str] | None = None,
        validate_only: bool = False,
    ) -> NewTopic:
        """Create a topic, or only check whether it could be. Raises KafkaError."""
        topic = create_topics.CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=replication_factor,
            configs=[
                create_topics.CreatableTopicConfig(name=config, value=value)
                for config, value in (configs or {}).items()
            ],
        )
        request = create_topics.CreateTopicsRequest(
            topics=[topic], timeout_ms=self._settings.request_timeout_ms, validate_only=validate_only
        )
        created = await self._change(
            name, request, create_topics.CreateTopicsResponse, lambda response: response.topics
        )
        return NewTopic(name, created.topic_id, created.num_partitions, created.replication_factor)

    async def delete_topic(self, name: str) -> None:
        """Delete a topic and everything in it. Raises KafkaError."""
        request = delete_topics.DeleteTopicsRequest(
            topic_names=[name], timeout_ms=self._settings.request_timeout_ms
        )
        await self._change(
            name,
            request,
            delete_topics.DeleteTopicsResponse,
            lambda response: response.responses,
            _LAST_DELETE_TOPICS_WITH_NAMES,
        )

    async def create_partitions(self, name: str, total: int) -> None:
        """Give a topic more partitions, `total` in the end. Raises KafkaError."""
        topic = create_partitions.CreatePartitionsTopic(name=name, count=total, assignments=None)
        request = create_partitions.CreatePartitionsRequest(
            topics=[topic], timeout_ms=self._settings.request_timeout_ms
        )
        await self._change(
            name, request, create_partitions.CreatePartitionsResponse, lambda response: response.results
        )

    async def topic_configs(self, name: str) -> list[ConfigEntry]:
        """All configs of a topic, by name. Raises KafkaError."""
        resource = describe_configs.DescribeConfigsResource(
            resource_type=_TOPIC_RESOURCE, resource_name=name, configuration_keys=None
        )
        request = describe_configs.DescribeConfigsRequest(resources=[resource])
        described = await self._change(
            name, request, describe_configs.DescribeConfigsResponse, lambda response: response.results
        )
        return sorted(map(_entry, described.configs), key=lambda entry: entry.name)

    async def alter_topic_configs(
        self, name: str, *, put: Mapping[str, str] | None = None, delete: Collection[str] = ()
    ) -> None:
        """Set some configs, return others to their defaults, leave the rest. Raises KafkaError."""
        changed = [(config, _SET, value) for config, value in (put or {}).items()]
        returned = [(config, _DELETE, None) for config in delete]
        resource = alter_configs.AlterConfigsResource(
            resource_type=_TOPIC_RESOURCE,
            resource_name=name,
            configs=[
                alter_configs.AlterableConfig(name=config, config_operation=operation, value=value)
                for config, operation, value in [*changed, *returned]
            ],
        )
        request = alter_configs.IncrementalAlterConfigsRequest(resources=[resource])
        await self._change(
            name, request, alter_configs.IncrementalAlterConfigsResponse, lambda response: response.responses
        )

    async def _change(
        self,
        topic: str,
        request: Message,
        response: type[Response],
        results: Callable[[Response], list[OneResult]],
        max_version: int | None = None,
    ) -> OneResult:
        """The controller's word about the one topic; another controller's, if it is one no longer."""

        async def attempt() -> OneResult:
            [result] = results(await self._cluster.ask_controller(request, response, max_version))
            if result.error_code == ErrorCode.NOT_CONTROLLER:
                raise KafkaError(ErrorCode.NOT_CONTROLLER)
            return result

        result = await self._cluster.retrying(attempt)
        if result.error_code != ErrorCode.NONE:
            code = ErrorCode(result.error_code)
            raise KafkaError(code, f"topic {topic}: {result.error_message or code.name}")
        return result


def _entry(config: describe_configs.DescribeConfigsResourceResult) -> ConfigEntry:
    source = ConfigSource(max(config.config_source, 0))
    return ConfigEntry(config.name, config.value, source, config.is_sensitive, config.read_only)
