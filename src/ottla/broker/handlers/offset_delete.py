"""OffsetDelete (key 47), version 0: a group forgets offsets of topics that it does not read (KIP-496).

A partition of a topic that does not exist gets UNKNOWN_TOPIC_OR_PARTITION, one of a topic that the group reads
GROUP_SUBSCRIBED_TO_TOPIC.

Deviations: none.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.cluster.cluster import Cluster
from ottla.core.errors import ErrorCode
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)


async def offset_delete(
    cluster: Cluster, groups: GroupCoordinators, request: OffsetDeleteRequest, call: Call
) -> OffsetDeleteResponse:
    """One result for each partition."""
    unknown: list[OffsetDeleteResponseTopic] = []
    known: list[OffsetDeleteRequestTopic] = []
    for topic in request.topics:
        image = cluster.image.topics.get(topic.name)
        count = len(image.partitions) if image else 0
        there = [each for each in topic.partitions if 0 <= each.partition_index < count]
        missing = [each.partition_index for each in topic.partitions if not 0 <= each.partition_index < count]
        if there:
            known.append(OffsetDeleteRequestTopic(name=topic.name, partitions=there))
        if missing:
            unknown.append(_missing(topic.name, missing))
    request.topics = known
    response = await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, _: machine.delete_offsets(request, caller),
    )
    assert isinstance(response, OffsetDeleteResponse)
    if not response.error_code:
        response.topics += unknown
    return response


def _missing(topic: str, indexes: list[int]) -> OffsetDeleteResponseTopic:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    partitions = [OffsetDeleteResponsePartition(partition_index=index, error_code=code) for index in indexes]
    return OffsetDeleteResponseTopic(name=topic, partitions=partitions)
