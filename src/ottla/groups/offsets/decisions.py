"""Who may commit, fetch and delete offsets of which group, and what is then written down."""

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller
from ottla.groups.classic import requests as classic
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.rebalance import Rebalancing
from ottla.groups.consumer import heartbeat as consumer
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.decision import GroupDecision
from ottla.groups.offsets import requests
from ottla.groups.state import GroupState
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.offset_delete import OffsetDeleteRequest
from ottla.wire.messages.offset_fetch import OffsetFetchRequestGroup

GROUP_NOT_FOUND_SINCE = 9
"""The first version of OffsetCommit in which a member is told that its group is gone, not that its generation is."""


def commit(
    state: GroupState, rebalancing: Rebalancing, request: OffsetCommitRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """A group that does not exist comes into being with its first offset, if it needs no members for that."""
    group = state.groups.get(request.group_id)
    if isinstance(group, ClassicGroup):
        classic.check_commit(rebalancing, group, request, now_ms)
    elif isinstance(group, ConsumerGroup):
        consumer.check_commit(group, request, caller.version)
    elif request.generation_id_or_member_epoch >= 0:
        not_found = caller.version >= GROUP_NOT_FOUND_SINCE
        raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND if not_found else ErrorCode.ILLEGAL_GENERATION)
    records, response = requests.commit(request, now_ms, state.config.offset_metadata_max_bytes)
    return GroupDecision(records=records, replies=[(caller.ticket, response)])


def fetch(
    state: GroupState, request: OffsetFetchRequestGroup, caller: Caller, *, require_stable: bool
) -> GroupDecision:
    """A group that does not exist has no offsets, which is no error."""
    group = state.groups.get(request.group_id)
    if isinstance(group, ConsumerGroup):
        consumer.check_fetch(group, request)
    response = requests.fetch(
        state.offsets, state.topics, request, version=caller.version, require_stable=require_stable
    )
    return GroupDecision(replies=[(caller.ticket, response)])


def delete(state: GroupState, request: OffsetDeleteRequest, caller: Caller) -> GroupDecision:
    """Offsets of topics that the group reads stay."""
    if not request.group_id:
        raise KafkaError(ErrorCode.INVALID_GROUP_ID)
    group = state.groups.get(request.group_id)
    if group is None:
        raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND)
    if isinstance(group, ClassicGroup):
        classic.check_offset_delete(group)
    records, response = requests.delete(state.offsets, request, group.is_subscribed_to)
    return GroupDecision(records=records, replies=[(caller.ticket, response)])
