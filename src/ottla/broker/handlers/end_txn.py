"""EndTxn (key 26), versions 0–5: commit or abort a transaction (KIP-98).

It is answered once the decision is committed; the markers follow. From version 5 on (transaction version 2, KIP-890)
the answer holds the producer's next epoch, or a new producer id where the epochs are used up.

Deviations: after an end of transaction version 1 the epoch before is another producer's, and PRODUCER_FENCED; Kafka
tells that producer the present epoch. Nobody is told the epoch 32767, which only fences.
"""

from ottla.broker.call import Call
from ottla.broker.producer_ids import ProducerIds
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_requests import ask
from ottla.core.errors import KafkaError
from ottla.transactions.refusals import refusal
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.schema import Message


async def end_txn(
    producer_ids: ProducerIds, transactions: TransactionCoordinators, request: EndTxnRequest, call: Call
) -> Message:
    """Whether it is decided."""
    try:
        await producer_ids.reserve()
    except KafkaError as error:
        return refusal(request, error, call.version)
    return await ask(
        transactions,
        request.transactional_id,
        request,
        call.version,
        lambda machine, ticket, now_ms: machine.end_txn(
            request, call.version, producer_ids.take, ticket, now_ms
        ),
    )
