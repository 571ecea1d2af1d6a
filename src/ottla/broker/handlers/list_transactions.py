"""ListTransactions (key 66), versions 0–2: the transactional ids that this broker coordinates (KIP-664).

Filtered by state and producer id, by how long the transaction lasts since version 1 (KIP-994), by a pattern in RE2's
syntax since version 2 (KIP-1152). States that nobody knows are named in the answer.

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.core.decision import Ticket
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.pattern_syntax import PatternError
from ottla.groups.topic_pattern import select_texts, topic_pattern
from ottla.transactions import views
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.transactions.decision import TransactionDecision, decided
from ottla.wire.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse


async def list_transactions(
    transactions: TransactionCoordinators, request: ListTransactionsRequest, call: Call
) -> ListTransactionsResponse:
    """The ids of all coordinators here."""
    response = ListTransactionsResponse(unknown_state_filters=views.unknown_states(request))
    try:
        _check_pattern(request.transactional_id_pattern)
        shards = await transactions.all_shards()
    except KafkaError as error:
        return ListTransactionsResponse(error_code=error.code)

    def decide(machine: TransactionCoordinator, ticket: Ticket, now_ms: int) -> TransactionDecision:
        return decided(ticket, lambda: _listed(machine, request, ticket, now_ms))

    for shard in shards:
        part = await shard.ask(decide)
        if isinstance(part, KafkaError):
            return ListTransactionsResponse(error_code=part.code)
        assert isinstance(part, ListTransactionsResponse)
        response.transaction_states += part.transaction_states
    return response


def _listed(
    machine: TransactionCoordinator, request: ListTransactionsRequest, ticket: Ticket, now_ms: int
) -> TransactionDecision:
    """One coordinator's ids. Raises KafkaError: INVALID_REGULAR_EXPRESSION, for one that takes too long."""
    ids = frozenset(machine.transactions)
    if request.transactional_id_pattern:
        try:
            ids = select_texts(request.transactional_id_pattern, ids)
        except PatternError as error:
            raise KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, str(error)) from error
    lines = machine.listing(request, ids.__contains__, now_ms)
    return TransactionDecision(replies=[(ticket, ListTransactionsResponse(transaction_states=lines))])


def _check_pattern(text: str | None) -> None:
    """Raises KafkaError: INVALID_REGULAR_EXPRESSION."""
    try:
        topic_pattern(text or "")
    except PatternError as error:
        raise KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, str(error)) from error
