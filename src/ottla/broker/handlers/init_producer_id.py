"""InitProducerId (key 22), versions 0–5: a producer id for an idempotent producer (KIP-98).

Without a transactional id every call gives a fresh id with epoch 0, also to a producer that brings an older one
(KIP-360): sequence numbers begin again. An id without an epoch, or an epoch without an id, is an INVALID_REQUEST.

Deviations: with a transactional id it answers TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which ends a transactional
producer at once with a clear error, until transactions are served.
"""

from ottla.broker.call import Call
from ottla.broker.producer_ids import ProducerIds
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

NONE = -1


async def init_producer_id(
    producer_ids: ProducerIds, request: InitProducerIdRequest, _call: Call
) -> InitProducerIdResponse:
    """A fresh id, or why there is none."""
    if (request.producer_id == NONE) != (request.producer_epoch == NONE):
        return _failed(ErrorCode.INVALID_REQUEST)
    if request.transactional_id == "":
        return _failed(ErrorCode.INVALID_REQUEST)
    if request.transactional_id is not None:
        return _failed(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    try:
        return InitProducerIdResponse(producer_id=await producer_ids.next())
    except KafkaError as error:
        return _failed(error.code)


def _failed(error: ErrorCode) -> InitProducerIdResponse:
    return InitProducerIdResponse(error_code=error, producer_epoch=NONE)
