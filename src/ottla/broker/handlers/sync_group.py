"""SyncGroup (key 14), versions 0–5: the leader hands out the assignment of a classic group, the others wait for theirs.

Deviations: a SyncGroup that comes when the assignment is made already renews its member's session, for who asks is
alive; Apache Kafka 4 waits for the next heartbeat. The rules are in `ottla.groups`.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.wire.messages.sync_group import SyncGroupRequest
from ottla.wire.schema import Message


async def sync_group(groups: GroupCoordinators, request: SyncGroupRequest, call: Call) -> Message:
    """The member's part of the assignment."""
    return await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.sync_group(request, caller, now_ms),
    )
