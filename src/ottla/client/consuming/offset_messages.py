"""OffsetCommit and OffsetFetch, asked and read: with names, and from version 10 on with the ids of topics.

Names are enough for every version up to 9. Version 10 is asked in when all topics' ids are known: then offsets of a
topic that was deleted are not taken for offsets of the one made anew under its name.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.core.errors import ErrorCode
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)
from ottla.wire.types import ZERO_UUID

Offsets = Mapping[TopicPartition, OffsetAndMetadata]

_LAST_WITH_NAMES = 9
_FIRST_FETCH_WITH_GROUPS = 8
_FIRST_FETCH_OF_STABLE = 7


class TopicIds:
    """Of the topics that one request is about, as far as they are known."""

    def __init__(self, metadata: Metadata, partitions: Collection[TopicPartition]) -> None:
        topics = {partition.topic for partition in partitions}
        known = {name: metadata.topics[name].topic_id for name in topics if name in metadata.topics}
        self._ids = {name: topic_id for name, topic_id in known.items() if topic_id != ZERO_UUID}
        self._names = {topic_id: name for name, topic_id in self._ids.items()}
        self.max_version = None if len(self._ids) == len(topics) else _LAST_WITH_NAMES
        """Of OffsetCommit and OffsetFetch; None for any."""

    def of(self, name: str) -> bytes:
        """All zeros when it is not known."""
        return self._ids.get(name, ZERO_UUID)

    def agree_with(self, metadata: Metadata, name: str) -> bool:
        """Whether the topic is the one that was known, as far as one was."""
        return name not in self._ids or metadata.topics[name].topic_id == self._ids[name]

    def name(self, told: str, topic_id: bytes) -> str:
        """A response has one or the other."""
        return told or self._names.get(topic_id, topic_id.hex())


# Commits


def commit_request(
    group_id: str, member: GroupMetadata, offsets: Offsets, ids: TopicIds
) -> OffsetCommitRequest:
    """For any version that `ids` allow."""
    by_topic: defaultdict[str, list[OffsetCommitRequestPartition]] = defaultdict(list)
    for (topic, number), what in offsets.items():
        entry = OffsetCommitRequestPartition(
            partition_index=number,
            committed_offset=what.offset,
            committed_leader_epoch=what.leader_epoch,
            committed_metadata=what.metadata,
        )
        by_topic[topic].append(entry)
    return OffsetCommitRequest(
        group_id=group_id,
        generation_id_or_member_epoch=member.generation_id,
        member_id=member.member_id,
        group_instance_id=member.group_instance_id,
        topics=[
            OffsetCommitRequestTopic(name=name, topic_id=ids.of(name), partitions=entries)
            for name, entries in by_topic.items()
        ],
    )


def not_committed(response: OffsetCommitResponse, ids: TopicIds) -> dict[TopicPartition, ErrorCode]:
    """Why, of those that were not."""
    return {
        TopicPartition(ids.name(topic.name, topic.topic_id), answer.partition_index): ErrorCode(
            answer.error_code
        )
        for topic in response.topics
        for answer in topic.partitions
        if answer.error_code
    }


# Fetches


def fetch_request(
    group_id: str,
    member: GroupMetadata,
    partitions: Collection[TopicPartition],
    ids: TopicIds,
    version: int,
) -> OffsetFetchRequest:
    """Of offsets that no running transaction is about to replace, where brokers know the difference (KIP-447)."""
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for topic, number in partitions:
        by_topic[topic].append(number)
    if version < _FIRST_FETCH_WITH_GROUPS:
        topics = [
            OffsetFetchRequestTopic(name=name, partition_indexes=found) for name, found in by_topic.items()
        ]
        is_stable = version >= _FIRST_FETCH_OF_STABLE
        return OffsetFetchRequest(group_id=group_id, topics=topics, require_stable=is_stable)
    group = OffsetFetchRequestGroup(
        group_id=group_id,
        member_id=member.member_id or None,
        member_epoch=member.generation_id if member.member_id else -1,
        topics=[
            OffsetFetchRequestTopics(name=name, topic_id=ids.of(name), partition_indexes=numbers)
            for name, numbers in by_topic.items()
        ],
    )
    return OffsetFetchRequest(groups=[group], require_stable=True)


def fetched_group(response: OffsetFetchResponse) -> OffsetFetchResponseGroup:
    """The one group that was asked about; before version 8 an answer was about one."""
    if response.groups:
        return response.groups[0]
    topics = [
        OffsetFetchResponseTopics(
            name=topic.name,
            partitions=[
                OffsetFetchResponsePartitions(
                    partition_index=entry.partition_index,
                    committed_offset=entry.committed_offset,
                    committed_leader_epoch=entry.committed_leader_epoch,
                    metadata=entry.metadata,
                    error_code=entry.error_code,
                )
                for entry in topic.partitions
            ],
        )
        for topic in response.topics
    ]
    return OffsetFetchResponseGroup(topics=topics, error_code=response.error_code)


def fetched_offsets(
    group: OffsetFetchResponseGroup, ids: TopicIds
) -> Iterator[tuple[TopicPartition, OffsetAndMetadata | ErrorCode | None]]:
    """Of each partition what is stored, None for nothing, or why that cannot be told."""
    for topic in group.topics:
        for answer in topic.partitions:
            partition = TopicPartition(ids.name(topic.name, topic.topic_id), answer.partition_index)
            if answer.error_code:
                yield partition, ErrorCode(answer.error_code)
            elif answer.committed_offset < 0:
                yield partition, None
            else:
                epoch, text = answer.committed_leader_epoch, answer.metadata or ""
                yield partition, OffsetAndMetadata(answer.committed_offset, epoch, text)
