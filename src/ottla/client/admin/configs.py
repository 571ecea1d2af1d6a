"""Configs of topics, brokers, groups: describe, change, list what has any."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ottla.client.admin.calls import Calls, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_BROKER, OF_CONTROLLER, by_broker, settle
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import describe_configs as describing
from ottla.wire.messages import incremental_alter_configs as altering
from ottla.wire.messages.list_config_resources import ListConfigResourcesRequest, ListConfigResourcesResponse


class ResourceType(IntEnum):
    """What has configs; the numbers are Kafka's."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class ConfigResource(NamedTuple):
    """One thing that has configs. A broker's name is its node id; an empty one means the default of all brokers."""

    type: ResourceType
    name: str

    def __str__(self) -> str:
        return f"{self.type.name.lower().replace('_', ' ')} {self.name}"


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


class ConfigSynonym(NamedTuple):
    """One of the places that a config's value may come from, the winning one first."""

    name: str
    value: str | None
    source: ConfigSource


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One config."""

    name: str
    value: str | None
    """None when it is sensitive."""
    source: ConfigSource
    is_sensitive: bool
    read_only: bool
    synonyms: tuple[ConfigSynonym, ...] = ()
    documentation: str | None = None


class ConfigOperation(IntEnum):
    """What to do to a config; the numbers are Kafka's. The last two are for lists."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class ConfigChange(NamedTuple):
    """One step; DELETE goes back to the default and takes no value."""

    name: str
    value: str | None = None
    operation: ConfigOperation = ConfigOperation.SET


_OF_ONE_BROKER = (ResourceType.BROKER, ResourceType.BROKER_LOGGER)


class ConfigCalls(Calls):
    """Of the Admin."""

    async def describe_configs(
        self,
        resources: Iterable[ConfigResource],
        *,
        only: Iterable[str] | None = None,
        synonyms: bool = False,
        documentation: bool = False,
    ) -> Results[ConfigResource, dict[str, ConfigEntry]]:
        """All configs of each, or `only` these, by name."""
        keys = None if only is None else list(only)

        async def ask(
            broker: int, left: list[ConfigResource]
        ) -> Mapping[ConfigResource, dict[str, ConfigEntry] | KafkaError]:
            request = describing.DescribeConfigsRequest(
                resources=[
                    describing.DescribeConfigsResource(
                        resource_type=resource.type, resource_name=resource.name, configuration_keys=keys
                    )
                    for resource in left
                ],
                include_synonyms=synonyms,
                include_documentation=documentation,
            )
            response = await self._cluster.ask(broker, request, describing.DescribeConfigsResponse)
            return {_resource(result): _described(result) for result in response.results}

        async def attempt(
            left: list[ConfigResource],
        ) -> Mapping[ConfigResource, dict[str, ConfigEntry] | KafkaError]:
            return await by_broker(left, self._config_broker, ask)

        return await settle(self._cluster, resources, attempt, OF_BROKER)

    async def alter_configs(
        self, changes: Mapping[ConfigResource, Iterable[ConfigChange]], *, validate_only: bool = False
    ) -> Results[ConfigResource, None]:
        """Change some configs of each and leave its others (KIP-339)."""
        steps = {resource: list(each) for resource, each in changes.items()}

        async def ask(broker: int, left: list[ConfigResource]) -> Mapping[ConfigResource, KafkaError | None]:
            request = altering.IncrementalAlterConfigsRequest(
                resources=[_alterable(resource, steps[resource]) for resource in left],
                validate_only=validate_only,
            )
            response = await self._cluster.ask(broker, request, altering.IncrementalAlterConfigsResponse)
            return {_resource(result): _altered(result) for result in response.responses}

        async def attempt(left: list[ConfigResource]) -> Mapping[ConfigResource, KafkaError | None]:
            return await by_broker(left, self._config_broker, ask)

        return await settle(self._cluster, steps, attempt, OF_CONTROLLER | OF_BROKER)

    async def list_config_resources(self, types: Iterable[ResourceType] = ()) -> list[ConfigResource]:
        """What has configs of its own, of these types or of all (KIP-1142). Raises KafkaError."""

        async def attempt() -> list[ConfigResource]:
            request = ListConfigResourcesRequest(resource_types=list(types))
            response = await self._cluster.ask_any(request, ListConfigResourcesResponse)
            if response.error_code != ErrorCode.NONE:
                raise refused("config resources", response.error_code)
            return sorted(
                ConfigResource(ResourceType(each.resource_type), each.resource_name)
                for each in response.config_resources
            )

        return await self._cluster.retrying(attempt)

    async def _config_broker(self, resource: ConfigResource) -> int:
        """Who answers for the resource: a broker for itself, the controller for all else."""
        if resource.type in _OF_ONE_BROKER and resource.name:
            if not resource.name.isdecimal():
                raise KafkaError(ErrorCode.INVALID_REQUEST, f"{resource}: a broker's name is its node id")
            return await self._known_broker(int(resource.name))
        if not self._cluster.metadata.brokers:
            await self._cluster.refresh(())
        metadata = self._cluster.metadata
        return metadata.controller_id if metadata.controller_id in metadata.brokers else min(metadata.brokers)


def _resource(
    result: describing.DescribeConfigsResult | altering.AlterConfigsResourceResponse,
) -> ConfigResource:
    return ConfigResource(ResourceType(result.resource_type), result.resource_name)


def _described(result: describing.DescribeConfigsResult) -> dict[str, ConfigEntry] | KafkaError:
    if result.error_code != ErrorCode.NONE:
        return refused(str(_resource(result)), result.error_code, result.error_message)
    return {config.name: _entry(config) for config in sorted(result.configs, key=lambda each: each.name)}


def _entry(config: describing.DescribeConfigsResourceResult) -> ConfigEntry:
    return ConfigEntry(
        config.name,
        config.value,
        ConfigSource(max(config.config_source, 0)),
        config.is_sensitive,
        config.read_only,
        tuple(ConfigSynonym(each.name, each.value, ConfigSource(each.source)) for each in config.synonyms),
        config.documentation or None,
    )


def _alterable(resource: ConfigResource, steps: list[ConfigChange]) -> altering.AlterConfigsResource:
    return altering.AlterConfigsResource(
        resource_type=resource.type,
        resource_name=resource.name,
        configs=[
            altering.AlterableConfig(name=step.name, config_operation=step.operation, value=step.value)
            for step in steps
        ],
    )


def _altered(result: altering.AlterConfigsResourceResponse) -> KafkaError | None:
    if result.error_code == ErrorCode.NONE:
        return None
    return refused(str(_resource(result)), result.error_code, result.error_message)
