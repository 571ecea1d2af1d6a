"""AddPartitionsToTxn (key 24): partitions become part of a transaction (KIP-98).

Clients use v0 to v3, with one transaction at the top level. From v4 brokers ask among themselves, about
many transactions at once, and may only want to verify that a partition is in (KIP-890).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int16, int32, int64, since, string, until


class AddPartitionsToTxnRequest(Message, versions=(0, 5), flexible_from=3):
    transactions: Annotated[list[AddPartitionsToTxnTransaction], since(4)] = []
    v3_and_below_transactional_id: Annotated[string, until(3)] = ""
    v3_and_below_producer_id: Annotated[int64, until(3)] = 0
    v3_and_below_producer_epoch: Annotated[int16, until(3)] = 0
    v3_and_below_topics: Annotated[list[AddPartitionsToTxnTopic], until(3)] = []


class AddPartitionsToTxnTransaction(Message):
    transactional_id: string = ""
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    verify_only: boolean = False
    topics: list[AddPartitionsToTxnTopic] = []


class AddPartitionsToTxnTopic(Message):
    name: string = ""
    partitions: list[int32] = []


class AddPartitionsToTxnResponse(Message, versions=(0, 5), flexible_from=3):
    throttle_time_ms: int32 = 0
    error_code: Annotated[int16, since(4), ignorable] = 0
    results_by_transaction: Annotated[list[AddPartitionsToTxnResult], since(4)] = []
    results_by_topic_v3_and_below: Annotated[list[AddPartitionsToTxnTopicResult], until(3)] = []


class AddPartitionsToTxnResult(Message):
    transactional_id: string = ""
    topic_results: list[AddPartitionsToTxnTopicResult] = []


class AddPartitionsToTxnTopicResult(Message):
    name: string = ""
    results_by_partition: list[AddPartitionsToTxnPartitionResult] = []


class AddPartitionsToTxnPartitionResult(Message):
    partition_index: int32 = 0
    partition_error_code: int16 = 0
