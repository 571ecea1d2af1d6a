"""DescribeTransactions (key 65): the state of transactional ids, as their coordinator knows it (KIP-664)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, int64, string


class DescribeTransactionsRequest(Message, versions=(0, 0), flexible_from=0):
    transactional_ids: list[string] = []


class DescribeTransactionsResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    transaction_states: list[TransactionState] = []


class TransactionState(Message):
    error_code: int16 = 0
    transactional_id: string = ""
    transaction_state: string = ""
    transaction_timeout_ms: int32 = 0
    transaction_start_time_ms: int64 = 0
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    topics: list[TopicData] = []


class TopicData(Message):
    topic: string = ""
    partitions: list[int32] = []
