"""AddOffsetsToTxn (key 25), versions 0–4: a group's offsets become part of a transaction (KIP-98).

What is added is the partition of `__consumer_offsets` that the group belongs to, which is made if there is none yet.

Deviations: none known.
"""

from ottla.broker.call import Call
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_requests import ask
from ottla.core.errors import KafkaError
from ottla.transactions.refusals import refusal
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.schema import Message


async def add_offsets_to_txn(
    groups: GroupCoordinators,
    transactions: TransactionCoordinators,
    request: AddOffsetsToTxnRequest,
    call: Call,
) -> Message:
    """From now on TxnOffsetCommit of this group is part of the transaction."""
    try:
        await groups.make_topic()
        index = groups.partition_of(request.group_id)
    except KafkaError as error:
        return refusal(request, error, call.version)
    return await ask(
        transactions,
        request.transactional_id,
        request,
        call.version,
        lambda machine, ticket, now_ms: machine.add_offsets(request, index, ticket, now_ms),
    )
