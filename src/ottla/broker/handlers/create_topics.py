"""CreateTopics (key 19), versions 2 to 7: new topics, each with its own result.

-1 partitions or replicas stand for the broker's defaults. The reply tells partitions, replicas and all
configs (5+) and the topic's id (7+). When the reply leaves, the topics are durable and can be written to;
`timeout_ms` is looked at only where it is 0 or less, which Apache Kafka answers with REQUEST_TIMED_OUT
without creating anything.

Deviations: none. As in Apache Kafka, two new names of one request may differ in `.` and `_` only.
"""

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definitions import TOPIC
from ottla.broker.config.topic_config import effective
from ottla.broker.config.types import to_text
from ottla.broker.topic_creation import make_topics
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.create_topics import Creation
from ottla.core.errors import ErrorCode
from ottla.wire.messages.create_topics import (
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)


async def create_topics(
    cluster: Cluster, config: BrokerConfig, request: CreateTopicsRequest, call: Call
) -> CreateTopicsResponse:
    """One result for each name."""
    if request.timeout_ms <= 0:
        return CreateTopicsResponse(
            topics=[_timed_out(name) for name in {one.name for one in request.topics}]
        )
    creations = await make_topics(cluster, config, request.topics, validate_only=request.validate_only)
    return CreateTopicsResponse(topics=[_result(config, creation) for creation in creations])


def _result(config: BrokerConfig, creation: Creation) -> CreatableTopicResult:
    topic = creation.topic
    if topic is None:
        code, message = creation.verdict.code, creation.verdict.message
        return CreatableTopicResult(name=creation.name, error_code=code, error_message=message)
    return CreatableTopicResult(
        name=topic.name,
        topic_id=topic.id,
        error_message=None,
        num_partitions=len(topic.partitions),
        replication_factor=len(topic.partitions[0].replicas),
        configs=_configs(config, creation),
    )


def _configs(config: BrokerConfig, creation: Creation) -> list[CreatableTopicConfigs]:
    configs = []
    for name, definition in TOPIC.items():
        if not definition.internal:
            value, source = effective(config, creation.configs or {}, name)
            configs.append(CreatableTopicConfigs(name=name, value=to_text(value), config_source=source))
    return configs


def _timed_out(name: str) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=ErrorCode.REQUEST_TIMED_OUT, error_message=None)
