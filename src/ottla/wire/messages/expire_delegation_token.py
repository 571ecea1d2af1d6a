"""ExpireDelegationToken (key 40): end the life of a delegation token, or change when it ends (KIP-48)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, int16, int32, int64


class ExpireDelegationTokenRequest(Message, versions=(1, 2), flexible_from=2):
    hmac: bytes_ = b""
    expiry_time_period_ms: int64 = 0


class ExpireDelegationTokenResponse(Message, versions=(1, 2), flexible_from=2):
    error_code: int16 = 0
    expiry_timestamp_ms: int64 = 0
    throttle_time_ms: int32 = 0
