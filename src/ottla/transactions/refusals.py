"""How each API says no, and which code old versions of it know instead of PRODUCER_FENCED."""

from collections.abc import Callable
from typing import Any, Final

from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import add_partitions_to_txn as add
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from ottla.wire.messages.end_txn import EndTxnRequest, EndTxnResponse
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ottla.wire.schema import Message

KNOWS_FENCED_SINCE: Final[dict[type[Message], int]] = {
    InitProducerIdRequest: 4,
    add.AddPartitionsToTxnTransaction: 2,
    AddOffsetsToTxnRequest: 2,
    EndTxnRequest: 2,
}
"""The first version of each API whose clients understand PRODUCER_FENCED; before it, INVALID_PRODUCER_EPOCH."""


def refusal(request: Message, error: KafkaError, version: int) -> Message:
    """The response to `request` in this version that carries `error`.

    A request to add partitions is refused for each transaction: `request` is an AddPartitionsToTxnTransaction then, the
    response an AddPartitionsToTxnResult.
    """
    code = error.code
    if code is ErrorCode.PRODUCER_FENCED and version < KNOWS_FENCED_SINCE[type(request)]:
        code = ErrorCode.INVALID_PRODUCER_EPOCH
    return _REFUSALS[type(request)](request, code)


def added(transaction: add.AddPartitionsToTxnTransaction, code: ErrorCode) -> add.AddPartitionsToTxnResult:
    """The same code for every partition."""
    return add.AddPartitionsToTxnResult(
        transactional_id=transaction.transactional_id,
        topic_results=[
            add.AddPartitionsToTxnTopicResult(
                name=topic.name,
                results_by_partition=[
                    add.AddPartitionsToTxnPartitionResult(partition_index=index, partition_error_code=code)
                    for index in topic.partitions
                ],
            )
            for topic in transaction.topics
        ],
    )


_REFUSALS: dict[type[Message], Callable[[Any, ErrorCode], Message]] = {
    InitProducerIdRequest: lambda _, code: InitProducerIdResponse(error_code=code, producer_epoch=-1),
    add.AddPartitionsToTxnTransaction: added,
    AddOffsetsToTxnRequest: lambda _, code: AddOffsetsToTxnResponse(error_code=code),
    EndTxnRequest: lambda _, code: EndTxnResponse(error_code=code),
}
