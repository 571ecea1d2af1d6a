"""Members of a consumer group that speak the classic protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

Nobody leads and nobody waits: JoinGroup is answered at once with the member's epoch as the generation,
SyncGroup with the partitions it has. What the coordinator wants of them they learn from Heartbeat:
REBALANCE_IN_PROGRESS means «come again», to give something up or to get something.
"""

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller
from ottla.groups.classic.join import MEMBER_ID_REQUIRED_SINCE
from ottla.groups.classic.requests import leave_response
from ottla.groups.consumer.current import MemberState, Partitions, by_topic
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer.heartbeat import replace_static
from ottla.groups.consumer.machine import ConsumerMachine
from ottla.groups.consumer.update import subscribed_hash
from ottla.groups.consumer_protocol import (
    PROTOCOL_TYPE,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode,
    encode,
    version_of,
)
from ottla.groups.deadline import Deadline, Wait
from ottla.groups.decision import GroupDecision
from ottla.groups.records.consumer import (
    ClassicMemberMetadata,
    ClassicProtocol,
    ConsumerGroupMemberMetadataValue,
)
from ottla.groups.topics import Topics
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse
from ottla.wire.messages.leave_group import MemberIdentity, MemberResponse
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from ottla.wire.types import WireError


def join(
    machine: ConsumerMachine, group: ConsumerGroup, request: JoinGroupRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """Take the member in, or further. Raises KafkaError."""
    member_id = request.member_id or caller.fresh_id
    if member_id not in group.members and len(group.members) >= machine.config.group_consumer_max_size:
        raise KafkaError(ErrorCode.GROUP_MAX_SIZE_REACHED)
    subscription = _subscription(group, request, member_id)
    instance_id = request.group_instance_id
    if not request.member_id and instance_id is None and caller.version >= MEMBER_ID_REQUIRED_SINCE:
        response = JoinGroupResponse(
            error_code=ErrorCode.MEMBER_ID_REQUIRED,
            member_id=member_id,
            protocol_name=None if caller.version >= 7 else "",
        )
        return GroupDecision(replies=[(caller.ticket, response)])
    if instance_id is not None:
        holder = group.static_members.get(instance_id)
        if request.member_id:
            group.known(member_id, instance_id)
        elif holder is not None:
            out = replace_static(machine, group, holder, member_id)
            out.then = lambda: _admit(machine, group, member_id, request, subscription, caller, now_ms)
            return out
    return _admit(machine, group, member_id, request, subscription, caller, now_ms)


def _subscription(
    group: ConsumerGroup, request: JoinGroupRequest, member_id: str
) -> ConsumerProtocolSubscription:
    """What the member wants, if it speaks a protocol that all classic members speak."""
    names = {protocol.name for protocol in request.protocols}
    for other_id, other in group.members.items():
        if other.classic_member_metadata is not None and other_id != member_id:
            names &= {protocol.name for protocol in other.classic_member_metadata.supported_protocols}
    if request.protocol_type != PROTOCOL_TYPE or not names:
        raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    try:
        return decode(ConsumerProtocolSubscription, request.protocols[0].metadata)
    except WireError as error:
        raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, str(error)) from error


def _admit(
    machine: ConsumerMachine,
    group: ConsumerGroup,
    member_id: str,
    request: JoinGroupRequest,
    subscription: ConsumerProtocolSubscription,
    caller: Caller,
    now_ms: int,
) -> GroupDecision:
    out = GroupDecision()
    member = classic_member(request, subscription, caller, group.members.get(member_id))
    owned = _owned(subscription, machine.topics)
    current = machine.update(group, member_id, member, owned, now_ms, out)
    machine.deadlines.cancel(Deadline(Wait.CLASSIC_JOIN, group.group_id, member_id))
    machine.renew_session(group, member_id, now_ms, request.session_timeout_ms)
    sync = Deadline(Wait.CLASSIC_SYNC, group.group_id, member_id)
    machine.deadlines.arm(sync, now_ms + member.rebalance_timeout_ms)
    response = JoinGroupResponse(
        generation_id=current.epoch,
        protocol_type=PROTOCOL_TYPE,
        protocol_name=request.protocols[0].name,
        member_id=member_id,
    )
    out.reply(caller.ticket, response)
    out.then = lambda: machine.after_join(group, now_ms)
    return out


def classic_member(
    request: JoinGroupRequest,
    subscription: ConsumerProtocolSubscription,
    caller: Caller,
    before: ConsumerGroupMemberMetadataValue | None,
) -> ConsumerGroupMemberMetadataValue:
    """The member's metadata, with all that its JoinGroup says."""
    timeout_ms = request.rebalance_timeout_ms
    return ConsumerGroupMemberMetadataValue(
        instance_id=request.group_instance_id,
        rack_id=subscription.rack_id,
        client_id=caller.client_id,
        client_host=caller.client_host,
        subscribed_topic_names=sorted(set(subscription.topics)),
        subscribed_topic_regex="",
        rebalance_timeout_ms=timeout_ms if timeout_ms >= 0 else request.session_timeout_ms,
        server_assignor=before.server_assignor if before is not None else None,
        classic_member_metadata=ClassicMemberMetadata(
            session_timeout_ms=request.session_timeout_ms,
            supported_protocols=[
                ClassicProtocol(name=protocol.name, metadata=bytes(protocol.metadata))
                for protocol in request.protocols
            ],
        ),
    )


def sync(
    machine: ConsumerMachine, group: ConsumerGroup, request: SyncGroupRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """The member's partitions. Raises KafkaError."""
    member_id = request.member_id
    classic = _classic(group, member_id, request.group_instance_id)
    _check_epoch(group, member_id, request.generation_id)
    protocol = classic.supported_protocols[0]
    for theirs, ours in ((request.protocol_type, PROTOCOL_TYPE), (request.protocol_name, protocol.name)):
        if theirs is not None and theirs != ours:
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    current = group.current(member_id)
    if group.epoch > current.epoch and current.state != MemberState.UNREVOKED_PARTITIONS:
        _expect_join(machine, group, member_id, now_ms)
        raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)
    machine.deadlines.cancel(Deadline(Wait.CLASSIC_SYNC, group.group_id, member_id))
    machine.renew_session(group, member_id, now_ms, classic.session_timeout_ms)
    response = SyncGroupResponse(
        protocol_type=PROTOCOL_TYPE,
        protocol_name=protocol.name,
        assignment=encoded_assignment(current.assigned, machine.topics, version_of(protocol.metadata)),
    )
    return GroupDecision(replies=[(caller.ticket, response)])


def heartbeat(
    machine: ConsumerMachine, group: ConsumerGroup, request: HeartbeatRequest, caller: Caller, now_ms: int
) -> GroupDecision:
    """A sign of life. REBALANCE_IN_PROGRESS when joining again would change something."""
    member_id = request.member_id
    classic = _classic(group, member_id, request.group_instance_id)
    _check_epoch(group, member_id, request.generation_id)
    machine.renew_session(group, member_id, now_ms, classic.session_timeout_ms)
    code = ErrorCode.NONE
    if _should_join(machine, group, member_id):
        _expect_join(machine, group, member_id, now_ms)
        code = ErrorCode.REBALANCE_IN_PROGRESS
    return GroupDecision(replies=[(caller.ticket, HeartbeatResponse(error_code=code))])


def _should_join(machine: ConsumerMachine, group: ConsumerGroup, member_id: str) -> bool:
    current = group.current(member_id)
    if current.epoch < group.epoch or current.state == MemberState.UNREVOKED_PARTITIONS:
        return True
    if group.checked_version != machine.topics.version:
        # Nobody may be left of the new protocol, whose heartbeats notice such changes.
        return subscribed_hash(group, machine.topics) != group.metadata_hash
    if current.state != MemberState.UNRELEASED_PARTITIONS:
        return False
    missing = group.target(member_id) - current.assigned
    return all(group.is_free_for(member_id, partition) for partition in missing)


def leave(
    machine: ConsumerMachine, group: ConsumerGroup, members: list[MemberIdentity], caller: Caller, now_ms: int
) -> GroupDecision:
    """Each member gets an answer of its own; they go together. Members of the new protocol may be named too."""
    gone: list[str] = []
    answers: list[MemberResponse] = []
    for identity in members:
        member_id = identity.member_id or group.static_members.get(identity.group_instance_id or "", "")
        code = ErrorCode.NONE
        try:
            group.known(member_id, identity.group_instance_id)
            if member_id in gone:
                raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
            gone.append(member_id)
        except KafkaError as error:
            code = error.code
        answers.append(
            MemberResponse(
                member_id=identity.member_id, group_instance_id=identity.group_instance_id, error_code=code
            )
        )
    out = GroupDecision()
    if gone:
        machine.remove(group, gone, now_ms, out)
    out.reply(caller.ticket, leave_response(answers, caller.version))
    return out


def encoded_assignment(partitions: Partitions, topics: Topics, version: int) -> bytes:
    """The partitions as the consumer protocol names them; those of topics that are gone are left out."""
    entries = [
        TopicPartition(topic=topics.by_id[topic_id].name, partitions=numbers)
        for topic_id, numbers in by_topic(partitions).items()
        if topic_id in topics.by_id
    ]
    return encode(ConsumerProtocolAssignment(assigned_partitions=entries), version)


def _owned(subscription: ConsumerProtocolSubscription, topics: Topics) -> Partitions:
    return frozenset(
        (topics.by_name[entry.topic].topic_id, partition)
        for entry in subscription.owned_partitions
        if entry.topic in topics.by_name
        for partition in entry.partitions
    )


def _classic(group: ConsumerGroup, member_id: str, instance_id: str | None) -> ClassicMemberMetadata:
    classic = group.known(member_id, instance_id).classic_member_metadata
    if classic is None:
        raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
    return classic


def _check_epoch(group: ConsumerGroup, member_id: str, generation_id: int) -> None:
    if generation_id != group.current(member_id).epoch:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def _expect_join(machine: ConsumerMachine, group: ConsumerGroup, member_id: str, now_ms: int) -> None:
    """The member has been told to come again; it has its rebalance timeout to do so, from when it first was."""
    deadline = Deadline(Wait.CLASSIC_JOIN, group.group_id, member_id)
    if machine.deadlines.at_ms(deadline) is None:
        timeout_ms = group.members[member_id].rebalance_timeout_ms
        machine.deadlines.arm(deadline, now_ms + timeout_ms)
