"""OffsetForLeaderEpoch (key 23), versions 2–4: where a leader epoch ended (KIP-320), so that a client or follower
whose history differs finds the offset to go back to.

Deviations: none. An epoch older or newer than all we know answers -1/-1.
"""

from ottla.broker.call import Call
from ottla.broker.epochs import check_leader_epoch
from ottla.broker.partitions import Partitions
from ottla.core.errors import ErrorCode
from ottla.wire.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
)


async def offset_for_leader_epoch(
    partitions: Partitions, request: OffsetForLeaderEpochRequest, _call: Call
) -> OffsetForLeaderEpochResponse:
    """One answer per partition asked for."""
    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[await _one(partitions, topic.topic, each) for each in topic.partitions],
            )
            for topic in request.topics
        ]
    )


async def _one(partitions: Partitions, topic: str, asked: OffsetForLeaderPartition) -> EpochEndOffset:
    partition = partitions.find(topic, asked.partition)
    if isinstance(partition, ErrorCode):
        return EpochEndOffset(partition=asked.partition, error_code=partition)
    if error := partition.error or check_leader_epoch(partition, asked.current_leader_epoch):
        return EpochEndOffset(partition=asked.partition, error_code=error)
    epoch, end_offset = partition.log.end_offset_for_epoch(asked.leader_epoch)
    return EpochEndOffset(partition=asked.partition, leader_epoch=epoch, end_offset=end_offset)
