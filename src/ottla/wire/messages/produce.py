"""Produce (key 0): a client hands record batches to the leaders of partitions.

Records are passed on as they are, one batch to a partition. Old fields name the topic, v13 its id
(KIP-516). From v10 a reply may say in tagged fields who leads now (KIP-951); v11 and v12 belong to
transactions (KIP-890).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import (
    ZERO_UUID,
    fresh,
    ignorable,
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


class ProduceRequest(Message, versions=(3, 13), flexible_from=9):
    transactional_id: string | None = None
    acks: int16 = 0
    timeout_ms: int32 = 0
    topic_data: list[TopicProduceData] = []


class TopicProduceData(Message):
    name: Annotated[string, until(12), ignorable] = ""
    topic_id: Annotated[uuid, since(13), ignorable] = ZERO_UUID
    partition_data: list[PartitionProduceData] = []


class PartitionProduceData(Message):
    index: int32 = 0
    records: records_ | None = None


class ProduceResponse(Message, versions=(3, 13), flexible_from=9):
    responses: list[TopicProduceResponse] = []
    throttle_time_ms: int32 = 0
    node_endpoints: Annotated[list[NodeEndpoint], since(10), tagged(0)] = []


class TopicProduceResponse(Message):
    name: Annotated[string, until(12), ignorable] = ""
    topic_id: Annotated[uuid, since(13), ignorable] = ZERO_UUID
    partition_responses: list[PartitionProduceResponse] = []


class PartitionProduceResponse(Message):
    index: int32 = 0
    error_code: int16 = 0
    base_offset: int64 = 0
    log_append_time_ms: int64 = -1
    log_start_offset: Annotated[int64, since(5), ignorable] = -1
    record_errors: Annotated[list[BatchIndexAndErrorMessage], since(8), ignorable] = []
    error_message: Annotated[string | None, since(8), ignorable] = None
    current_leader: Annotated[LeaderIdAndEpoch, since(10), tagged(0)] = fresh()


class BatchIndexAndErrorMessage(Message):
    batch_index: int32 = 0
    batch_index_error_message: string | None = None


class LeaderIdAndEpoch(Message):
    leader_id: int32 = -1
    leader_epoch: int32 = -1


class NodeEndpoint(Message):
    node_id: int32 = 0
    host: string = ""
    port: int32 = 0
    rack: string | None = None
