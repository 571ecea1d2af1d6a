"""UnregisterBroker (key 64): forget a broker that will not come back (KIP-631)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, string


class UnregisterBrokerRequest(Message, versions=(0, 0), flexible_from=0):
    broker_id: int32 = 0


class UnregisterBrokerResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
