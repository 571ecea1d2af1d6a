"""CreateTopics (key 19): new topics, with their configs, or with replicas placed by hand.

Defaults for partition count and replication factor since v4 (KIP-464), the resulting configs in the reply
since v5 (KIP-525), quotas on such changes since v6 (KIP-599), the new topic's id since v7 (KIP-516).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, boolean, ignorable, int8, int16, int32, since, string, tagged, uuid


class CreateTopicsRequest(Message, versions=(2, 7), flexible_from=5):
    topics: list[CreatableTopic] = []
    timeout_ms: int32 = 60000
    validate_only: boolean = False


class CreatableTopic(Message):
    name: string = ""
    num_partitions: int32 = 0
    replication_factor: int16 = 0
    assignments: list[CreatableReplicaAssignment] = []
    configs: list[CreatableTopicConfig] = []


class CreatableReplicaAssignment(Message):
    partition_index: int32 = 0
    broker_ids: list[int32] = []


class CreatableTopicConfig(Message):
    name: string = ""
    value: string | None = ""


class CreateTopicsResponse(Message, versions=(2, 7), flexible_from=5):
    throttle_time_ms: int32 = 0
    topics: list[CreatableTopicResult] = []


class CreatableTopicResult(Message):
    name: string = ""
    topic_id: Annotated[uuid, since(7), ignorable] = ZERO_UUID
    error_code: int16 = 0
    error_message: string | None = ""
    topic_config_error_code: Annotated[int16, since(5), tagged(0), ignorable] = 0
    num_partitions: Annotated[int32, since(5), ignorable] = -1
    replication_factor: Annotated[int16, since(5), ignorable] = -1
    configs: Annotated[list[CreatableTopicConfigs] | None, since(5), ignorable] = []


class CreatableTopicConfigs(Message):
    name: string = ""
    value: string | None = ""
    read_only: boolean = False
    config_source: int8 = -1
    is_sensitive: boolean = False
