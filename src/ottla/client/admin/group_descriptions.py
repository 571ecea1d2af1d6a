"""What a client is told about a group: values, made from replies of either protocol."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from ottla.client.admin.calls import refused
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.consumer_protocol import PROTOCOL_TYPE, ConsumerProtocolAssignment, decode
from ottla.wire.messages import consumer_group_describe, describe_groups, list_groups
from ottla.wire.types import WireError

CLASSIC, CONSUMER = "classic", "consumer"
DEAD = "Dead"


class ListedGroup(NamedTuple):
    """One line of the list."""

    group_id: str
    group_type: str
    """classic or consumer; empty when the broker is too old to say."""
    state: str
    protocol_type: str

    @classmethod
    def of(cls, group: list_groups.ListedGroup) -> Self:
        """As a broker told it."""
        return cls(group.group_id, group.group_type, group.group_state, group.protocol_type)

    def is_one_of(self, states: Collection[str], types: Collection[str]) -> bool:
        """Whether it is in one of the states and of one of the types; none means any."""
        has_state = not states or self.state.lower() in map(str.lower, states)
        has_type = not types or self.group_type.lower() in map(str.lower, types)
        return has_state and has_type


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One member, and what it is to read."""

    member_id: str
    instance_id: str | None
    client_id: str
    host: str
    assignment: frozenset[TopicPartition]


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """One group; one that does not exist has the state Dead."""

    group_id: str
    group_type: str
    state: str
    assignor: str
    coordinator: int
    members: tuple[GroupMember, ...] = field(default=())

    @property
    def exists(self) -> bool:
        return self.state != DEAD

    def owner(self, partition: TopicPartition) -> GroupMember | None:
        """Who reads it."""
        return next((member for member in self.members if partition in member.assignment), None)


def from_consumer_group(
    group: consumer_group_describe.DescribedGroup, coordinator: int
) -> GroupDescription | KafkaError | None:
    """A group of the consumer protocol; None when it is not one."""
    if group.error_code == ErrorCode.GROUP_ID_NOT_FOUND:
        return None
    if group.error_code != ErrorCode.NONE:
        return refused(f"group {group.group_id}", group.error_code, group.error_message)
    members = tuple(
        GroupMember(
            member.member_id,
            member.instance_id,
            member.client_id,
            member.client_host,
            frozenset(
                TopicPartition(topic.topic_name, partition)
                for topic in member.assignment.topic_partitions
                for partition in topic.partitions
            ),
        )
        for member in group.members
    )
    state, assignor = group.group_state, group.assignor_name
    return GroupDescription(group.group_id, CONSUMER, state, assignor, coordinator, members)


def from_classic_group(
    group: describe_groups.DescribedGroup, coordinator: int
) -> GroupDescription | KafkaError:
    """A classic group, or none at all."""
    if group.error_code == ErrorCode.GROUP_ID_NOT_FOUND:
        return GroupDescription(group.group_id, CLASSIC, DEAD, "", coordinator)
    if group.error_code != ErrorCode.NONE:
        return refused(f"group {group.group_id}", group.error_code, group.error_message)
    is_consumer = group.protocol_type == PROTOCOL_TYPE
    members = tuple(
        GroupMember(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            frozenset(_assigned(member.member_assignment) if is_consumer else ()),
        )
        for member in group.members
    )
    return GroupDescription(
        group.group_id, CLASSIC, group.group_state, group.protocol_data, coordinator, members
    )


def _assigned(assignment: bytes) -> Iterator[TopicPartition]:
    """What a member's own assignor wrote; nothing while a rebalance goes on."""
    if not assignment:
        return
    try:
        topics = decode(ConsumerProtocolAssignment, assignment).assigned_partitions
    except WireError:
        return  # a client may put there what it likes
    for topic in topics:
        for partition in topic.partitions:
            yield TopicPartition(topic.topic, partition)
