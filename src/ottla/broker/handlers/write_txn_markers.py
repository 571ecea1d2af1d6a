"""WriteTxnMarkers (key 27), versions 1–2: a coordinator tells partitions how transactions ended (KIP-98).

An administrator may send it too, to end a transaction that hangs (KIP-664). Since version 2 it says which transaction
version the marker is of; then its epoch must be above that of what it ends (KIP-1228).

Deviations: a negative producer id or epoch is an INVALID_REQUEST; Kafka has an unknown error for -1 and takes others.
"""

from collections.abc import Mapping

from ottla.broker.call import Call
from ottla.broker.transaction_markers import Marker, Markers, TopicPartition
from ottla.core.errors import ErrorCode
from ottla.wire.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerPartitionResult,
    WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)


async def write_txn_markers(
    markers: Markers, request: WriteTxnMarkersRequest, call: Call
) -> WriteTxnMarkersResponse:
    """One result for each partition of each marker."""
    return WriteTxnMarkersResponse(markers=[await _write(markers, each) for each in request.markers])


async def _write(markers: Markers, wanted: WritableTxnMarker) -> WritableTxnMarkerResult:
    marker = Marker(
        wanted.producer_id,
        wanted.producer_epoch,
        wanted.coordinator_epoch,
        wanted.transaction_result,
        wanted.transaction_version,
    )
    partitions = [(topic.name, index) for topic in wanted.topics for index in topic.partition_indexes]
    return _result(wanted, await markers.write(marker, partitions))


def _result(
    wanted: WritableTxnMarker, outcomes: Mapping[TopicPartition, ErrorCode]
) -> WritableTxnMarkerResult:
    return WritableTxnMarkerResult(
        producer_id=wanted.producer_id,
        topics=[
            WritableTxnMarkerTopicResult(
                name=topic.name,
                partitions=[
                    WritableTxnMarkerPartitionResult(
                        partition_index=index, error_code=outcomes[topic.name, index]
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in wanted.topics
        ],
    )
