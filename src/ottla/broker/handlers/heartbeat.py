"""Heartbeat (key 12), versions 0–4: a member of a classic group says that it is there.

Deviations: none. The rules are in `ottla.groups`.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.schema import Message


async def heartbeat(groups: GroupCoordinators, request: HeartbeatRequest, call: Call) -> Message:
    """Whether all is well."""
    return await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.heartbeat(request, caller, now_ms),
    )
