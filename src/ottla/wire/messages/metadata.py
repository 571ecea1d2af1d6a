"""Metadata (key 3): brokers, topics, partitions and who leads them.

Asking with None means all topics (in v0 the empty list does). Topic ids since v10, asking by id since v12
(KIP-516); an error for the whole reply since v13, so that a client can be told to bootstrap again
(KIP-1102).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, boolean, ignorable, int16, int32, nullable, since, string, until, uuid


class MetadataRequest(Message, versions=(0, 13), flexible_from=9):
    topics: Annotated[list[MetadataRequestTopic] | None, nullable(1)] = []
    allow_auto_topic_creation: Annotated[boolean, since(4)] = True
    include_cluster_authorized_operations: Annotated[boolean, since(8), until(10)] = False
    include_topic_authorized_operations: Annotated[boolean, since(8)] = False


class MetadataRequestTopic(Message):
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    name: Annotated[string | None, nullable(10)] = ""


class MetadataResponse(Message, versions=(0, 13), flexible_from=9):
    throttle_time_ms: Annotated[int32, since(3), ignorable] = 0
    brokers: list[MetadataResponseBroker] = []
    cluster_id: Annotated[string | None, since(2), ignorable] = None
    controller_id: Annotated[int32, since(1), ignorable] = -1
    topics: list[MetadataResponseTopic] = []
    cluster_authorized_operations: Annotated[int32, since(8), until(10)] = -2147483648
    error_code: Annotated[int16, since(13), ignorable] = 0


class MetadataResponseBroker(Message):
    node_id: int32 = 0
    host: string = ""
    port: int32 = 0
    rack: Annotated[string | None, since(1), ignorable] = None


class MetadataResponseTopic(Message):
    error_code: int16 = 0
    name: Annotated[string | None, nullable(12)] = ""
    topic_id: Annotated[uuid, since(10), ignorable] = ZERO_UUID
    is_internal: Annotated[boolean, since(1), ignorable] = False
    partitions: list[MetadataResponsePartition] = []
    topic_authorized_operations: Annotated[int32, since(8)] = -2147483648


class MetadataResponsePartition(Message):
    error_code: int16 = 0
    partition_index: int32 = 0
    leader_id: int32 = 0
    leader_epoch: Annotated[int32, since(7), ignorable] = -1
    replica_nodes: list[int32] = []
    isr_nodes: list[int32] = []
    offline_replicas: Annotated[list[int32], since(5), ignorable] = []
