"""A group's offsets: stores them (OffsetCommit) and reads them back (OffsetFetch), at the group's coordinator.

A commit names the generation, or member epoch, under which it is made. When that is over, the coordinator refuses it,
so that a member that has been replaced never moves the group back: such an error is for the application, not retried.
But a member of KIP-848 whose epoch is only behind the broker's for a moment hears of the new one with its next
heartbeat; until then it waits.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import TypeVar

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError
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

Offsets = Mapping[TopicPartition, OffsetAndMetadata]
Result = TypeVar("Result")

_LAST_COMMIT_WITH_NAMES = 9
_LAST_FETCH_WITH_NAMES = 9
_FIRST_FETCH_WITH_GROUPS = 8
_FIRST_FETCH_OF_STABLE = 7
_EPOCH_WAIT_SECONDS = 0.05
_ELSEWHERE = {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NETWORK_EXCEPTION}
_MEMBER_GONE = {
    ErrorCode.UNKNOWN_MEMBER_ID,
    ErrorCode.ILLEGAL_GENERATION,
    ErrorCode.STALE_MEMBER_EPOCH,
    ErrorCode.FENCED_INSTANCE_ID,
    ErrorCode.FENCED_MEMBER_EPOCH,
}


class Commits:
    """Of one group."""

    def __init__(self, cluster: Cluster, group_id: str) -> None:
        self._cluster = cluster
        self._group_id = group_id

    async def commit(self, offsets: Offsets, member: Callable[[], GroupMetadata]) -> None:
        """Store these; `member` is asked before each attempt. Raises KafkaError."""
        if offsets:
            await self._in_epoch(lambda node, now: self._commit(node, offsets, now), member)

    async def committed(
        self, partitions: Collection[TopicPartition], member: Callable[[], GroupMetadata]
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """What is stored; None for a partition that nothing is stored for. Raises KafkaError.

        An offset that a running transaction is about to replace is waited for (KIP-447).
        """
        if not partitions:
            return {}
        return await self._in_epoch(lambda node, now: self._committed(node, partitions, now), member)

    async def _in_epoch(
        self, attempt: Callable[[int, GroupMetadata], Awaitable[Result]], member: Callable[[], GroupMetadata]
    ) -> Result:
        """`attempt` as the member that this is by then; again when its epoch has moved on since."""
        clock = self._cluster.clock
        give_up_at = clock.monotonic() + self._cluster.settings.default_api_timeout_ms / 1000
        while True:
            asking = member()
            try:
                return await self._at_coordinator(lambda node: attempt(node, member()))
            except KafkaError as error:
                now = member()
                is_member = now.member_id == asking.member_id and now.generation_id > 0
                if (
                    error.code is not ErrorCode.STALE_MEMBER_EPOCH
                    or not is_member
                    or clock.monotonic() > give_up_at
                ):
                    raise
                await asyncio.sleep(_EPOCH_WAIT_SECONDS)

    async def _at_coordinator(self, attempt: Callable[[int], Awaitable[Result]]) -> Result:
        async def once() -> Result:
            node = await self._cluster.coordinator(self._group_id, CoordinatorType.GROUP)
            try:
                return await attempt(node)
            except KafkaError as error:
                if error.code in _ELSEWHERE:
                    self._cluster.forget_coordinator(self._group_id, CoordinatorType.GROUP)
                raise

        return await self._cluster.retrying(once)

    async def _commit(self, node: int, offsets: Offsets, member: GroupMetadata) -> None:
        request = OffsetCommitRequest(
            group_id=self._group_id,
            generation_id_or_member_epoch=member.generation_id,
            member_id=member.member_id,
            group_instance_id=member.group_instance_id,
            topics=[
                OffsetCommitRequestTopic(name=name, partitions=entries)
                for name, entries in _entries(offsets).items()
            ],
        )
        response = await self._cluster.ask(node, request, OffsetCommitResponse, _LAST_COMMIT_WITH_NAMES)
        for topic in response.topics:
            for answer in topic.partitions:
                code = ErrorCode(answer.error_code)
                if code is not ErrorCode.NONE:
                    raise _refused(code, TopicPartition(topic.name, answer.partition_index), self._group_id)

    async def _committed(
        self, node: int, partitions: Collection[TopicPartition], member: GroupMetadata
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        response = await self._cluster.ask(
            node,
            partial(self._fetch_request, partitions, member),
            OffsetFetchResponse,
            _LAST_FETCH_WITH_NAMES,
        )
        group = response.groups[0] if response.groups else _one_group(response)
        code = ErrorCode(group.error_code)
        if code is not ErrorCode.NONE:
            raise KafkaError(code, f"offsets of group {self._group_id}: {code.name}: {code.message}")
        found: dict[TopicPartition, OffsetAndMetadata | None] = dict.fromkeys(partitions)
        for topic in group.topics:
            for answer in topic.partitions:
                partition, code = (
                    TopicPartition(topic.name, answer.partition_index),
                    ErrorCode(answer.error_code),
                )
                if code is not ErrorCode.NONE:
                    raise KafkaError(code, f"offset of {partition}: {code.name}: {code.message}")
                if answer.committed_offset >= 0:
                    epoch, text = answer.committed_leader_epoch, answer.metadata or ""
                    found[partition] = OffsetAndMetadata(answer.committed_offset, epoch, text)
        return found

    def _fetch_request(
        self, partitions: Collection[TopicPartition], member: GroupMetadata, version: int
    ) -> OffsetFetchRequest:
        by_topic: defaultdict[str, list[int]] = defaultdict(list)
        for topic, number in partitions:
            by_topic[topic].append(number)
        if version < _FIRST_FETCH_WITH_GROUPS:
            topics = [
                OffsetFetchRequestTopic(name=name, partition_indexes=found)
                for name, found in by_topic.items()
            ]
            return OffsetFetchRequest(
                group_id=self._group_id, topics=topics, require_stable=version >= _FIRST_FETCH_OF_STABLE
            )
        group = OffsetFetchRequestGroup(
            group_id=self._group_id,
            member_id=member.member_id or None,
            member_epoch=member.generation_id if member.member_id else -1,
            topics=[
                OffsetFetchRequestTopics(name=name, partition_indexes=numbers)
                for name, numbers in by_topic.items()
            ],
        )
        return OffsetFetchRequest(groups=[group], require_stable=True)


def _entries(offsets: Offsets) -> dict[str, list[OffsetCommitRequestPartition]]:
    by_topic: defaultdict[str, list[OffsetCommitRequestPartition]] = defaultdict(list)
    for (topic, number), what in offsets.items():
        entry = OffsetCommitRequestPartition(
            partition_index=number,
            committed_offset=what.offset,
            committed_leader_epoch=what.leader_epoch,
            committed_metadata=what.metadata,
        )
        by_topic[topic].append(entry)
    return by_topic


def _refused(code: ErrorCode, partition: TopicPartition, group_id: str) -> KafkaError:
    text = f"offset of {partition} in group {group_id} was not committed: {code.name}: {code.message}"
    if code in _MEMBER_GONE:
        text += " The group has moved on without this member, and another one reads the partition now."
    return KafkaError(code, text)


def _one_group(response: OffsetFetchResponse) -> OffsetFetchResponseGroup:
    """An answer of before version 8, when there was one group to an answer."""
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
