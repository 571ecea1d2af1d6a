"""WriteTxnMarkers (key 27): a transaction coordinator tells partition leaders how transactions ended
(KIP-98).

Since v2 it says which transaction version is in force, so that epochs can be checked strictly (KIP-1228).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int8, int16, int32, int64, since, string


class WriteTxnMarkersRequest(Message, versions=(1, 2), flexible_from=1):
    markers: list[WritableTxnMarker] = []


class WritableTxnMarker(Message):
    producer_id: int64 = 0
    producer_epoch: int16 = 0
    transaction_result: boolean = False
    topics: list[WritableTxnMarkerTopic] = []
    coordinator_epoch: int32 = 0
    transaction_version: Annotated[int8, since(2), ignorable] = 0


class WritableTxnMarkerTopic(Message):
    name: string = ""
    partition_indexes: list[int32] = []


class WriteTxnMarkersResponse(Message, versions=(1, 2), flexible_from=1):
    markers: list[WritableTxnMarkerResult] = []


class WritableTxnMarkerResult(Message):
    producer_id: int64 = 0
    topics: list[WritableTxnMarkerTopicResult] = []


class WritableTxnMarkerTopicResult(Message):
    name: string = ""
    partitions: list[WritableTxnMarkerPartitionResult] = []


class WritableTxnMarkerPartitionResult(Message):
    partition_index: int32 = 0
    error_code: int16 = 0
