"""AddOffsetsToTxn (key 25): a group's offsets become part of a transaction (KIP-98)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, int64, string


class AddOffsetsToTxnRequest(Message, versions=(0, 4), flexible_from=3):
    transactional_id: string = ""
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    group_id: string = ""


class AddOffsetsToTxnResponse(Message, versions=(0, 4), flexible_from=3):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
