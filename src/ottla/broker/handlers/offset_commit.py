"""OffsetCommit (key 8), versions 2–10: a group writes down how far it has read.

Topics by name up to version 9, by id since 10 (KIP-516). A partition of a topic that does not exist
gets UNKNOWN_TOPIC_OR_PARTITION, an unknown id UNKNOWN_TOPIC_ID; the others are committed all the same.

Deviations: none.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.cluster.cluster import Cluster
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)

TOPIC_IDS_SINCE = 10


async def offset_commit(
    cluster: Cluster, groups: GroupCoordinators, request: OffsetCommitRequest, call: Call
) -> OffsetCommitResponse:
    """One result for each partition."""
    by_id = call.version >= TOPIC_IDS_SINCE
    known, unknown = _sorted_out(cluster.image, request.topics, by_id=by_id)
    request.topics = known
    response = await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.commit_offsets(request, caller, now_ms),
    )
    assert isinstance(response, OffsetCommitResponse)
    response.topics = _merged([*response.topics, *unknown])
    return response


def _sorted_out(
    image: ClusterImage, topics: list[OffsetCommitRequestTopic], *, by_id: bool
) -> tuple[list[OffsetCommitRequestTopic], list[OffsetCommitResponseTopic]]:
    """What the coordinator is to see, with names and ids; and the answers for partitions that do not exist."""
    known, unknown = [], []
    for topic in topics:
        image_topic = image.topic_by_id(topic.topic_id) if by_id else image.topics.get(topic.name)
        count = len(image_topic.partitions) if image_topic else 0
        there = [each for each in topic.partitions if 0 <= each.partition_index < count]
        missing = [each.partition_index for each in topic.partitions if not 0 <= each.partition_index < count]
        if image_topic and there:
            known.append(
                OffsetCommitRequestTopic(name=image_topic.name, topic_id=image_topic.id, partitions=there)
            )
        if missing:
            code = (
                ErrorCode.UNKNOWN_TOPIC_ID
                if by_id and not image_topic
                else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            )
            unknown.append(_missing(topic, missing, code))
    return known, unknown


def _merged(topics: list[OffsetCommitResponseTopic]) -> list[OffsetCommitResponseTopic]:
    """One entry for each topic."""
    merged: dict[tuple[str, bytes], OffsetCommitResponseTopic] = {}
    for topic in topics:
        known = merged.setdefault((topic.name, topic.topic_id), topic)
        if known is not topic:
            known.partitions += topic.partitions
    return list(merged.values())


def _missing(
    topic: OffsetCommitRequestTopic, indexes: list[int], code: ErrorCode
) -> OffsetCommitResponseTopic:
    return OffsetCommitResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        partitions=[
            OffsetCommitResponsePartition(partition_index=index, error_code=code) for index in indexes
        ],
    )
