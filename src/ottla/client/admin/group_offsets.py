"""Offsets that groups have committed: list, set, delete."""

from collections.abc import Iterable, Mapping

from ottla.client.admin.arguments import names
from ottla.client.admin.calls import CoordinatorCalls, by_topic, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_COORDINATOR, by_broker, settle
from ottla.client.brokers.metadata import TopicPartition, checked_partitions
from ottla.client.membership.group_metadata import OffsetAndMetadata, checked_offsets
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import offset_commit as commits
from ottla.wire.messages import offset_delete as deletes
from ottla.wire.messages import offset_fetch as fetches

_LAST_WITH_TOPIC_NAMES = 9
"""Newer OffsetCommit and OffsetFetch speak of topics by id alone."""
_FIRST_WITH_GROUPS = 8
_NO_MEMBER = -1

GroupOffsets = dict[TopicPartition, OffsetAndMetadata]
_Partitions = Iterable[TopicPartition] | None


class GroupOffsetCalls(CoordinatorCalls):
    """Of the Admin."""

    async def list_group_offsets(
        self, groups: str | Iterable[str] | Mapping[str, _Partitions], *, require_stable: bool = False
    ) -> Results[str, GroupOffsets]:
        """What each group has committed, of these partitions or (None) of all; what it has not is left out.

        With `require_stable` offsets of an open transaction are waited for (KIP-447).
        """
        wanted = _wanted(groups)

        async def ask(broker: int, left: list[str]) -> Mapping[str, GroupOffsets | KafkaError]:
            highest = (await self._cluster.versions(broker)).highest("OffsetFetch")
            if highest >= _FIRST_WITH_GROUPS:
                request = fetches.OffsetFetchRequest(
                    groups=[_of_group(group, wanted[group]) for group in left], require_stable=require_stable
                )
                response = await self._cluster.ask(
                    broker, request, fetches.OffsetFetchResponse, _LAST_WITH_TOPIC_NAMES
                )
                return self._noted({group.group_id: _fetched(group) for group in response.groups})
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "the broker is older than Apache Kafka 3.0")

        async def attempt(left: list[str]) -> Mapping[str, GroupOffsets | KafkaError]:
            return await by_broker(left, self._group_coordinator, ask)

        again = OF_COORDINATOR | {ErrorCode.UNSTABLE_OFFSET_COMMIT}
        return await settle(self._cluster, wanted, attempt, again)

    async def alter_group_offsets(
        self, group: str, offsets: Mapping[TopicPartition, int | OffsetAndMetadata]
    ) -> Results[TopicPartition, None]:
        """Set offsets of a group that has no members."""
        told = checked_offsets(offsets)

        async def attempt(left: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            topics = [
                commits.OffsetCommitRequestTopic(
                    name=topic,
                    partitions=[_to_commit(index, told[TopicPartition(topic, index)]) for index in indexes],
                )
                for topic, indexes in by_topic(left).items()
            ]
            request = commits.OffsetCommitRequest(
                group_id=group, generation_id_or_member_epoch=_NO_MEMBER, topics=topics
            )
            coordinator = await self._group_coordinator(group)
            response = await self._cluster.ask(
                coordinator, request, commits.OffsetCommitResponse, _LAST_WITH_TOPIC_NAMES
            )
            return self._settled(group, response.topics)

        return await settle(self._cluster, told, attempt, OF_COORDINATOR)

    async def delete_group_offsets(
        self, group: str, partitions: Iterable[TopicPartition]
    ) -> Results[TopicPartition, None]:
        """Forget offsets of topics that the group does not read now (KIP-496)."""
        wanted = checked_partitions(partitions)

        async def attempt(left: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            topics = [
                deletes.OffsetDeleteRequestTopic(
                    name=topic,
                    partitions=[
                        deletes.OffsetDeleteRequestPartition(partition_index=index) for index in indexes
                    ],
                )
                for topic, indexes in by_topic(left).items()
            ]
            request = deletes.OffsetDeleteRequest(group_id=group, topics=topics)
            coordinator = await self._group_coordinator(group)
            response = await self._cluster.ask(coordinator, request, deletes.OffsetDeleteResponse)
            if response.error_code != ErrorCode.NONE:
                error = refused(f"group {group}", response.error_code)
                self._noted({group: error})
                return dict.fromkeys(left, error)
            return self._settled(group, response.topics)

        return await settle(self._cluster, wanted, attempt, OF_COORDINATOR)

    def _settled(
        self,
        group: str,
        topics: list[commits.OffsetCommitResponseTopic] | list[deletes.OffsetDeleteResponseTopic],
    ) -> dict[TopicPartition, KafkaError | None]:
        answers: dict[TopicPartition, KafkaError | None] = {}
        for topic in topics:
            for partition in topic.partitions:
                item = TopicPartition(topic.name, partition.partition_index)
                is_done = partition.error_code == ErrorCode.NONE
                answers[item] = None if is_done else refused(f"group {group}, {item}", partition.error_code)
        for answer in answers.values():
            self._noted({group: answer})
        return answers


def _wanted(groups: str | Iterable[str] | Mapping[str, _Partitions]) -> dict[str, _Partitions]:
    told = groups if isinstance(groups, Mapping) else {}
    return {
        group: None if (partitions := told.get(group)) is None else checked_partitions(partitions)
        for group in names(groups)
    }


def _of_group(group: str, partitions: _Partitions) -> fetches.OffsetFetchRequestGroup:
    if partitions is None:
        return fetches.OffsetFetchRequestGroup(group_id=group, topics=None)
    topics = [
        fetches.OffsetFetchRequestTopics(name=topic, partition_indexes=indexes)
        for topic, indexes in by_topic(partitions).items()
    ]
    return fetches.OffsetFetchRequestGroup(group_id=group, topics=topics)


def _fetched(group: fetches.OffsetFetchResponseGroup) -> GroupOffsets | KafkaError:
    if group.error_code != ErrorCode.NONE:
        return refused(f"group {group.group_id}", group.error_code)
    offsets: GroupOffsets = {}
    for topic in group.topics:
        for partition in topic.partitions:
            item = TopicPartition(topic.name, partition.partition_index)
            if partition.error_code != ErrorCode.NONE:
                return refused(f"group {group.group_id}, {item}", partition.error_code)
            if partition.committed_offset >= 0:
                offsets[item] = OffsetAndMetadata(
                    partition.committed_offset, partition.committed_leader_epoch, partition.metadata or ""
                )
    return offsets


def _to_commit(index: int, told: OffsetAndMetadata) -> commits.OffsetCommitRequestPartition:
    return commits.OffsetCommitRequestPartition(
        partition_index=index,
        committed_offset=told.offset,
        committed_leader_epoch=told.leader_epoch,
        committed_metadata=told.metadata,
    )
