"""OffsetCommit, OffsetFetch and OffsetDelete, once it is clear that the caller may.

The handler has put the topic's name beside its id (from version 10 requests carry only ids) and has taken
out topics that do not exist.
"""

from collections.abc import Callable, Iterable

from ottla.core.errors import ErrorCode
from ottla.groups.offsets.store import OffsetStore
from ottla.groups.records.codec import GroupRecord
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.groups.topics import Topics
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from ottla.wire.types import ZERO_UUID

TOPIC_IDS_SINCE = 10
GROUPS_SINCE = 8


def commit(
    request: OffsetCommitRequest, now_ms: int, metadata_max_bytes: int
) -> tuple[list[GroupRecord], OffsetCommitResponse]:
    """What is to be written down, and the answer for when it is. Metadata that is too long costs its partition."""
    records: list[GroupRecord] = []
    response = OffsetCommitResponse()
    for topic in request.topics:
        entry = OffsetCommitResponseTopic(name=topic.name, topic_id=topic.topic_id)
        for partition in topic.partitions:
            too_long = len(partition.committed_metadata or "") > metadata_max_bytes
            code = ErrorCode.OFFSET_METADATA_TOO_LARGE if too_long else ErrorCode.NONE
            if not too_long:
                records.append(_commit_record(request, topic, partition, now_ms))
            entry.partitions.append(
                OffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=code)
            )
        response.topics.append(entry)
    return records, response


def _commit_record(
    request: OffsetCommitRequest,
    topic: OffsetCommitRequestTopic,
    partition: OffsetCommitRequestPartition,
    now_ms: int,
) -> GroupRecord:
    retention_ms = request.retention_time_ms
    return GroupRecord(
        OffsetCommitKey(group=request.group_id, topic=topic.name, partition=partition.partition_index),
        OffsetCommitValue(
            offset=partition.committed_offset,
            leader_epoch=partition.committed_leader_epoch,
            metadata=partition.committed_metadata or "",
            commit_timestamp=now_ms,
            expire_timestamp=now_ms + retention_ms if retention_ms != -1 else -1,
            topic_id=topic.topic_id,
        ),
    )


# OffsetFetch: one group at a time, in the shape of version 8 and later


def fetch(
    store: OffsetStore,
    topics: Topics,
    request: OffsetFetchRequestGroup,
    *,
    version: int,
    require_stable: bool,
) -> OffsetFetchResponseGroup:
    """What the group has committed. A partition without an offset is answered with -1, and no error."""
    wanted = request.topics
    if wanted is None:
        wanted = list(_everything(store, topics, request.group_id, version))
    return OffsetFetchResponseGroup(
        group_id=request.group_id,
        topics=[
            OffsetFetchResponseTopics(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    _fetched(store, request.group_id, topic.name, index, require_stable=require_stable)
                    for index in topic.partition_indexes
                ],
            )
            for topic in wanted
        ],
    )


def _everything(
    store: OffsetStore, topics: Topics, group_id: str, version: int
) -> Iterable[OffsetFetchRequestTopics]:
    """All topics of the group; from version 10 those that exist, as there is no other way to name the others."""
    for name in store.topics(group_id):
        known = topics.by_name.get(name)
        topic_id = known.topic_id if known is not None else ZERO_UUID
        if known is not None or version < TOPIC_IDS_SINCE:
            yield OffsetFetchRequestTopics(
                name=name, topic_id=topic_id, partition_indexes=store.partitions(group_id, name)
            )


def _fetched(
    store: OffsetStore, group_id: str, topic: str, index: int, *, require_stable: bool
) -> OffsetFetchResponsePartitions:
    if require_stable and store.is_pending(group_id, topic, index):
        return OffsetFetchResponsePartitions(
            partition_index=index, committed_offset=-1, error_code=ErrorCode.UNSTABLE_OFFSET_COMMIT
        )
    value = store.get(group_id, topic, index)
    if value is None:
        return OffsetFetchResponsePartitions(partition_index=index, committed_offset=-1)
    return OffsetFetchResponsePartitions(
        partition_index=index,
        committed_offset=value.offset,
        committed_leader_epoch=value.leader_epoch,
        metadata=value.metadata,
    )


def asked_groups(request: OffsetFetchRequest, version: int) -> list[OffsetFetchRequestGroup]:
    """The groups of a request; versions before 8 ask for one, without saying «group»."""
    if version >= GROUPS_SINCE:
        return request.groups
    topics = None
    if request.topics is not None:
        topics = [
            OffsetFetchRequestTopics(name=topic.name, partition_indexes=topic.partition_indexes)
            for topic in request.topics
        ]
    return [OffsetFetchRequestGroup(group_id=request.group_id, topics=topics)]


def fetch_response(groups: list[OffsetFetchResponseGroup], version: int) -> OffsetFetchResponse:
    """The groups' answers as one response of this version. Version 1 has no place for an error but partitions."""
    if version >= GROUPS_SINCE:
        return OffsetFetchResponse(groups=groups)
    (group,) = groups
    return OffsetFetchResponse(
        error_code=group.error_code,
        topics=[
            OffsetFetchResponseTopic(name=topic.name, partitions=[_old(entry) for entry in topic.partitions])
            for topic in group.topics
        ],
    )


def _old(partition: OffsetFetchResponsePartitions) -> OffsetFetchResponsePartition:
    return OffsetFetchResponsePartition(
        partition_index=partition.partition_index,
        committed_offset=partition.committed_offset,
        committed_leader_epoch=partition.committed_leader_epoch,
        metadata=partition.metadata,
        error_code=partition.error_code,
    )


# OffsetDelete


def delete(
    store: OffsetStore, request: OffsetDeleteRequest, is_subscribed_to: Callable[[str], bool]
) -> tuple[list[GroupRecord], OffsetDeleteResponse]:
    """Tombstones and the answer. Offsets of topics that the group reads stay; one that is not there counts as gone.

    What an open transaction wants to commit goes too.
    """
    records: list[GroupRecord] = []
    response = OffsetDeleteResponse()
    for topic in request.topics:
        in_use = is_subscribed_to(topic.name)
        code = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if in_use else ErrorCode.NONE
        indexes = [partition.partition_index for partition in topic.partitions]
        entries = [OffsetDeleteResponsePartition(partition_index=i, error_code=code) for i in indexes]
        response.topics.append(OffsetDeleteResponseTopic(name=topic.name, partitions=entries))
        if not in_use:
            found = [i for i in indexes if store.has(request.group_id, topic.name, i)]
            records += [tombstone(request.group_id, topic.name, index) for index in found]
    return records, response


def tombstone(group_id: str, topic: str, partition: int) -> GroupRecord:
    """The end of one offset."""
    return GroupRecord(OffsetCommitKey(group=group_id, topic=topic, partition=partition), None)
