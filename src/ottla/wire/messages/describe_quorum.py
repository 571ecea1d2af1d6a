"""DescribeQuorum (key 55): leader, voters and observers of the metadata quorum, and how far each has come
(KIP-595).

Times since v1 (KIP-836), directory ids and the voters' addresses since v2 (KIP-853). Request and response
each have their own topic and partition structures; hence the prefixed names.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, ignorable, int16, int32, int64, since, string, uint16, uuid


class DescribeQuorumRequest(Message, versions=(0, 2), flexible_from=0):
    topics: list[RequestTopicData] = []


class RequestTopicData(Message):
    topic_name: string = ""
    partitions: list[RequestPartitionData] = []


class RequestPartitionData(Message):
    partition_index: int32 = 0


class DescribeQuorumResponse(Message, versions=(0, 2), flexible_from=0):
    error_code: int16 = 0
    error_message: Annotated[string | None, since(2), ignorable] = ""
    topics: list[ResponseTopicData] = []
    nodes: Annotated[list[Node], since(2)] = []


class ResponseTopicData(Message):
    topic_name: string = ""
    partitions: list[ResponsePartitionData] = []


class ResponsePartitionData(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
    error_message: Annotated[string | None, since(2), ignorable] = ""
    leader_id: int32 = 0
    leader_epoch: int32 = 0
    high_watermark: int64 = 0
    current_voters: list[ReplicaState] = []
    observers: list[ReplicaState] = []


class ReplicaState(Message):
    replica_id: int32 = 0
    replica_directory_id: Annotated[uuid, since(2)] = ZERO_UUID
    log_end_offset: int64 = 0
    last_fetch_timestamp: Annotated[int64, since(1), ignorable] = -1
    last_caught_up_timestamp: Annotated[int64, since(1), ignorable] = -1


class Node(Message):
    node_id: int32 = 0
    listeners: list[Listener] = []


class Listener(Message):
    name: string = ""
    host: string = ""
    port: uint16 = 0
