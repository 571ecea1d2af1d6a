"""CreatePartitions (key 37), versions 0 to 3: topics grow to a count, each with its own result.

`timeout_ms` of 0 or less is answered with REQUEST_TIMED_OUT, as in Apache Kafka, and changes nothing.

Deviations: more than 10,000 new partitions in one request are a POLICY_VIOLATION, as in CreateTopics, where
Apache Kafka 4.2 fails with UNKNOWN_SERVER_ERROR.
"""

from ottla.broker.call import Call
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.create_partitions import Growth
from ottla.cluster.controller.create_partitions import create_partitions as decide
from ottla.cluster.controller.decision import Decision
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode
from ottla.wire.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopicResult,
)


async def create_partitions(
    cluster: Cluster, request: CreatePartitionsRequest, call: Call
) -> CreatePartitionsResponse:
    """One result for each topic."""

    def decision(image: ClusterImage) -> Decision[list[Growth]]:
        decided = decide(image, request.topics)
        return Decision((), decided.outcome) if request.validate_only else decided

    if request.timeout_ms <= 0:
        late = ErrorCode.REQUEST_TIMED_OUT
        names = {topic.name for topic in request.topics}
        return CreatePartitionsResponse(
            results=[CreatePartitionsTopicResult(name=name, error_code=late) for name in names]
        )
    growths = await cluster.change(decision)
    return CreatePartitionsResponse(
        results=[
            CreatePartitionsTopicResult(name=name, error_code=verdict.code, error_message=verdict.message)
            for name, verdict in growths
        ]
    )
