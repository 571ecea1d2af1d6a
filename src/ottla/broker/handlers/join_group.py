"""JoinGroup (key 11), versions 0–9: a member of a classic group asks for its place in the next generation.

The answer waits until the members are there, or the rebalance timeout has passed.

Deviations: a subscription that cannot be read, in a group that has become one of consumers (KIP-848), is an
INCONSISTENT_GROUP_PROTOCOL, not an unknown error. The rules are in `ottla.groups`.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.wire.messages.join_group import JoinGroupRequest
from ottla.wire.schema import Message


async def join_group(groups: GroupCoordinators, request: JoinGroupRequest, call: Call) -> Message:
    """The generation, when it is decided."""
    return await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.join_group(request, caller, now_ms),
    )
