"""AddPartitionsToTxn (key 24), versions 0–5: partitions become part of a transaction (KIP-98), or are found in it.

Up to version 3 a client names one transaction. From version 4 on other brokers may ask about several, to add their
partitions or only to verify them (KIP-890). One partition that does not exist keeps the others out too
(OPERATION_NOT_ATTEMPTED).

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_requests import ask
from ottla.cluster.cluster import Cluster
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode
from ottla.transactions.refusals import added
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult,
    AddPartitionsToTxnTransaction,
)

SEVERAL_SINCE = 4


async def add_partitions_to_txn(
    cluster: Cluster, transactions: TransactionCoordinators, request: AddPartitionsToTxnRequest, call: Call
) -> AddPartitionsToTxnResponse:
    """One result for each partition of each transaction."""
    if call.version < SEVERAL_SINCE:
        result = await _add(cluster, transactions, _only(request), call.version)
        return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=result.topic_results)
    results = [await _add(cluster, transactions, each, call.version) for each in request.transactions]
    return AddPartitionsToTxnResponse(results_by_transaction=results)


def _only(request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnTransaction:
    """The one transaction of an old request."""
    return AddPartitionsToTxnTransaction(
        transactional_id=request.v3_and_below_transactional_id,
        producer_id=request.v3_and_below_producer_id,
        producer_epoch=request.v3_and_below_producer_epoch,
        topics=request.v3_and_below_topics,
    )


async def _add(
    cluster: Cluster,
    transactions: TransactionCoordinators,
    transaction: AddPartitionsToTxnTransaction,
    version: int,
) -> AddPartitionsToTxnResult:
    missing = _missing(cluster.image, transaction)
    if missing:
        return _not_attempted(transaction, missing)
    result = await ask(
        transactions,
        transaction.transactional_id,
        transaction,
        version,
        lambda machine, ticket, now_ms: machine.add_partitions(transaction, version, ticket, now_ms),
    )
    assert isinstance(result, AddPartitionsToTxnResult)
    return result


def _missing(image: ClusterImage, transaction: AddPartitionsToTxnTransaction) -> set[tuple[str, int]]:
    return {
        (topic.name, index)
        for topic in transaction.topics
        for index in topic.partitions
        if image.partition(topic.name, index) is None
    }


def _not_attempted(
    transaction: AddPartitionsToTxnTransaction, missing: set[tuple[str, int]]
) -> AddPartitionsToTxnResult:
    result = added(transaction, ErrorCode.OPERATION_NOT_ATTEMPTED)
    for topic in result.topic_results:
        for partition in topic.results_by_partition:
            if (topic.name, partition.partition_index) in missing:
                partition.partition_error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return result
