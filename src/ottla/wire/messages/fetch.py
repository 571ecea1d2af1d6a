"""Fetch (key 1): consumers and followers ask leaders for record batches, and may wait for them.

Sessions since v7 (KIP-227), preferred replicas since v11 (KIP-392), topic ids since v13 (KIP-516),
divergence of followers since v12 (KIP-595), the follower's state in a tagged field since v15 (KIP-903),
leaders that moved since v16 (KIP-951), directory ids since v17 (KIP-853) and the follower's known high
watermark since v18 (KIP-1166).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import (
    ZERO_UUID,
    fresh,
    ignorable,
    int8,
    int16,
    int32,
    int64,
    records_,
    since,
    string,
    tagged,
    until,
    uuid,
)


class FetchRequest(Message, versions=(4, 18), flexible_from=12):
    cluster_id: Annotated[string | None, since(12), tagged(0), ignorable] = None
    replica_id: Annotated[int32, until(14)] = -1
    replica_state: Annotated[ReplicaState, since(15), tagged(1)] = fresh()
    max_wait_ms: int32 = 0
    min_bytes: int32 = 0
    max_bytes: int32 = 2147483647
    isolation_level: int8 = 0
    session_id: Annotated[int32, since(7), ignorable] = 0
    session_epoch: Annotated[int32, since(7), ignorable] = -1
    topics: list[FetchTopic] = []
    forgotten_topics_data: Annotated[list[ForgottenTopic], since(7)] = []
    rack_id: Annotated[string, since(11), ignorable] = ""


class ReplicaState(Message):
    replica_id: int32 = -1
    replica_epoch: int64 = -1


class FetchTopic(Message):
    topic: Annotated[string, until(12), ignorable] = ""
    topic_id: Annotated[uuid, since(13), ignorable] = ZERO_UUID
    partitions: list[FetchPartition] = []


class FetchPartition(Message):
    partition: int32 = 0
    current_leader_epoch: Annotated[int32, since(9), ignorable] = -1
    fetch_offset: int64 = 0
    last_fetched_epoch: Annotated[int32, since(12)] = -1
    log_start_offset: Annotated[int64, since(5), ignorable] = -1
    partition_max_bytes: int32 = 0
    replica_directory_id: Annotated[uuid, since(17), tagged(0), ignorable] = ZERO_UUID
    high_watermark: Annotated[int64, since(18), tagged(1), ignorable] = 9223372036854775807


class ForgottenTopic(Message):
    topic: Annotated[string, until(12), ignorable] = ""
    topic_id: Annotated[uuid, since(13), ignorable] = ZERO_UUID
    partitions: list[int32] = []


class FetchResponse(Message, versions=(4, 18), flexible_from=12):
    throttle_time_ms: int32 = 0
    error_code: Annotated[int16, since(7), ignorable] = 0
    session_id: Annotated[int32, since(7)] = 0
    responses: list[FetchableTopicResponse] = []
    node_endpoints: Annotated[list[NodeEndpoint], since(16), tagged(0)] = []


class FetchableTopicResponse(Message):
    topic: Annotated[string, until(12), ignorable] = ""
    topic_id: Annotated[uuid, since(13), ignorable] = ZERO_UUID
    partitions: list[PartitionData] = []


class PartitionData(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
    high_watermark: int64 = 0
    last_stable_offset: int64 = -1
    log_start_offset: Annotated[int64, since(5), ignorable] = -1
    diverging_epoch: Annotated[EpochEndOffset, since(12), tagged(0)] = fresh()
    current_leader: Annotated[LeaderIdAndEpoch, since(12), tagged(1)] = fresh()
    snapshot_id: Annotated[SnapshotId, since(12), tagged(2)] = fresh()
    aborted_transactions: list[AbortedTransaction] | None = []
    preferred_read_replica: Annotated[int32, since(11)] = -1
    records: records_ | None = None


class EpochEndOffset(Message):
    epoch: int32 = -1
    end_offset: int64 = -1


class LeaderIdAndEpoch(Message):
    leader_id: int32 = -1
    leader_epoch: int32 = -1


class SnapshotId(Message):
    end_offset: int64 = -1
    epoch: int32 = -1


class AbortedTransaction(Message):
    producer_id: int64 = 0
    first_offset: int64 = 0


class NodeEndpoint(Message):
    node_id: int32 = 0
    host: string = ""
    port: int32 = 0
    rack: string | None = None
