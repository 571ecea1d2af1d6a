"""The requests of a classic group's member."""

from ottla.client.membership.assignment import protocol
from ottla.client.membership.machine import MemberConfig, Partitions
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.consumer_protocol import PROTOCOL_TYPE
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.join_group import JoinGroupRequest
from ottla.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.wire.schema import Message

_JOIN_GRACE_MS = 5_000
"""How much longer than the rebalance itself its answer may take."""

Membership = tuple[str, int]
"""A member id and the generation that it is a member of."""


def timeout_ms(config: MemberConfig, request: Message) -> int:
    """How long an answer may take: JoinGroup is parked until everyone has come."""
    if isinstance(request, JoinGroupRequest):
        return max(config.request_timeout_ms, config.max_poll_interval_ms + _JOIN_GRACE_MS)
    return config.request_timeout_ms


def join(
    config: MemberConfig,
    member_id: str,
    topics: frozenset[str],
    owned: Partitions,
    previous: tuple[Partitions, int],
) -> JoinGroupRequest:
    """With every strategy that the member has; `previous` is its last assignment and the generation of that."""
    return JoinGroupRequest(
        group_id=config.group_id,
        session_timeout_ms=config.session_timeout_ms,
        rebalance_timeout_ms=config.max_poll_interval_ms,
        member_id=member_id,
        group_instance_id=config.instance_id,
        protocol_type=PROTOCOL_TYPE,
        protocols=[
            protocol(assignor, topics, owned, previous, config.rack_id) for assignor in config.assignors
        ],
    )


def sync(
    config: MemberConfig, membership: Membership, strategy: str, shares: list[SyncGroupRequestAssignment]
) -> SyncGroupRequest:
    """With everybody's share, if this is the leader's."""
    member_id, generation_id = membership
    return SyncGroupRequest(
        group_id=config.group_id,
        generation_id=generation_id,
        member_id=member_id,
        group_instance_id=config.instance_id,
        protocol_type=PROTOCOL_TYPE,
        protocol_name=strategy,
        assignments=shares,
    )


def heartbeat(config: MemberConfig, membership: Membership) -> HeartbeatRequest:
    """It is alive."""
    member_id, generation_id = membership
    return HeartbeatRequest(
        group_id=config.group_id,
        generation_id=generation_id,
        member_id=member_id,
        group_instance_id=config.instance_id,
    )


def leave(config: MemberConfig, member_id: str) -> LeaveGroupRequest:
    """In the form of version 3 and later."""
    member = MemberIdentity(member_id=member_id, reason="the consumer leaves")
    return LeaveGroupRequest(group_id=config.group_id, members=[member])


def final_error(code: ErrorCode, config: MemberConfig) -> KafkaError:
    """What an error that ends the membership means to a person."""
    text = f"group {config.group_id}: {code.name}: {code.message}"
    if code is ErrorCode.FENCED_INSTANCE_ID:
        text += f" The other one has the same group_instance_id, {config.instance_id}."
    elif code is ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        names = ", ".join(assignor.name for assignor in config.assignors)
        text += f" This one offers partition_assignment_strategy {names}."
    return KafkaError(code, text)
