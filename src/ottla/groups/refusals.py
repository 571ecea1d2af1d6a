"""How each API says no: the response to a request that failed as a whole."""

from collections.abc import Callable
from typing import Any

from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import (
    consumer_group_describe,
    delete_groups,
    describe_groups,
    offset_commit,
    offset_fetch,
    txn_offset_commit,
)
from ottla.wire.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse
from ottla.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from ottla.wire.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from ottla.wire.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from ottla.wire.schema import Message

LOADING_SINCE = 2
"""The first version of TxnOffsetCommit that may be answered COORDINATOR_LOAD_IN_PROGRESS."""


def refusal(request: Message, error: KafkaError, version: int) -> Message:
    """The response to `request` in this version that carries `error`."""
    return _REFUSALS[type(request)](request, error, version)


def _join(request: JoinGroupRequest, error: KafkaError, version: int) -> JoinGroupResponse:
    return JoinGroupResponse(
        error_code=error.code,
        member_id="" if error.code is ErrorCode.GROUP_MAX_SIZE_REACHED else request.member_id,
        protocol_name=None if version >= 7 else "",
    )


def _heartbeat(_: object, error: KafkaError, __: int) -> ConsumerGroupHeartbeatResponse:
    return ConsumerGroupHeartbeatResponse(error_code=error.code, error_message=str(error))


def _commit(
    request: offset_commit.OffsetCommitRequest, error: KafkaError, _: int
) -> offset_commit.OffsetCommitResponse:
    """OffsetCommit has no place for an error but the partitions."""
    return offset_commit.OffsetCommitResponse(
        topics=[
            offset_commit.OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    offset_commit.OffsetCommitResponsePartition(
                        partition_index=partition.partition_index, error_code=error.code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _commit_in_transaction(
    request: txn_offset_commit.TxnOffsetCommitRequest, error: KafkaError, version: int
) -> txn_offset_commit.TxnOffsetCommitResponse:
    """Producers from before Apache Kafka 2.0 do not know that a coordinator may be loading."""
    code = error.code
    if code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS and version < LOADING_SINCE:
        code = ErrorCode.COORDINATOR_NOT_AVAILABLE
    return txn_offset_commit.TxnOffsetCommitResponse(
        topics=[
            txn_offset_commit.TxnOffsetCommitResponseTopic(
                name=topic.name,
                partitions=[
                    txn_offset_commit.TxnOffsetCommitResponsePartition(
                        partition_index=partition.partition_index, error_code=code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _fetch(request: offset_fetch.OffsetFetchRequestGroup, error: KafkaError, version: int) -> Message:
    """From version 2 the group has a code; version 1 only has partitions to put it on."""
    if version >= 2:
        return offset_fetch.OffsetFetchResponseGroup(group_id=request.group_id, error_code=error.code)
    return offset_fetch.OffsetFetchResponseGroup(
        group_id=request.group_id,
        topics=[
            offset_fetch.OffsetFetchResponseTopics(
                name=topic.name,
                partitions=[
                    offset_fetch.OffsetFetchResponsePartitions(
                        partition_index=index, committed_offset=-1, error_code=error.code
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in request.topics or ()
        ],
    )


def _describe(request: describe_groups.DescribeGroupsRequest, error: KafkaError, _: int) -> Message:
    groups = [
        describe_groups.DescribedGroup(error_code=error.code, group_id=group) for group in request.groups
    ]
    return describe_groups.DescribeGroupsResponse(groups=groups)


def _describe_consumer(
    request: consumer_group_describe.ConsumerGroupDescribeRequest, error: KafkaError, _: int
) -> Message:
    groups = [
        consumer_group_describe.DescribedGroup(
            error_code=error.code, error_message=str(error), group_id=group
        )
        for group in request.group_ids
    ]
    return consumer_group_describe.ConsumerGroupDescribeResponse(groups=groups)


def _delete(request: delete_groups.DeleteGroupsRequest, error: KafkaError, _: int) -> Message:
    results = [
        delete_groups.DeletableGroupResult(group_id=group, error_code=error.code)
        for group in request.groups_names
    ]
    return delete_groups.DeleteGroupsResponse(results=results)


def _plain(response: Callable[..., Message]) -> Callable[[Any, KafkaError, int], Message]:
    """For responses in which the code says it all."""
    return lambda _request, error, _version: response(error_code=error.code)


_REFUSALS: dict[type[Message], Callable[[Any, KafkaError, int], Message]] = {
    JoinGroupRequest: _join,
    SyncGroupRequest: _plain(SyncGroupResponse),
    HeartbeatRequest: _plain(HeartbeatResponse),
    LeaveGroupRequest: _plain(LeaveGroupResponse),
    ConsumerGroupHeartbeatRequest: _heartbeat,
    offset_commit.OffsetCommitRequest: _commit,
    offset_fetch.OffsetFetchRequestGroup: _fetch,
    txn_offset_commit.TxnOffsetCommitRequest: _commit_in_transaction,
    OffsetDeleteRequest: _plain(OffsetDeleteResponse),
    ListGroupsRequest: _plain(ListGroupsResponse),
    describe_groups.DescribeGroupsRequest: _describe,
    consumer_group_describe.ConsumerGroupDescribeRequest: _describe_consumer,
    delete_groups.DeleteGroupsRequest: _delete,
}
