"""DescribeConfigs (key 32), versions 1 to 4: every config of topics, of this broker, and of all brokers
(empty name).

Each with its value, whether it is read-only, its source, its synonyms from the most specific on (when
asked), its type and its documentation (3+, when asked). The empty broker name shows only what was set
dynamically for all brokers.

Deviations: only configs that are honoured here are listed for a broker. Broker loggers, client metrics and
groups have no configs yet: INVALID_REQUEST.
"""

from collections.abc import Collection

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.entries import (
    ConfigEntry,
    broker_default_entries,
    broker_entries,
    topic_entries,
)
from ottla.broker.config.resources import known_resource
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.names import check_topic_name
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import Resource, ResourceType
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)


async def describe_configs(
    cluster: Cluster, config: BrokerConfig, request: DescribeConfigsRequest, call: Call
) -> DescribeConfigsResponse:
    """One result for each resource, in the order of the request."""
    results = [_result(cluster.image, config, request, resource) for resource in request.resources]
    return DescribeConfigsResponse(results=results)


def _result(
    image: ClusterImage, config: BrokerConfig, request: DescribeConfigsRequest, asked: DescribeConfigsResource
) -> DescribeConfigsResult:
    result = DescribeConfigsResult(resource_type=asked.resource_type, resource_name=asked.resource_name)
    try:
        resource = known_resource(config, asked.resource_type, asked.resource_name)
        entries = _entries(image, config, resource)
    except KafkaError as error:
        result.error_code, result.error_message = error.code, error.message
        return result
    wanted: Collection[str] = set(asked.configuration_keys or ())
    result.configs = [
        _shown(entry, synonyms=request.include_synonyms, documentation=request.include_documentation)
        for entry in entries
        if not wanted or entry.definition.name in wanted
    ]
    return result


def _entries(image: ClusterImage, config: BrokerConfig, resource: Resource) -> list[ConfigEntry]:
    kind, name = resource
    if kind is ResourceType.BROKER:
        return broker_entries(config) if name else broker_default_entries(config)
    check_topic_name(name)
    if name not in image.topics:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}")
    return topic_entries(config, image.topic_configs(name))


def _shown(entry: ConfigEntry, *, synonyms: bool, documentation: bool) -> DescribeConfigsResourceResult:
    listed = [
        DescribeConfigsSynonym(name=one.name, value=one.value, source=one.source) for one in entry.synonyms
    ]
    return DescribeConfigsResourceResult(
        name=entry.definition.name,
        value=entry.value,
        read_only=entry.read_only,
        config_source=entry.source,
        is_sensitive=entry.definition.sensitive,
        synonyms=listed if synonyms else [],
        config_type=entry.definition.type,
        documentation=entry.definition.documentation if documentation else None,
    )
