"""From a classic group to a consumer group and back, while it has members (KIP-848, online migration).

Up: the first ConsumerGroupHeartbeat that joins a classic group of consumers. Everyone in it stays, with
what they have, as a member that speaks the classic protocol. Down: when only such members are left. Both
are written down as one batch that ends the one group and makes the other.
"""

from collections.abc import Collection

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.member import ClassicMember
from ottla.groups.classic.states import State
from ottla.groups.config import GroupConfig
from ottla.groups.consumer import writes
from ottla.groups.consumer.classic_members import encoded_assignment
from ottla.groups.consumer.current import Current, Partitions
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer_protocol import (
    PROTOCOL_TYPE,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    decode,
    version_of,
)
from ottla.groups.decision import GroupDecision
from ottla.groups.records.classic import GroupMetadataKey
from ottla.groups.records.codec import GroupRecord
from ottla.groups.records.consumer import (
    ClassicMemberMetadata,
    ClassicProtocol,
    ConsumerGroupMemberMetadataValue,
)
from ottla.groups.topics import Topics
from ottla.wire.types import WireError


def upgrade(group: ClassicGroup, config: GroupConfig, topics: Topics) -> GroupDecision:
    """The records that make `group` a consumer group at the epoch of its generation. Raises KafkaError if it cannot be.

    What its members wait for ends with REBALANCE_IN_PROGRESS: they are to join again.
    """
    if group.protocol_type != PROTOCOL_TYPE or not config.group_consumer_migration_policy.upgrades:
        raise KafkaError(
            ErrorCode.GROUP_ID_NOT_FOUND, f"group {group.group_id} is a classic one and stays so"
        )
    if len(group.members) > config.group_consumer_max_size:
        text = f"group {group.group_id} has too many members to become a consumer group"
        raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, text)
    out = GroupDecision()
    out.write(GroupRecord(GroupMetadataKey(group=group.group_id), None))
    taken: set[tuple[bytes, int]] = set()
    names: set[str] = set()
    for member in group.members.values():
        try:
            subscription, partitions = _subscription(group, member), _assigned(member, topics)
        except WireError as error:
            text = f"group {group.group_id} cannot become a consumer group: {error}"
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, text) from error
        partitions -= taken
        taken |= partitions
        names.update(subscription.topics)
        _write_member(group, member, subscription, partitions, out)
    generation_id = group.generation_id
    out.write(writes.assignment_epoch(group.group_id, generation_id))
    # In the middle of a rebalance nobody has what they should: no digest, and the next heartbeat assigns anew.
    metadata_hash = topics.metadata_hash(names) if group.state is State.STABLE else 0
    out.write(writes.epoch(group.group_id, generation_id, metadata_hash))
    return out


def _write_member(
    group: ClassicGroup,
    member: ClassicMember,
    subscription: ConsumerProtocolSubscription,
    partitions: Partitions,
    out: GroupDecision,
) -> None:
    value = ConsumerGroupMemberMetadataValue(
        instance_id=member.group_instance_id,
        rack_id=subscription.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=sorted(set(subscription.topics)),
        subscribed_topic_regex="",
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        server_assignor=None,
        classic_member_metadata=ClassicMemberMetadata(
            session_timeout_ms=member.session_timeout_ms,
            supported_protocols=[ClassicProtocol(name=n, metadata=m) for n, m in member.protocols],
        ),
    )
    current = Current(group.generation_id, group.generation_id, assigned=partitions)
    out.write(writes.member(group.group_id, member.member_id, value))
    out.write(writes.target(group.group_id, member.member_id, partitions))
    out.write(writes.current(group.group_id, member.member_id, current))


def _subscription(group: ClassicGroup, member: ClassicMember) -> ConsumerProtocolSubscription:
    metadata = member.metadata(group.protocol_name) or member.protocols[0][1]
    return decode(ConsumerProtocolSubscription, metadata)


def _assigned(member: ClassicMember, topics: Topics) -> Partitions:
    """What the member has. An assignor's own data would be lost, so that such a group stays classic."""
    if not member.assignment:
        return frozenset()
    assignment = decode(ConsumerProtocolAssignment, member.assignment)
    if assignment.user_data:
        raise WireError("its assignor has data of its own in the assignment, which would be lost")
    return frozenset(
        (topics.by_name[entry.topic].topic_id, partition)
        for entry in assignment.assigned_partitions
        if entry.topic in topics.by_name
        for partition in entry.partitions
    )


def should_downgrade(group: ConsumerGroup, config: GroupConfig, leaving: Collection[str]) -> bool:
    """Whether only members stay that speak the classic protocol."""
    staying = group.members.keys() - set(leaving)
    return (
        config.group_consumer_migration_policy.downgrades
        and 0 < len(staying) <= config.group_max_size
        and all(map(group.uses_classic_protocol, staying))
    )


def downgrade(group: ConsumerGroup, topics: Topics, leaving: Collection[str], now_ms: int) -> GroupDecision:
    """The records that make who stays of `group` a classic group at the generation of its epoch."""
    classic = ClassicGroup(group.group_id, generation_id=group.epoch)
    assignments: dict[str, bytes] = {}
    for member_id, value in group.members.items():
        if member_id in leaving:
            continue
        member = _classic_member(member_id, value)
        classic.add(member, PROTOCOL_TYPE)
        version = version_of(member.protocols[0][1])
        assignments[member_id] = encoded_assignment(group.current(member_id).assigned, topics, version)
    classic.protocol_name = classic.choose_protocol()
    out = GroupDecision(records=list(writes.without_group(group)))
    out.write(classic.record(now_ms, assignments))
    return out


def _classic_member(member_id: str, value: ConsumerGroupMemberMetadataValue) -> ClassicMember:
    classic = value.classic_member_metadata
    assert classic is not None, "only a group of classic members becomes a classic group"
    return ClassicMember(
        member_id,
        value.instance_id,
        value.client_id,
        value.client_host,
        value.rebalance_timeout_ms,
        classic.session_timeout_ms,
        [(protocol.name, protocol.metadata) for protocol in classic.supported_protocols],
    )
