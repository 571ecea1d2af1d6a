"""InitProducerId (key 22): a producer id with an epoch, for idempotence or for a transactional id (KIP-98).

Since v3 a producer can carry on with the id it has (KIP-360); v6 prepares two-phase commit (KIP-939), and
Apache Kafka does not call it stable yet.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, int16, int32, int64, since, string


class InitProducerIdRequest(Message, versions=(0, 6), flexible_from=2):
    transactional_id: string | None = ""
    transaction_timeout_ms: int32 = 0
    producer_id: Annotated[int64, since(3)] = -1
    producer_epoch: Annotated[int16, since(3)] = -1
    enable2_pc: Annotated[boolean, since(6)] = False
    keep_prepared_txn: Annotated[boolean, since(6)] = False


class InitProducerIdResponse(Message, versions=(0, 6), flexible_from=2):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    producer_id: int64 = -1
    producer_epoch: int16 = 0
    ongoing_txn_producer_id: Annotated[int64, since(6)] = -1
    ongoing_txn_producer_epoch: Annotated[int16, since(6)] = -1
