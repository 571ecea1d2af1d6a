"""TxnOffsetCommit: offsets that count once their transaction commits (KIP-98).

Who may (KIP-447): a member in the group's present generation, so that a consumer that was thrown out of its group
cannot commit what another one has taken over; or a producer that names no member, as old ones do. Whether the producer
has such a transaction is its coordinator's to say; the shell has asked it.
"""

from ottla.core.decision import Ticket
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller
from ottla.groups.classic.group import ClassicGroup
from ottla.groups.classic.states import State
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.decision import GroupDecision, decided
from ottla.groups.records.codec import GroupRecord
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.groups.state import GroupState
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
)
from ottla.wire.types import ZERO_UUID

NO_GENERATION = -1


def commit(state: GroupState, request: TxnOffsetCommitRequest, caller: Caller, now_ms: int) -> GroupDecision:
    """TxnOffsetCommit of topics that exist, in a transaction that is known to be open."""
    return decided(caller.ticket, lambda: _commit(state, request, caller.ticket, now_ms))


def _commit(state: GroupState, request: TxnOffsetCommitRequest, ticket: Ticket, now_ms: int) -> GroupDecision:
    """Records that wait for the marker. Metadata that is too long costs its partition."""
    _check(state, request)
    out = GroupDecision()
    response = TxnOffsetCommitResponse()
    for topic in request.topics:
        entry = TxnOffsetCommitResponseTopic(name=topic.name)
        for partition in topic.partitions:
            code = ErrorCode.NONE
            if len(partition.committed_metadata or "") > state.config.offset_metadata_max_bytes:
                code = ErrorCode.OFFSET_METADATA_TOO_LARGE
            else:
                out.write(_record(state, request, topic.name, partition, now_ms))
            entry.partitions.append(
                TxnOffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=code)
            )
        response.topics.append(entry)
    out.reply(ticket, response)
    return out


def _record(
    state: GroupState,
    request: TxnOffsetCommitRequest,
    topic: str,
    partition: TxnOffsetCommitRequestPartition,
    now_ms: int,
) -> GroupRecord:
    known = state.topics.by_name.get(topic)
    return GroupRecord(
        OffsetCommitKey(group=request.group_id, topic=topic, partition=partition.partition_index),
        OffsetCommitValue(
            offset=partition.committed_offset,
            leader_epoch=partition.committed_leader_epoch,
            metadata=partition.committed_metadata or "",
            commit_timestamp=now_ms,
            topic_id=known.topic_id if known is not None else ZERO_UUID,
        ),
        request.producer_id,
        request.producer_epoch,
    )


def _check(state: GroupState, request: TxnOffsetCommitRequest) -> None:
    """Raises KafkaError unless these offsets may be committed."""
    if not request.group_id:
        raise KafkaError(ErrorCode.INVALID_GROUP_ID)
    group = state.groups.get(request.group_id)
    if isinstance(group, ClassicGroup):
        _check_classic(group, request)
    elif isinstance(group, ConsumerGroup):
        _check_consumer(group, request)
    elif request.generation_id >= 0:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def _check_classic(group: ClassicGroup, request: TxnOffsetCommitRequest) -> None:
    if request.generation_id < 0 and group.state is State.EMPTY:
        return
    if request.generation_id >= 0 or not _names_nobody(request):
        group.known(request.member_id, request.group_instance_id)
        if request.generation_id != group.generation_id:
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def _check_consumer(group: ConsumerGroup, request: TxnOffsetCommitRequest) -> None:
    """The request speaks of generations, so that a stale member epoch is an ILLEGAL_GENERATION too."""
    if request.generation_id < 0 and not group.members:
        return
    if request.generation_id == NO_GENERATION and _names_nobody(request):
        return
    group.known(request.member_id, None)
    if request.generation_id != group.current(request.member_id).epoch:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def _names_nobody(request: TxnOffsetCommitRequest) -> bool:
    return not request.member_id and request.group_instance_id is None
