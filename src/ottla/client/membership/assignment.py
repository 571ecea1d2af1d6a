"""What members of a classic group tell each other: subscriptions on the way in, assignments on the way out."""

from collections.abc import Mapping, Sequence

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.options import OptionError
from ottla.client.membership.machine import Partitions
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.assignors.client import CLIENT_ASSIGNORS, ClientAssignor, Subscribed, grouped
from ottla.groups.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    decode,
    encode,
)
from ottla.wire.messages.join_group import JoinGroupRequestProtocol, JoinGroupResponseMember
from ottla.wire.messages.sync_group import SyncGroupRequestAssignment
from ottla.wire.types import Buffer, WireError

_BY_CLASS_NAME = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "StickyAssignor": "sticky",
    "CooperativeStickyAssignor": "cooperative-sticky",
}


def assignors_named(names: Sequence[str]) -> tuple[ClientAssignor, ...]:
    """The strategies by Kafka's short names or by its Java classes. Raises OptionError for what names none."""
    known = ", ".join(CLIENT_ASSIGNORS)
    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        problem = f"partition_assignment_strategy is {names!r}; it must be a list of some of {known}"
        raise OptionError(problem)
    found = []
    for name in names:
        short = _BY_CLASS_NAME.get(str(name).rpartition(".")[2], name)
        if short not in CLIENT_ASSIGNORS:
            raise OptionError(f"partition_assignment_strategy: there is no {name!r}; known are {known}")
        found.append(CLIENT_ASSIGNORS[short])
    return tuple(found)


def protocol(
    assignor: ClientAssignor,
    topics: frozenset[str],
    owned: Partitions,
    previous: tuple[Partitions, int],
    rack_id: str | None,
) -> JoinGroupRequestProtocol:
    """One strategy and what its leader has to know; `previous` is the last assignment and its generation."""
    had, generation_id = previous
    subscription = ConsumerProtocolSubscription(
        topics=sorted(topics),
        owned_partitions=grouped(set(owned)),
        generation_id=generation_id,
        user_data=assignor.user_data(grouped(set(had)), generation_id),
        rack_id=rack_id,
    )
    return JoinGroupRequestProtocol(name=assignor.name, metadata=encode(subscription))


def subscriptions(members: list[JoinGroupResponseMember]) -> dict[str, Subscribed]:
    """Everyone in the group, as the leader is told. Raises KafkaError for metadata of another protocol."""
    try:
        return {
            member.member_id: Subscribed(
                decode(ConsumerProtocolSubscription, member.metadata), member.group_instance_id
            )
            for member in members
        }
    except WireError as error:
        text = f"a member of the group is no consumer: {error}"
        raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, text) from error


def assignments(
    assignor: ClientAssignor, members: Mapping[str, Subscribed], partition_counts: Mapping[str, int]
) -> list[SyncGroupRequestAssignment]:
    """Everyone's share, as the leader hands it in."""
    return [
        SyncGroupRequestAssignment(
            member_id=member_id, assignment=encode(ConsumerProtocolAssignment(assigned_partitions=share))
        )
        for member_id, share in assignor.assign(members, partition_counts).items()
    ]


def assigned(data: Buffer) -> Partitions:
    """One's own share. Raises KafkaError for bytes that are none."""
    if not len(data):
        return frozenset()
    try:
        entries = decode(ConsumerProtocolAssignment, data).assigned_partitions
    except WireError as error:
        text = f"the leader's assignment cannot be read: {error}"
        raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, text) from error
    return frozenset(TopicPartition(entry.topic, number) for entry in entries for number in entry.partitions)
