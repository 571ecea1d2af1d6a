"""DescribeTransactions (key 65), version 0: the state of transactional ids, as their coordinator knows it (KIP-664).

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.core.decision import Ticket
from ottla.core.errors import KafkaError
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.transactions.decision import TransactionDecision
from ottla.wire.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)


async def describe_transactions(
    transactions: TransactionCoordinators, request: DescribeTransactionsRequest, call: Call
) -> DescribeTransactionsResponse:
    """One answer for each id."""
    states = [await _describe(transactions, each) for each in request.transactional_ids]
    return DescribeTransactionsResponse(transaction_states=states)


async def _describe(transactions: TransactionCoordinators, transactional_id: str) -> TransactionState:
    def decide(machine: TransactionCoordinator, ticket: Ticket, _now_ms: int) -> TransactionDecision:
        return TransactionDecision(replies=[(ticket, machine.describe(transactional_id))])

    try:
        shard = await transactions.shard_of(transactional_id)
        reply = await shard.ask(decide)
    except KafkaError as error:
        reply = error
    if isinstance(reply, KafkaError):
        return TransactionState(error_code=reply.code, transactional_id=transactional_id)
    assert isinstance(reply, TransactionState)
    return reply
