"""A group's offsets: stores them (OffsetCommit) and reads them back (OffsetFetch), at the group's coordinator.

A commit names the generation, or member epoch, under which it is made. When that is over, the coordinator refuses it,
so that a member that has been replaced never moves the group back: such an error is for the application, not retried.
But a member of KIP-848 whose epoch is only behind the broker's for a moment hears of the new one with its next
heartbeat; until then it waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeVar

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.offset_messages import (
    Offsets,
    TopicIds,
    commit_request,
    fetch_request,
    fetched_group,
    fetched_offsets,
    not_committed,
)
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.offset_commit import OffsetCommitResponse
from ottla.wire.messages.offset_fetch import OffsetFetchResponse

Result = TypeVar("Result")

_EPOCH_WAIT_SECONDS = 0.05
_LOOKS_FOR_TOPIC = 3
"""How often metadata may say that there is no such topic or partition, before that is believed: it may be new."""
_NO_TOPIC = {ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID}
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
        """Store these; `member` is asked before each attempt. Raises KafkaError.

        Of topics whose ids are known by now the offsets are for these, and not for others of the same name.
        """
        if not offsets:
            return
        ids = TopicIds(self._cluster.metadata, offsets)
        refusal = await self._in_epoch(lambda node, now: self._commit(node, offsets, ids, now), member)
        if refusal is not None:
            raise refusal

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

    async def _commit(
        self, node: int, offsets: Offsets, ids: TopicIds, member: GroupMetadata
    ) -> KafkaError | None:
        """Returns an error that it is in vain to try again after."""
        request = commit_request(self._group_id, member, offsets, ids)
        response = await self._cluster.ask(node, request, OffsetCommitResponse, ids.max_version)
        for partition, code in not_committed(response, ids).items():
            if code in _NO_TOPIC and await self._is_gone(partition, ids):
                text = f"offset of {partition} in group {self._group_id} was not committed"
                problem = f"topic {partition.topic} has no such partition, or was deleted and made anew"
                return KafkaError(code, f"{text}: {code.name}: {problem}")
            raise _refused(code, partition, self._group_id)
        return None

    async def _is_gone(self, partition: TopicPartition, ids: TopicIds) -> bool:
        """Whether there is none, by several looks: metadata may be behind what was made just now."""
        for attempt in range(_LOOKS_FOR_TOPIC):
            await asyncio.sleep(backoff_seconds(self._cluster.settings, attempt + 1))
            await self._cluster.refresh([partition.topic])
            if self._cluster.metadata.partition(partition) is not None:
                return not ids.agree_with(self._cluster.metadata, partition.topic)
        return True

    async def _committed(
        self, node: int, partitions: Collection[TopicPartition], member: GroupMetadata
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        ids = TopicIds(self._cluster.metadata, partitions)
        request = partial(fetch_request, self._group_id, member, partitions, ids)
        response = await self._cluster.ask(node, request, OffsetFetchResponse, ids.max_version)
        group = fetched_group(response)
        code = ErrorCode(group.error_code)
        if code is not ErrorCode.NONE:
            raise KafkaError(code, f"offsets of group {self._group_id}: {code.name}: {code.message}")
        found: dict[TopicPartition, OffsetAndMetadata | None] = dict.fromkeys(partitions)
        for partition, what in fetched_offsets(group, ids):
            if isinstance(what, ErrorCode):
                if what in _NO_TOPIC:
                    await self._cluster.refresh([partition.topic])  # the next attempt knows its id by then
                raise KafkaError(what, f"offset of {partition}: {what.name}: {what.message}")
            found[partition] = what
        return found


def _refused(code: ErrorCode, partition: TopicPartition, group_id: str) -> KafkaError:
    text = f"offset of {partition} in group {group_id} was not committed: {code.name}: {code.message}"
    if code in _MEMBER_GONE:
        text += " The group has moved on without this member, and another one reads the partition now."
    return KafkaError(code, text)
