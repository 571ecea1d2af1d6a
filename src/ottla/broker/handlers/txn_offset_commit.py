"""TxnOffsetCommit (key 28), versions 0–5: a group's offsets, which count once the transaction commits (KIP-98).

Since version 3 the member and its generation are checked (KIP-447). From version 5 on the group becomes part of the
transaction with its first offsets; before, AddOffsetsToTxn has made it so, which is verified (KIP-890). A partition
that does not exist gets UNKNOWN_TOPIC_OR_PARTITION; the others are committed all the same.

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.group_requests import ask
from ottla.broker.partition import Partition
from ottla.broker.transaction_gate import CoordinatorsGate
from ottla.cluster.cluster import Cluster
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.caller import Caller
from ottla.groups.coordinator import GroupCoordinator
from ottla.groups.decision import GroupDecision
from ottla.groups.offsets import transactions as offsets
from ottla.groups.refusals import refusal
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
)
from ottla.wire.schema import Message

NO_SEQUENCE = -1
ABORTABLE_SINCE = 4
"""The first version whose clients know TRANSACTION_ABORTABLE."""


async def txn_offset_commit(
    cluster: Cluster,
    groups: GroupCoordinators,
    gate: CoordinatorsGate,
    request: TxnOffsetCommitRequest,
    call: Call,
) -> Message:
    """One result for each partition."""
    unknown = _take_out_unknown(cluster.image, request)
    response: Message = TxnOffsetCommitResponse()
    if request.topics:
        try:
            response = await _commit(groups, gate, request, call)
        except KafkaError as error:
            response = refusal(request, error, call.version)
    assert isinstance(response, TxnOffsetCommitResponse)
    response.topics = _merged([*response.topics, *unknown])
    return response


async def _commit(
    groups: GroupCoordinators, gate: CoordinatorsGate, request: TxnOffsetCommitRequest, call: Call
) -> Message:
    """A group that is part of the transaction already needs no question. Raises KafkaError."""
    if not request.group_id:
        raise KafkaError(ErrorCode.INVALID_GROUP_ID)
    partition = (await groups.shard_of(request.group_id)).partition
    if partition.log.producers.has_fenced(request.producer_id, request.producer_epoch):
        raise KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH)
    question = None
    if not _in_transaction(partition, request):
        question = partition.unverified.ask(request.producer_id, request.producer_epoch, NO_SEQUENCE)
        await _admit(gate, partition, request, call.version)

    def decide(machine: GroupCoordinator, caller: Caller, now_ms: int) -> GroupDecision:
        """A marker that came since the question means that the transaction is over."""
        if not _in_transaction(partition, request) and (
            question is None or not partition.unverified.is_pending(request.producer_id, question)
        ):
            return GroupDecision(replies=[(caller.ticket, KafkaError(ErrorCode.INVALID_TXN_STATE))])
        partition.unverified.settle(request.producer_id)
        return offsets.commit(machine, request, caller, now_ms)

    return await ask(groups, request.group_id, request, call, decide)


def _in_transaction(partition: Partition, request: TxnOffsetCommitRequest) -> bool:
    return partition.log.producers.in_transaction(request.producer_id, request.producer_epoch)


async def _admit(
    gate: CoordinatorsGate, partition: Partition, request: TxnOffsetCommitRequest, version: int
) -> None:
    """Raises KafkaError unless the transaction's coordinator knows of the group."""
    named = partition.topic, partition.index
    error = await gate.admit_offsets(
        request.transactional_id, request.producer_id, request.producer_epoch, named, version
    )
    if error:
        raise KafkaError(_known_to(error, version))


def _known_to(error: ErrorCode, version: int) -> ErrorCode:
    """What a client of this version is told, so that it does the right thing."""
    if error is ErrorCode.PRODUCER_FENCED:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    if error is ErrorCode.TRANSACTION_ABORTABLE and version < ABORTABLE_SINCE:
        return ErrorCode.INVALID_TXN_STATE
    return error


def _take_out_unknown(
    image: ClusterImage, request: TxnOffsetCommitRequest
) -> list[TxnOffsetCommitResponseTopic]:
    """Leave only partitions that exist in the request; the answers for the others."""
    unknown, known = [], []
    for topic in request.topics:
        there = [each for each in topic.partitions if image.partition(topic.name, each.partition_index)]
        missing = [
            each.partition_index
            for each in topic.partitions
            if not image.partition(topic.name, each.partition_index)
        ]
        if there:
            known.append(TxnOffsetCommitRequestTopic(name=topic.name, partitions=there))
        if missing:
            unknown.append(_missing(topic.name, missing))
    request.topics = known
    return unknown


def _merged(topics: list[TxnOffsetCommitResponseTopic]) -> list[TxnOffsetCommitResponseTopic]:
    """One entry for each topic."""
    merged: dict[str, TxnOffsetCommitResponseTopic] = {}
    for topic in topics:
        known = merged.setdefault(topic.name, topic)
        if known is not topic:
            known.partitions += topic.partitions
    return list(merged.values())


def _missing(topic: str, indexes: list[int]) -> TxnOffsetCommitResponseTopic:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return TxnOffsetCommitResponseTopic(
        name=topic,
        partitions=[TxnOffsetCommitResponsePartition(partition_index=i, error_code=code) for i in indexes],
    )
