"""OffsetFetch (key 9), versions 1–10: how far groups have read.

Several groups since version 8 (KIP-709), topics by id since 10. No list of topics means all that the group has. A
partition without an offset is answered -1 without an error.

Deviations: a member epoch without a member id is an UNKNOWN_MEMBER_ID, not an unknown error.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.cluster.cluster import Cluster
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode
from ottla.groups.offsets.requests import TOPIC_IDS_SINCE, asked_groups, fetch_response
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)


async def offset_fetch(
    cluster: Cluster, groups: GroupCoordinators, request: OffsetFetchRequest, call: Call
) -> OffsetFetchResponse:
    """One answer for each group."""
    answers = [
        await _group(cluster.image, groups, asked, call, require_stable=request.require_stable)
        for asked in asked_groups(request, call.version)
    ]
    return fetch_response(answers, call.version)


async def _group(
    image: ClusterImage,
    groups: GroupCoordinators,
    asked: OffsetFetchRequestGroup,
    call: Call,
    *,
    require_stable: bool,
) -> OffsetFetchResponseGroup:
    unknown = _without_unknown_ids(image, asked) if call.version >= TOPIC_IDS_SINCE else []
    response = await ask(
        groups,
        asked.group_id,
        asked,
        call,
        lambda machine, caller, _: machine.fetch_offsets(asked, caller, require_stable=require_stable),
    )
    assert isinstance(response, OffsetFetchResponseGroup)
    if not response.error_code:
        response.topics += unknown
    return response


def _without_unknown_ids(
    image: ClusterImage, asked: OffsetFetchRequestGroup
) -> list[OffsetFetchResponseTopics]:
    """Put the names beside the ids; take out, and answer, ids that no topic has."""
    unknown = []
    for topic in list(asked.topics or ()):
        found = image.topic_by_id(topic.topic_id)
        if found is not None:
            topic.name = found.name
        elif asked.topics is not None:
            asked.topics.remove(topic)
            unknown.append(_unknown(topic))
    return unknown


def _unknown(topic: OffsetFetchRequestTopics) -> OffsetFetchResponseTopics:
    code = ErrorCode.UNKNOWN_TOPIC_ID
    return OffsetFetchResponseTopics(
        topic_id=topic.topic_id,
        partitions=[
            OffsetFetchResponsePartitions(partition_index=index, committed_offset=-1, error_code=code)
            for index in topic.partition_indexes
        ],
    )
