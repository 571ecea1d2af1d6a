"""DeleteTopics (key 20), versions 1 to 6: by name, or by id (6+).

A topic named twice, also once by name and once by id, is not deleted. `timeout_ms` of 0 or less is answered
with REQUEST_TIMED_OUT, as in Apache Kafka, and deletes nothing.

Deviations: none.
"""

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.decision import Verdict
from ottla.cluster.controller.delete_topics import delete_topics as decide
from ottla.core.errors import ErrorCode
from ottla.wire.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)


async def delete_topics(
    cluster: Cluster, config: BrokerConfig, request: DeleteTopicsRequest, call: Call
) -> DeleteTopicsResponse:
    """One result for each topic asked for."""
    topics = request.topics or [DeleteTopicState(name=name) for name in request.topic_names]
    refusal = _refusal(config, request, call.version)
    if refusal is not None:
        return DeleteTopicsResponse(responses=[_result(topic, refusal) for topic in topics])
    deletions = await cluster.change(lambda image: decide(image, topics))
    return DeleteTopicsResponse(responses=[_result(topic, verdict) for topic, verdict in deletions])


def _refusal(config: BrokerConfig, request: DeleteTopicsRequest, version: int) -> Verdict | None:
    if not config.boolean("delete.topic.enable"):
        code = ErrorCode.INVALID_REQUEST if version < 3 else ErrorCode.TOPIC_DELETION_DISABLED
        return Verdict(code, "topics cannot be deleted here: delete.topic.enable is false")
    return Verdict(ErrorCode.REQUEST_TIMED_OUT) if request.timeout_ms <= 0 else None


def _result(topic: DeleteTopicState, verdict: Verdict) -> DeletableTopicResult:
    return DeletableTopicResult(
        name=topic.name, topic_id=topic.topic_id, error_code=verdict.code, error_message=verdict.message
    )
