"""InitProducerId (key 22), versions 0–5: a producer id for an idempotent or transactional producer (KIP-98).

Without a transactional id every call gives a fresh id with epoch 0, also to a producer that brings an older one
(KIP-360): sequence numbers begin again. An id without an epoch, or an epoch without an id, is an INVALID_REQUEST.
With one, the coordinator gives the id's producer id with the next epoch, which fences whoever had the one before; a
transaction that is ongoing is aborted first, and the answer is CONCURRENT_TRANSACTIONS until that is done.

Deviations: a producer that brings an old epoch is PRODUCER_FENCED also while a transaction is ongoing, where Kafka
aborts that transaction of a newer producer first; and also where no epoch is left, an unknown error in Kafka.
"""

from ottla.broker.call import Call
from ottla.broker.producer_ids import ProducerIds
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_requests import ask
from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions.refusals import refusal
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ottla.wire.schema import Message

NONE = -1


async def init_producer_id(
    producer_ids: ProducerIds,
    transactions: TransactionCoordinators,
    request: InitProducerIdRequest,
    call: Call,
) -> Message:
    """A producer id and epoch, or why there is none."""
    try:
        if (request.producer_id == NONE) != (request.producer_epoch == NONE):
            raise KafkaError(ErrorCode.INVALID_REQUEST, "a producer id and its epoch go together")
        if request.transactional_id is None:
            return InitProducerIdResponse(producer_id=await producer_ids.next())
        await producer_ids.reserve()
    except KafkaError as error:
        return refusal(request, error, call.version)
    return await ask(
        transactions,
        request.transactional_id,
        request,
        call.version,
        lambda machine, ticket, now_ms: machine.init_producer_id(request, producer_ids.take, ticket, now_ms),
    )
