"""Consumer groups: list, describe, delete, remove members."""

import asyncio
from collections.abc import Iterable, Mapping

from ottla.client.admin.arguments import names
from ottla.client.admin.calls import CoordinatorCalls, refused
from ottla.client.admin.group_descriptions import (
    GroupDescription,
    ListedGroup,
    from_classic_group,
    from_consumer_group,
)
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_COORDINATOR, by_broker, settle
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import consumer_group_describe as describe_consumer
from ottla.wire.messages import delete_groups, describe_groups, leave_group, list_groups

_FIRST_WITH_STATES, _FIRST_WITH_TYPES = 4, 5


class GroupCalls(CoordinatorCalls):
    """Of the Admin."""

    async def list_groups(
        self, *, states: Iterable[str] = (), types: Iterable[str] = ()
    ) -> list[ListedGroup]:
        """All groups of all brokers, or those in these states and of these types, by name. Raises KafkaError."""
        only_states, only_types = list(states), list(types)

        def request(version: int) -> list_groups.ListGroupsRequest:
            return list_groups.ListGroupsRequest(
                states_filter=only_states if version >= _FIRST_WITH_STATES else [],
                types_filter=only_types if version >= _FIRST_WITH_TYPES else [],
            )

        async def listed_by(broker: int) -> list[ListedGroup]:
            response = await self._cluster.ask(broker, request, list_groups.ListGroupsResponse)
            if response.error_code != ErrorCode.NONE:
                raise refused(f"groups of broker {broker}", response.error_code)
            return [ListedGroup.of(group) for group in response.groups]

        async def attempt() -> list[ListedGroup]:
            await self._cluster.refresh(())
            found = await asyncio.gather(*map(listed_by, self._cluster.metadata.brokers))
            return sorted(group for groups in found for group in groups)

        groups = await self._cluster.retrying(attempt)
        return [
            group for group in groups if group.is_one_of(only_states, only_types)
        ]  # an old broker tells all

    async def describe_groups(self, groups: str | Iterable[str]) -> Results[str, GroupDescription]:
        """Members and what they read. A group that does not exist is described as Dead."""

        async def attempt(left: list[str]) -> Mapping[str, GroupDescription | KafkaError]:
            return await by_broker(left, self._group_coordinator, self._described)

        return await settle(self._cluster, names(groups), attempt, OF_COORDINATOR)

    async def _described(self, broker: int, left: list[str]) -> Mapping[str, GroupDescription | KafkaError]:
        answers: dict[str, GroupDescription | KafkaError] = {}
        classic = left
        if (await self._cluster.versions(broker)).highest("ConsumerGroupDescribe") >= 0:  # since KIP-848
            request = describe_consumer.ConsumerGroupDescribeRequest(group_ids=left)
            response = await self._cluster.ask(
                broker, request, describe_consumer.ConsumerGroupDescribeResponse
            )
            found = {group.group_id: from_consumer_group(group, broker) for group in response.groups}
            answers = {name: group for name, group in found.items() if group is not None}
            classic = [name for name in left if name not in answers]
        if classic:
            reply = await self._cluster.ask(
                broker,
                describe_groups.DescribeGroupsRequest(groups=classic),
                describe_groups.DescribeGroupsResponse,
            )
            answers.update({group.group_id: from_classic_group(group, broker) for group in reply.groups})
        return self._noted(answers)

    async def delete_groups(self, groups: str | Iterable[str]) -> Results[str, None]:
        """Forget groups without members, and their offsets."""

        async def ask(broker: int, left: list[str]) -> Mapping[str, KafkaError | None]:
            request = delete_groups.DeleteGroupsRequest(groups_names=left)
            response = await self._cluster.ask(broker, request, delete_groups.DeleteGroupsResponse)
            return self._noted(
                {group.group_id: _done(group.group_id, group.error_code) for group in response.results}
            )

        async def attempt(left: list[str]) -> Mapping[str, KafkaError | None]:
            return await by_broker(left, self._group_coordinator, ask)

        return await settle(self._cluster, names(groups), attempt, OF_COORDINATOR)

    async def remove_static_members(
        self, group: str, instance_ids: Iterable[str], *, reason: str = "removed by an administrator"
    ) -> Results[str, None]:
        """Take members out of a classic group by their group.instance.id (KIP-345)."""

        async def attempt(left: list[str]) -> Mapping[str, KafkaError | None]:
            members = [
                leave_group.MemberIdentity(group_instance_id=instance, reason=reason) for instance in left
            ]
            request = leave_group.LeaveGroupRequest(group_id=group, members=members)
            coordinator = await self._group_coordinator(group)
            response = await self._cluster.ask(coordinator, request, leave_group.LeaveGroupResponse)
            if response.error_code != ErrorCode.NONE:
                error = refused(f"group {group}", response.error_code)
                self._noted({group: error})
                raise error
            return {
                member.group_instance_id: _done(
                    f"{group}, member {member.group_instance_id}", member.error_code
                )
                for member in response.members
                if member.group_instance_id is not None
            }

        return await settle(self._cluster, instance_ids, attempt, OF_COORDINATOR)


def _done(group: str, code: int) -> KafkaError | None:
    return None if code == ErrorCode.NONE else refused(f"group {group}", code)
