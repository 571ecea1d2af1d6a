"""What administrators are told about groups: ListGroups, DescribeGroups, ConsumerGroupDescribe."""

from ottla.core.errors import ErrorCode
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.states import State
from ottla.groups.consumer.current import Partitions, by_topic
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer_protocol import PROTOCOL_TYPE
from ottla.groups.topics import Topics
from ottla.wire.messages import consumer_group_describe as modern
from ottla.wire.messages import describe_groups as classic
from ottla.wire.messages.list_groups import ListedGroup

Group = ClassicGroup | ConsumerGroup

NOT_FOUND_IS_AN_ERROR_SINCE = 6
"""DescribeGroups: older versions see a group that does not exist as Dead (KIP-1043)."""

_CLASSIC_MEMBER, _CONSUMER_MEMBER = 0, 1


def listed(group: Group) -> ListedGroup:
    """One line of ListGroups."""
    if isinstance(group, ConsumerGroup):
        protocol_type, group_type = PROTOCOL_TYPE, "consumer"
    else:
        protocol_type, group_type = group.protocol_type or "", "classic"
    return ListedGroup(
        group_id=group.group_id,
        protocol_type=protocol_type,
        group_state=str(group.state),
        group_type=group_type,
    )


def is_wanted(line: ListedGroup, states: list[str], types: list[str]) -> bool:
    """Whether the filters let the line through; an empty filter lets everything through. Case does not matter."""
    return _matches(line.group_state, states) and _matches(line.group_type, types)


def _matches(value: str, wanted: list[str]) -> bool:
    return not wanted or value.lower() in {one.lower() for one in wanted}


def described_classic(group: ClassicGroup) -> classic.DescribedGroup:
    """The members with their assignments, which only a stable group has."""
    stable = group.state is State.STABLE
    return classic.DescribedGroup(
        group_id=group.group_id,
        group_state=str(group.state),
        protocol_type=group.protocol_type or "",
        protocol_data=(group.protocol_name or "") if stable else "",
        members=[
            classic.DescribedGroupMember(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                client_id=member.client_id,
                client_host=member.client_host,
                member_metadata=member.metadata(group.protocol_name) if stable else b"",
                member_assignment=member.assignment if stable else b"",
            )
            for member in group.members.values()
        ],
    )


def no_classic_group(group_id: str, version: int, *, exists: bool) -> classic.DescribedGroup:
    """The answer for a group that is not there, or not a classic one."""
    response = classic.DescribedGroup(group_id=group_id, group_state=str(State.DEAD))
    if version >= NOT_FOUND_IS_AN_ERROR_SINCE:
        response.error_code = ErrorCode.GROUP_ID_NOT_FOUND
        response.error_message = (
            f"group {group_id} is not a classic one" if exists else f"there is no group {group_id}"
        )
    return response


def described_consumer(
    group: ConsumerGroup, topics: Topics, default_assignors: tuple[str, ...]
) -> modern.DescribedGroup:
    """The members with what they have and what they are to get."""
    return modern.DescribedGroup(
        group_id=group.group_id,
        group_state=str(group.state),
        group_epoch=group.epoch,
        assignment_epoch=group.assignment_epoch,
        assignor_name=group.assignor(default_assignors),
        members=[_member(group, member_id, topics) for member_id in group.members],
    )


def _member(group: ConsumerGroup, member_id: str, topics: Topics) -> modern.Member:
    member, current = group.members[member_id], group.current(member_id)
    is_classic = group.uses_classic_protocol(member_id)
    return modern.Member(
        member_id=member_id,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        member_epoch=current.epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=member.subscribed_topic_names,
        subscribed_topic_regex=member.subscribed_topic_regex,
        assignment=_assignment(current.assigned, topics),
        target_assignment=_assignment(group.target(member_id), topics),
        member_type=_CLASSIC_MEMBER if is_classic else _CONSUMER_MEMBER,
    )


def _assignment(partitions: Partitions, topics: Topics) -> modern.Assignment:
    """Partitions of topics that are gone are left out: they have no name."""
    return modern.Assignment(
        topic_partitions=[
            modern.TopicPartitions(
                topic_id=topic_id, topic_name=topics.by_id[topic_id].name, partitions=numbers
            )
            for topic_id, numbers in by_topic(partitions).items()
            if topic_id in topics.by_id
        ]
    )


def no_consumer_group(group_id: str, *, exists: bool) -> modern.DescribedGroup:
    """The answer for a group that is not there, or not a consumer group."""
    text = f"group {group_id} is not a consumer group" if exists else f"there is no group {group_id}"
    return modern.DescribedGroup(
        error_code=ErrorCode.GROUP_ID_NOT_FOUND,
        error_message=text,
        group_id=group_id,
    )
