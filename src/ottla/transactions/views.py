"""ListTransactions and DescribeTransactions, of the transactional ids of one partition."""

from collections.abc import Callable, Iterable, Iterator

from ottla.core.errors import ErrorCode
from ottla.transactions.states import BY_LABEL
from ottla.transactions.transaction import Transaction, schema_of
from ottla.wire.messages import describe_transactions as describing
from ottla.wire.messages import list_transactions as listing


def unknown_states(filters: listing.ListTransactionsRequest) -> list[str]:
    """The names in the request that are no state; the response tells the client."""
    return [name for name in dict.fromkeys(filters.state_filters) if name not in BY_LABEL]


def listed(
    transactions: Iterable[Transaction],
    filters: listing.ListTransactionsRequest,
    has_wanted_id: Callable[[str], bool],
    now_ms: int,
) -> Iterator[listing.TransactionState]:
    """The lines of ListTransactions that pass its filters. `has_wanted_id` is the pattern, as a predicate."""
    for transaction in transactions:
        if _is_wanted(transaction, filters, now_ms) and has_wanted_id(transaction.transactional_id):
            yield listing.TransactionState(
                transactional_id=transaction.transactional_id,
                producer_id=transaction.stored.producer_id,
                transaction_state=transaction.state.label,
            )


def _is_wanted(transaction: Transaction, filters: listing.ListTransactionsRequest, now_ms: int) -> bool:
    """An id without a transaction has begun at -1, so it passes any filter by duration, as in Kafka."""
    if filters.producer_id_filters and transaction.stored.producer_id not in filters.producer_id_filters:
        return False
    if filters.state_filters and transaction.state.label not in filters.state_filters:
        return False
    duration_ms = now_ms - transaction.stored.transaction_start_timestamp_ms
    return filters.duration_filter < 0 or duration_ms > filters.duration_filter


def described(transaction: Transaction | None, transactional_id: str) -> describing.TransactionState:
    """One answer of DescribeTransactions. While a transaction is ending, the partitions still without a marker."""
    if not transactional_id:
        return describing.TransactionState(error_code=ErrorCode.INVALID_REQUEST)
    if transaction is None:
        return describing.TransactionState(
            error_code=ErrorCode.TRANSACTIONAL_ID_NOT_FOUND, transactional_id=transactional_id
        )
    stored = transaction.stored
    return describing.TransactionState(
        transactional_id=transactional_id,
        transaction_state=transaction.state.label,
        transaction_timeout_ms=stored.transaction_timeout_ms,
        transaction_start_time_ms=stored.transaction_start_timestamp_ms,
        producer_id=stored.producer_id,
        producer_epoch=stored.producer_epoch,
        topics=[
            describing.TopicData(topic=each.topic, partitions=each.partition_ids)
            for each in schema_of(transaction.partitions)
        ],
    )
