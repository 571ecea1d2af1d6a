"""ListTransactions (key 66): the transactional ids that a broker coordinates (KIP-664).

A filter by duration since v1 (KIP-994), by a pattern since v2 (KIP-1152).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, int64, since, string


class ListTransactionsRequest(Message, versions=(0, 2), flexible_from=0):
    state_filters: list[string] = []
    producer_id_filters: list[int64] = []
    duration_filter: Annotated[int64, since(1)] = -1
    transactional_id_pattern: Annotated[string | None, since(2)] = None


class ListTransactionsResponse(Message, versions=(0, 2), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    unknown_state_filters: list[string] = []
    transaction_states: list[TransactionState] = []


class TransactionState(Message):
    transactional_id: string = ""
    producer_id: int64 = 0
    transaction_state: string = ""
