"""ConsumerGroupHeartbeat (key 68), versions 0–1: all that a member of a consumer group says and hears (KIP-848).

Deviations: a static member that lost its place may join again under its own id at once; Apache Kafka answers
UNRELEASED_INSTANCE_ID until its session ends. Regular expressions are resolved at once, not in the background. Of
assignments that are equally even, another may be made. The rules are in `ottla.groups`.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from ottla.wire.schema import Message


async def consumer_group_heartbeat(
    groups: GroupCoordinators, request: ConsumerGroupHeartbeatRequest, call: Call
) -> Message:
    """The member's epoch and what it is to read now."""
    return await ask(
        groups,
        request.group_id,
        request,
        call,
        lambda machine, caller, now_ms: machine.consumer_group_heartbeat(request, caller, now_ms),
    )
