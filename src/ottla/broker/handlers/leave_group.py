"""LeaveGroup (key 13), versions 0–5: members of a classic group go, several at a time since version 3.

Deviations: none. The rules are in `ottla.groups`.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.wire.messages.leave_group import LeaveGroupRequest
from ottla.wire.schema import Message


async def leave_group(groups: GroupCoordinators, request: LeaveGroupRequest, call: Call) -> Message:
    """One result for each member."""
    return await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.leave_group(request, caller, now_ms),
    )
