"""ListGroups (key 16), versions 0–5: all groups of this broker, filtered by state (4+) and type (5+).

Deviations: none.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.core.errors import KafkaError
from ottla.groups import administration
from ottla.wire.messages.list_groups import ListGroupsRequest, ListGroupsResponse


async def list_groups(
    groups: GroupCoordinators, request: ListGroupsRequest, call: Call
) -> ListGroupsResponse:
    """The groups of all coordinators here."""
    response = ListGroupsResponse()
    try:
        shards = await groups.all_shards()
    except KafkaError as error:
        return ListGroupsResponse(error_code=error.code)
    for shard in shards:
        part = await shard.ask(
            lambda machine, caller, _: administration.list_groups(
                machine, request.states_filter, request.types_filter, caller.ticket
            ),
            call,
        )
        if isinstance(part, KafkaError):
            return ListGroupsResponse(error_code=part.code)
        assert isinstance(part, ListGroupsResponse)
        response.groups += part.groups
    return response
