"""ListGroups, DescribeGroups, ConsumerGroupDescribe, DeleteGroups: for the groups of one partition."""

from ottla.core.decision import Ticket
from ottla.core.errors import ErrorCode
from ottla.groups import describe
from ottla.groups.caller import Caller
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.states import State
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.decision import GroupDecision
from ottla.groups.records.codec import GroupRecord
from ottla.groups.state import GroupState, end_of_group
from ottla.wire.messages.consumer_group_describe import ConsumerGroupDescribeResponse
from ottla.wire.messages.consumer_group_describe import DescribedGroup as DescribedConsumerGroup
from ottla.wire.messages.delete_groups import DeletableGroupResult, DeleteGroupsResponse
from ottla.wire.messages.describe_groups import DescribedGroup, DescribeGroupsResponse
from ottla.wire.messages.list_groups import ListGroupsResponse


def list_groups(state: GroupState, states: list[str], types: list[str], ticket: Ticket) -> GroupDecision:
    """The groups that the filters of ListGroups let through."""
    lines = [describe.listed(group) for group in state.groups.values()]
    wanted = [line for line in lines if describe.is_wanted(line, states, types)]
    return GroupDecision(replies=[(ticket, ListGroupsResponse(groups=wanted))])


def describe_groups(state: GroupState, group_ids: list[str], caller: Caller) -> GroupDecision:
    """DescribeGroups: classic groups."""
    groups = [_described(state, group_id, caller.version) for group_id in group_ids]
    return GroupDecision(replies=[(caller.ticket, DescribeGroupsResponse(groups=groups))])


def _described(state: GroupState, group_id: str, version: int) -> DescribedGroup:
    group = state.groups.get(group_id)
    if isinstance(group, ClassicGroup):
        return describe.described_classic(group)
    return describe.no_classic_group(group_id, version, exists=group is not None)


def describe_consumer_groups(state: GroupState, group_ids: list[str], caller: Caller) -> GroupDecision:
    """ConsumerGroupDescribe: KIP-848 groups."""
    groups = [_described_consumer(state, group_id) for group_id in group_ids]
    return GroupDecision(replies=[(caller.ticket, ConsumerGroupDescribeResponse(groups=groups))])


def _described_consumer(state: GroupState, group_id: str) -> DescribedConsumerGroup:
    group = state.groups.get(group_id)
    if isinstance(group, ConsumerGroup):
        return describe.described_consumer(group, state.topics, state.config.group_consumer_assignors)
    if not group_id:
        return DescribedConsumerGroup(error_code=ErrorCode.INVALID_GROUP_ID)
    return describe.no_consumer_group(group_id, exists=group is not None)


def delete_groups(state: GroupState, group_ids: list[str], caller: Caller) -> GroupDecision:
    """DeleteGroups: groups without members, with their offsets, also those that transactions still want to commit."""
    out = GroupDecision()
    response = DeleteGroupsResponse()
    for group_id in dict.fromkeys(group_ids):
        group, code = state.groups.get(group_id), ErrorCode.NONE
        if group is None:
            code = ErrorCode.GROUP_ID_NOT_FOUND
        elif group.state != State.EMPTY:
            code = ErrorCode.NON_EMPTY_GROUP
        else:
            out.records += [GroupRecord(key, None) for key, _ in state.offsets.of_group(group_id)]
            out.records += [GroupRecord(key, None) for key in state.offsets.pending_of_group(group_id)]
            out.records += end_of_group(group)
        response.results.append(DeletableGroupResult(group_id=group_id, error_code=code))
    out.reply(caller.ticket, response)
    return out
