"""Questions about groups, and changes to their offsets, asked of each group's coordinator."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import TracebackType
from typing import Self, TypeVar

from ottla.client.cluster import Cluster
from ottla.client.group_descriptions import (
    GroupDescription,
    ListedGroup,
    from_classic_group,
    from_consumer_group,
    topics_of,
)
from ottla.client.metadata import TopicPartition
from ottla.client.offsets import EARLIEST, LATEST, list_offsets
from ottla.client.settings import ClientSettings
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import consumer_group_describe as describe_consumer
from ottla.wire.messages import delete_groups, describe_groups, find_coordinator, list_groups
from ottla.wire.messages import offset_commit as commits
from ottla.wire.messages import offset_fetch as fetches

_GROUP = 0
_NO_MEMBER = -1
_LAST_WITH_TOPIC_NAMES = 9
"""Newer OffsetCommit and OffsetFetch speak of topics by id alone."""

Result = TypeVar("Result")


class GroupAdmin:
    """`async with GroupAdmin("127.0.0.1:9092") as groups: await groups.describe("orders")`. Raises KafkaError."""

    def __init__(
        self, bootstrap_servers: str, settings: ClientSettings | None = None, clock: Clock | None = None
    ) -> None:
        self._cluster = Cluster(bootstrap_servers, settings or ClientSettings(), clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._cluster.close()

    def now_ms(self) -> int:
        """The client's wall clock."""
        return self._cluster.clock.now_ms()

    async def listed(self) -> list[ListedGroup]:
        """All groups of all brokers, by name."""
        await self._cluster.refresh(())
        found = await asyncio.gather(*(self._listed_by(broker) for broker in self._cluster.metadata.brokers))
        return sorted((group for groups in found for group in groups), key=lambda group: group.group_id)

    async def _listed_by(self, broker: int) -> list[ListedGroup]:
        async def attempt() -> list[ListedGroup]:
            request = list_groups.ListGroupsRequest()
            response = await self._cluster.ask(broker, request, list_groups.ListGroupsResponse)
            _check(response.error_code, "groups")
            return [
                ListedGroup(group.group_id, group.group_type, group.group_state, group.protocol_type)
                for group in response.groups
            ]

        return await self._cluster.retrying(attempt)

    async def describe(self, group_id: str) -> GroupDescription:
        """Its members and what they read. One that does not exist is described as Dead."""

        async def attempt(coordinator: int) -> GroupDescription:
            consumer = await self._describe_consumer(coordinator, group_id)
            if consumer is not None:
                return consumer
            request = describe_groups.DescribeGroupsRequest(groups=[group_id])
            response = await self._cluster.ask(coordinator, request, describe_groups.DescribeGroupsResponse)
            return from_classic_group(response.groups[0], coordinator)

        return await self._at_coordinator(group_id, attempt)

    async def _describe_consumer(self, coordinator: int, group_id: str) -> GroupDescription | None:
        request = describe_consumer.ConsumerGroupDescribeRequest(group_ids=[group_id])
        try:
            response = await self._cluster.ask(
                coordinator, request, describe_consumer.ConsumerGroupDescribeResponse
            )
        except KafkaError as error:
            if error.code != ErrorCode.UNSUPPORTED_VERSION:
                raise
            return None  # a broker from before KIP-848
        return from_consumer_group(response.groups[0], coordinator)

    async def committed(self, group_id: str) -> dict[TopicPartition, int]:
        """Every offset that the group has committed."""

        async def attempt(coordinator: int) -> dict[TopicPartition, int]:
            groups = [fetches.OffsetFetchRequestGroup(group_id=group_id, topics=None)]
            response = await self._cluster.ask(
                coordinator,
                fetches.OffsetFetchRequest(groups=groups),
                fetches.OffsetFetchResponse,
                _LAST_WITH_TOPIC_NAMES,
            )
            if not response.groups:
                raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "the broker is older than Apache Kafka 3.0")
            _check(response.groups[0].error_code, f"group {group_id}")
            return {
                TopicPartition(topic.name, partition.partition_index): partition.committed_offset
                for topic in response.groups[0].topics
                for partition in topic.partitions
                if partition.committed_offset >= 0
            }

        return await self._at_coordinator(group_id, attempt)

    async def commit(self, group_id: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Set offsets of a group that has no members."""
        topics = [
            commits.OffsetCommitRequestTopic(
                name=topic,
                partitions=[
                    commits.OffsetCommitRequestPartition(
                        partition_index=index, committed_offset=offsets[TopicPartition(topic, index)]
                    )
                    for index in partitions
                ],
            )
            for topic, partitions in topics_of(offsets.keys()).items()
        ]
        request = commits.OffsetCommitRequest(
            group_id=group_id, generation_id_or_member_epoch=_NO_MEMBER, topics=topics
        )

        async def attempt(coordinator: int) -> None:
            response = await self._cluster.ask(
                coordinator, request, commits.OffsetCommitResponse, _LAST_WITH_TOPIC_NAMES
            )
            for topic in response.topics:
                for partition in topic.partitions:
                    _check(
                        partition.error_code,
                        f"group {group_id}, {topic.name}-{partition.partition_index}",
                    )

        await self._at_coordinator(group_id, attempt)

    async def delete(self, group_id: str) -> None:
        """Forget a group without members, and its offsets."""

        async def attempt(coordinator: int) -> None:
            request = delete_groups.DeleteGroupsRequest(groups_names=[group_id])
            response = await self._cluster.ask(coordinator, request, delete_groups.DeleteGroupsResponse)
            _check(response.results[0].error_code, f"group {group_id}")

        await self._at_coordinator(group_id, attempt)

    async def partitions(self, topics: Collection[str]) -> set[TopicPartition]:
        """All partitions of those of the topics that exist."""
        if not topics:
            return set()
        await self._cluster.refresh(topics)
        known = [self._cluster.metadata.topics[name] for name in topics]
        return {
            TopicPartition(topic.name, partition)
            for topic in known
            if topic.error == ErrorCode.NONE
            for partition in topic.partitions
        }

    async def ranges(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """The first offset of each, and the one that its next record will have."""
        beginnings = await self.offsets_at(dict.fromkeys(partitions, EARLIEST))
        ends = await self.offsets_at(dict.fromkeys(partitions, LATEST))
        return {partition: (beginnings[partition], ends[partition]) for partition in partitions}

    async def offsets_at(self, times_ms: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The first offset at or after each one's moment; -1 where there is none."""
        return await list_offsets(self._cluster, times_ms) if times_ms else {}

    async def _at_coordinator(self, group_id: str, attempt: Callable[[int], Awaitable[Result]]) -> Result:
        """`attempt` with the coordinator's node id; again, and with the one that is found then, when that may help."""

        async def once() -> Result:
            return await attempt(await self._coordinator(group_id))

        return await self._cluster.retrying(once)

    async def _coordinator(self, group_id: str) -> int:
        if not self._cluster.metadata.brokers:
            await self._cluster.refresh(())
        request = find_coordinator.FindCoordinatorRequest(key_type=_GROUP, coordinator_keys=[group_id])
        response = await self._cluster.ask_any(request, find_coordinator.FindCoordinatorResponse)
        if not response.coordinators:
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "the broker is older than Apache Kafka 3.0")
        found = response.coordinators[0]
        _check(found.error_code, f"coordinator of group {group_id}")
        return found.node_id


def _check(code: int, what: str) -> None:
    if code != ErrorCode.NONE:
        error = ErrorCode(code)
        raise KafkaError(error, f"{what}: {error.name}")
