"""What the handlers of group requests share: find the coordinator, ask it, turn a refusal into a response."""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_shard import Decide
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.refusals import refusal
from ottla.wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from ottla.wire.schema import Message

_OF_CONSUMER_GROUPS = (ConsumerGroupHeartbeatRequest, ConsumerGroupDescribeRequest)


async def ask(
    groups: GroupCoordinators, group_id: str, request: Message, call: Call, decide: Decide
) -> Message:
    """The coordinator's response, or the refusal in this request's form."""
    try:
        if isinstance(request, _OF_CONSUMER_GROUPS) and not groups.has_consumer_protocol:
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, "the feature group.version is at level 0")
        shard = await groups.shard_of(group_id)
        reply = await shard.ask(decide, call)
    except KafkaError as error:
        reply = error
    return refusal(request, reply, call.version) if isinstance(reply, KafkaError) else reply
