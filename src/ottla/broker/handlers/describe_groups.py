"""DescribeGroups (key 15), versions 0–6: members, protocol and state of classic groups.

A group that does not exist is «Dead» up to version 5, GROUP_ID_NOT_FOUND since 6 (KIP-1043).

Deviations: none.
"""

from functools import partial

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.groups import administration
from ottla.groups.caller import Caller
from ottla.groups.coordinator import GroupCoordinator
from ottla.groups.decision import GroupDecision
from ottla.wire.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse


async def describe_groups(
    groups: GroupCoordinators, request: DescribeGroupsRequest, call: Call
) -> DescribeGroupsResponse:
    """One result for each group, from its own coordinator."""
    response = DescribeGroupsResponse()
    for group_id in request.groups:
        part = await ask(
            groups,
            group_id,
            DescribeGroupsRequest(groups=[group_id]),
            call,
            partial(_ask, group_id),
        )
        assert isinstance(part, DescribeGroupsResponse)
        response.groups += part.groups
    return response


def _ask(group_id: str, machine: GroupCoordinator, caller: Caller, _now_ms: int) -> GroupDecision:
    return administration.describe_groups(machine, [group_id], caller)
