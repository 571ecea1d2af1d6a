"""DeleteGroups (key 42), versions 0–2: forget groups without members, with their offsets (KIP-229).

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
from ottla.wire.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse


async def delete_groups(
    groups: GroupCoordinators, request: DeleteGroupsRequest, call: Call
) -> DeleteGroupsResponse:
    """One result for each group, from its own coordinator; one that is named twice is answered once."""
    response = DeleteGroupsResponse()
    for group_id in dict.fromkeys(request.groups_names):
        part = await ask(
            groups,
            group_id,
            DeleteGroupsRequest(groups_names=[group_id]),
            call,
            partial(_ask, group_id),
        )
        assert isinstance(part, DeleteGroupsResponse)
        response.results += part.results
    return response


def _ask(group_id: str, machine: GroupCoordinator, caller: Caller, _now_ms: int) -> GroupDecision:
    return administration.delete_groups(machine, [group_id], caller)
