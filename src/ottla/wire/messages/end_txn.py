"""EndTxn (key 26): commit or abort a transaction (KIP-98).

Since v5 the reply hands out the producer id and epoch for the next transaction (KIP-890).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int16, int32, int64, since, string


class EndTxnRequest(Message, versions=(0, 5), flexible_from=3):
    transactional_id: string = ""
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    committed: boolean = False


class EndTxnResponse(Message, versions=(0, 5), flexible_from=3):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    producer_id: Annotated[int64, since(5), ignorable] = -1
    producer_epoch: Annotated[int16, since(5), ignorable] = -1
