"""What the handlers of transactional requests share: find the coordinator, ask it, turn a refusal into a response."""

from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_shard import Decide
from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions.refusals import refusal
from ottla.wire.schema import Message


async def ask(
    transactions: TransactionCoordinators,
    transactional_id: str,
    request: Message,
    version: int,
    decide: Decide,
) -> Message:
    """The coordinator's response, or the refusal in this request's form."""
    try:
        if not transactional_id:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "a transactional id has at least one character")
        shard = await transactions.shard_of(transactional_id)
        reply = await shard.ask(decide)
    except KafkaError as error:
        reply = error
    return refusal(request, reply, version) if isinstance(reply, KafkaError) else reply
