"""ListOffsets (key 2), versions 1–11: the offset at a moment, or at a special place of the log.

Special timestamps: -1 latest (what a reader of that isolation level may read up to), -2 earliest, -3 the record with
the greatest timestamp (7+), -4 earliest on this disk (8+), -5 latest in tiered storage (9+), -6 earliest that is not
there yet (11+): without tiering, -4 is -2 and the last two are -1. A real timestamp gives the first record at or after
it; when there is none, offset -1 without an error (KIP-79).

Deviations: a deleted record is never found, and never hides a later one: where the greatest timestamp was that of one,
-3 finds nothing; a moment is looked for behind it, where Apache Kafka gives up until the segment is removed. An
isolation level that does not exist is 0, where Apache Kafka 4.2 fails with UNKNOWN_SERVER_ERROR.
"""

import logging
from collections import Counter

from ottla.broker.call import Call
from ottla.broker.epochs import check_leader_epoch
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.core.errors import ErrorCode
from ottla.log.errors import StorageError
from ottla.log.lookup import OffsetAndTimestamp
from ottla.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)

_log = logging.getLogger(__name__)

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = (
    -1,
    -2,
    -3,
    -4,
    -5,
    -6,
)
LEADER_EPOCH_SINCE = 4
NEVER = 1 << 15
_SINCE_VERSION = {
    LATEST: 1,
    EARLIEST: 1,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING_UPLOAD: 11,
}
_UNKNOWN = OffsetAndTimestamp(offset=-1, timestamp=-1, leader_epoch=-1)


async def list_offsets(
    partitions: Partitions, request: ListOffsetsRequest, call: Call
) -> ListOffsetsResponse:
    """One answer per partition; one that is named twice is refused, once."""
    times = Counter(
        (topic.name, each.partition_index) for topic in request.topics for each in topic.partitions
    )
    topics = []
    for topic in request.topics:
        answers = []
        for each in {each.partition_index: each for each in topic.partitions}.values():
            if times[topic.name, each.partition_index] > 1:
                answers.append(_failed(each.partition_index, ErrorCode.INVALID_REQUEST))
            else:
                answers.append(
                    await _one(partitions, topic.name, each, request.isolation_level == 1, call.version)
                )
        topics.append(ListOffsetsTopicResponse(name=topic.name, partitions=answers))
    return ListOffsetsResponse(topics=topics)


async def _one(
    partitions: Partitions, topic: str, asked: ListOffsetsPartition, read_committed: bool, version: int
) -> ListOffsetsPartitionResponse:
    if asked.timestamp < 0 and version < _SINCE_VERSION.get(asked.timestamp, NEVER):
        return _failed(asked.partition_index, ErrorCode.UNSUPPORTED_VERSION)
    partition = partitions.find(topic, asked.partition_index)
    if isinstance(partition, ErrorCode):
        return _failed(asked.partition_index, partition)
    if error := partition.error or check_leader_epoch(partition, asked.current_leader_epoch):
        return _failed(asked.partition_index, error)
    try:
        found = _find(partition, asked.timestamp, read_committed=read_committed)
    except (OSError, StorageError) as error:
        _log.error("%s: cannot look for timestamp %d: %s", partition, asked.timestamp, error)
        return _failed(asked.partition_index, ErrorCode.KAFKA_STORAGE_ERROR)
    return ListOffsetsPartitionResponse(
        partition_index=asked.partition_index,
        timestamp=found.timestamp,
        offset=found.offset,
        leader_epoch=found.leader_epoch if version >= LEADER_EPOCH_SINCE else -1,
    )


def _find(partition: Partition, timestamp: int, *, read_committed: bool) -> OffsetAndTimestamp:
    """What stands at `timestamp`, hiding all that a reader of this isolation level may not read yet."""
    log = partition.log
    end_offset = log.last_stable_offset if read_committed else log.high_watermark
    if timestamp == LATEST:
        return OffsetAndTimestamp(offset=end_offset, timestamp=-1, leader_epoch=partition.leader_epoch)
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        return log.earliest()
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return _UNKNOWN
    found = log.latest_by_timestamp() if timestamp == MAX_TIMESTAMP else log.offset_for_timestamp(timestamp)
    return found if found is not None and found.offset < end_offset else _UNKNOWN


def _failed(index: int, error: ErrorCode) -> ListOffsetsPartitionResponse:
    return ListOffsetsPartitionResponse(partition_index=index, error_code=error)
