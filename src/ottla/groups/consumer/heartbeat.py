"""ConsumerGroupHeartbeat 0-1 (KIP-848): join at epoch 0, stay at the epoch last told, leave at -1 or,
static, -2.

Version 0 lets the coordinator make the member's id; from version 1 the member brings it (KIP-1082) and may
subscribe to a regular expression. Regular expressions are resolved at once, not in the background as Kafka
does.
"""

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller
from ottla.groups.config import GroupConfig
from ottla.groups.consumer import writes
from ottla.groups.consumer.current import (
    JOIN_EPOCH,
    LEAVE_EPOCH,
    NOTHING,
    STATIC_LEAVE_EPOCH,
    Current,
    Partitions,
    by_topic,
    flat,
)
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer.machine import ConsumerMachine
from ottla.groups.consumer.update import bad_expression
from ottla.groups.deadline import Deadline, Wait
from ottla.groups.decision import GroupDecision
from ottla.groups.pattern_syntax import PatternError
from ottla.groups.records.consumer import ConsumerGroupMemberMetadataValue
from ottla.groups.topic_pattern import topic_pattern
from ottla.wire.messages.consumer_group_heartbeat import (
    Assignment,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.offset_fetch import OffsetFetchRequestGroup

CLIENT_MADE_ID_SINCE = 1
MEMBER_EPOCH_SINCE = 9
"""The first version of OffsetCommit in which a member can be told that its epoch is stale."""


def check(request: ConsumerGroupHeartbeatRequest, version: int, config: GroupConfig) -> None:
    """Whether the request makes sense by itself. Raises INVALID_REQUEST, UNSUPPORTED_ASSIGNOR or
    INVALID_REGULAR_EXPRESSION."""
    for wrong, why in _faults(request, version):
        if wrong:
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
    if request.server_assignor is not None and request.server_assignor not in config.group_consumer_assignors:
        supported = ", ".join(config.group_consumer_assignors)
        text = f"there is no server assignor {request.server_assignor!r} here, only {supported}"
        raise KafkaError(ErrorCode.UNSUPPORTED_ASSIGNOR, text)
    if request.subscribed_topic_regex:
        try:
            topic_pattern(request.subscribed_topic_regex)
        except PatternError as error:
            raise bad_expression(request.subscribed_topic_regex, error) from error


def _faults(request: ConsumerGroupHeartbeatRequest, version: int) -> list[tuple[bool, str]]:
    """Everything that can be wrong, and whether it is, in the order in which Kafka looks."""
    epoch, joins = request.member_epoch, request.member_epoch == JOIN_EPOCH
    nothing_named = request.subscribed_topic_names is None and request.subscribed_topic_regex is None
    needs_id = version >= CLIENT_MADE_ID_SINCE or not joins
    return [
        (needs_id and not request.member_id.strip(), "the member id is empty"),
        (not request.group_id.strip(), "the group id is empty"),
        (
            request.instance_id is not None and not request.instance_id.strip(),
            "the instance id is there, but empty",
        ),
        (request.rack_id is not None and not request.rack_id.strip(), "the rack id is there, but empty"),
        (
            joins and request.rebalance_timeout_ms == -1,
            "a member that joins must say its rebalance timeout",
        ),
        (
            joins and (request.topic_partitions is None or bool(request.topic_partitions)),
            "a member that joins must say that it owns no partitions",
        ),
        (
            joins and nothing_named,
            "a member that joins must name topics or a regular expression, if only none",
        ),
        (
            epoch == STATIC_LEAVE_EPOCH and request.instance_id is None,
            "only a static member can leave for a while, and this one has no instance id",
        ),
        (epoch < STATIC_LEAVE_EPOCH, f"{epoch} is no member epoch"),
    ]


def heartbeat(
    machine: ConsumerMachine,
    group: ConsumerGroup,
    request: ConsumerGroupHeartbeatRequest,
    caller: Caller,
    now_ms: int,
) -> GroupDecision:
    """A request that passed `check`. Raises KafkaError."""
    if request.member_epoch in {LEAVE_EPOCH, STATIC_LEAVE_EPOCH}:
        return _leave(machine, group, request, caller, now_ms)
    member_id = request.member_id or caller.fresh_id
    if member_id not in group.members and len(group.members) >= machine.config.group_consumer_max_size:
        limit = machine.config.group_consumer_max_size
        text = f"group {group.group_id} is full with {limit} members"
        raise KafkaError(ErrorCode.GROUP_MAX_SIZE_REACHED, text)
    if request.member_epoch == JOIN_EPOCH:
        replaced = group.static_members.get(request.instance_id) if request.instance_id is not None else None
        if replaced is not None and replaced != member_id:
            _check_released(group, replaced, request)
            out = replace_static(machine, group, replaced, member_id)
            out.then = lambda: _stay(machine, group, member_id, request, caller, now_ms)
            return out
    else:
        group.known(member_id, request.instance_id)
        _check_epoch(group.current(member_id), request)
    return _stay(machine, group, member_id, request, caller, now_ms)


def _check_epoch(current: Current, request: ConsumerGroupHeartbeatRequest) -> None:
    """A member behind by one may only have lost an answer, if it has nothing that it should not."""
    if request.member_epoch == current.epoch:
        return
    if request.member_epoch == current.previous_epoch < current.epoch:
        owned = _owned(request)
        if owned is not None and owned <= current.assigned:
            return
    text = f"the member is at epoch {current.epoch}, not {request.member_epoch}: it has to start over with nothing"
    raise KafkaError(ErrorCode.FENCED_MEMBER_EPOCH, text)


def _stay(
    machine: ConsumerMachine,
    group: ConsumerGroup,
    member_id: str,
    request: ConsumerGroupHeartbeatRequest,
    caller: Caller,
    now_ms: int,
) -> GroupDecision:
    out = GroupDecision()
    before = group.current(member_id)
    member = _described(group.members.get(member_id, _NOBODY), request, caller)
    current = machine.update(group, member_id, member, _owned(request), now_ms, out)
    machine.renew_session(group, member_id, now_ms)
    tells_all = request.member_epoch == JOIN_EPOCH or _is_full(request)
    response = ConsumerGroupHeartbeatResponse(
        member_id=member_id,
        member_epoch=current.epoch,
        heartbeat_interval_ms=machine.config.group_consumer_heartbeat_interval_ms,
        assignment=_assignment(current) if tells_all or current.assigned != before.assigned else None,
    )
    out.reply(caller.ticket, response)
    return out


_NOBODY = ConsumerGroupMemberMetadataValue(
    instance_id=None,
    rack_id=None,
    subscribed_topic_regex="",
    server_assignor=None,
    classic_member_metadata=None,
)


def _described(
    before: ConsumerGroupMemberMetadataValue, request: ConsumerGroupHeartbeatRequest, caller: Caller
) -> ConsumerGroupMemberMetadataValue:
    """The member's metadata with what the request says anew; None and -1 mean «as before»."""
    names, regex = request.subscribed_topic_names, request.subscribed_topic_regex
    timeout_ms = request.rebalance_timeout_ms
    return ConsumerGroupMemberMetadataValue(
        instance_id=before.instance_id if request.instance_id is None else request.instance_id,
        rack_id=before.rack_id if request.rack_id is None else request.rack_id,
        client_id=caller.client_id,
        client_host=caller.client_host,
        subscribed_topic_names=before.subscribed_topic_names if names is None else sorted(set(names)),
        subscribed_topic_regex=before.subscribed_topic_regex if regex is None else regex,
        rebalance_timeout_ms=before.rebalance_timeout_ms if timeout_ms == -1 else timeout_ms,
        server_assignor=before.server_assignor
        if request.server_assignor is None
        else request.server_assignor,
        classic_member_metadata=None,
    )


def _check_released(group: ConsumerGroup, holder: str, request: ConsumerGroupHeartbeatRequest) -> None:
    """Whether the instance's last member has left, or speaks a protocol in which that is never said."""
    if group.current(holder).epoch != STATIC_LEAVE_EPOCH and not group.uses_classic_protocol(holder):
        text = f"instance {request.instance_id} is still member {holder}, which has not left"
        raise KafkaError(ErrorCode.UNRELEASED_INSTANCE_ID, text)


def replace_static(machine: ConsumerMachine, group: ConsumerGroup, old_id: str, new_id: str) -> GroupDecision:
    """The instance came back under another id: everything that was the old one's is the new one's."""
    current = group.current(old_id)
    machine.forget_deadlines(group, old_id)
    out = GroupDecision(records=writes.without_member(group.group_id, old_id))
    out.write(writes.member(group.group_id, new_id, group.members[old_id]))
    out.write(writes.target(group.group_id, new_id, group.target(old_id)))
    out.write(writes.current(group.group_id, new_id, Current(assigned=current.assigned)))
    return out


def _leave(
    machine: ConsumerMachine,
    group: ConsumerGroup,
    request: ConsumerGroupHeartbeatRequest,
    caller: Caller,
    now_ms: int,
) -> GroupDecision:
    group.known(request.member_id, request.instance_id)
    out = GroupDecision()
    if request.member_epoch == STATIC_LEAVE_EPOCH:
        # It keeps its partitions until it is back, or its session ends.
        current = group.current(request.member_id)
        gone = Current(STATIC_LEAVE_EPOCH, current.epoch, current.state, current.assigned, NOTHING)
        machine.deadlines.cancel(Deadline(Wait.REVOKE, group.group_id, request.member_id))
        out.write(writes.current(group.group_id, request.member_id, gone))
    else:
        machine.remove(group, [request.member_id], now_ms, out)
    response = ConsumerGroupHeartbeatResponse(member_id=request.member_id, member_epoch=request.member_epoch)
    out.reply(caller.ticket, response)
    return out


def _owned(request: ConsumerGroupHeartbeatRequest) -> Partitions | None:
    if request.topic_partitions is None:
        return None
    return flat((entry.topic_id, entry.partitions) for entry in request.topic_partitions)


def _is_full(request: ConsumerGroupHeartbeatRequest) -> bool:
    """Whether the member told everything it knows, as it does after an error: then it is told everything too."""
    return (
        request.rebalance_timeout_ms != -1
        and (request.subscribed_topic_names is not None or request.subscribed_topic_regex is not None)
        and request.topic_partitions is not None
    )


def _assignment(current: Current) -> Assignment:
    entries = by_topic(current.assigned).items()
    return Assignment(topic_partitions=[TopicPartitions(topic_id=t, partitions=p) for t, p in entries])


# What offsets ask of a consumer group


def check_commit(group: ConsumerGroup, request: OffsetCommitRequest, version: int) -> None:
    """May these offsets be committed? Raises KafkaError."""
    epoch = request.generation_id_or_member_epoch
    if epoch < 0 and not group.members:
        return  # an administrator, or a consumer that assigns itself
    member = group.known(request.member_id, None)
    if member.classic_member_metadata is None and version < MEMBER_EPOCH_SINCE:
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
    _check_offset_epoch(group, request.member_id, epoch)


def check_fetch(group: ConsumerGroup, request: OffsetFetchRequestGroup) -> None:
    """May these offsets be fetched? Administrators name no member. Raises KafkaError."""
    if request.member_id is not None or request.member_epoch >= 0:
        group.known(request.member_id or "", None)
        _check_offset_epoch(group, request.member_id or "", request.member_epoch)


def _check_offset_epoch(group: ConsumerGroup, member_id: str, epoch: int) -> None:
    if epoch != group.current(member_id).epoch:
        classic = group.uses_classic_protocol(member_id)
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION if classic else ErrorCode.STALE_MEMBER_EPOCH)
