"""ConsumerGroupDescribe (key 69), versions 0–1: members, epochs and assignments of consumer groups (KIP-848).

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
from ottla.wire.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)


async def consumer_group_describe(
    groups: GroupCoordinators, request: ConsumerGroupDescribeRequest, call: Call
) -> ConsumerGroupDescribeResponse:
    """One result for each group, from its own coordinator."""
    response = ConsumerGroupDescribeResponse()
    for group_id in request.group_ids:
        part = await ask(
            groups,
            group_id,
            ConsumerGroupDescribeRequest(group_ids=[group_id]),
            call,
            partial(_ask, group_id),
        )
        assert isinstance(part, ConsumerGroupDescribeResponse)
        response.groups += part.groups
    return response


def _ask(group_id: str, machine: GroupCoordinator, caller: Caller, _now_ms: int) -> GroupDecision:
    return administration.describe_consumer_groups(machine, [group_id], caller)
