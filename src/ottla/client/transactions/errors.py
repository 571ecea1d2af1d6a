"""What each answer about a transaction means to its producer (KIP-98, KIP-360, KIP-447, KIP-890)."""

from enum import Enum, auto

from ottla.core.errors import AbortableError, ErrorCode, FatalError, FencedError, KafkaError

_C = ErrorCode


class Verdict(Enum):
    DONE = auto()
    AGAIN = auto()
    """The same request, after a while."""
    LOOK_UP = auto()
    """The same request, to whoever coordinates now."""
    ABORT = auto()
    """The transaction can only be aborted."""
    FATAL = auto()


_EVERYWHERE = {
    _C.NONE: Verdict.DONE,
    _C.COORDINATOR_NOT_AVAILABLE: Verdict.LOOK_UP,
    _C.NOT_COORDINATOR: Verdict.LOOK_UP,
    _C.TRANSACTION_ABORTABLE: Verdict.ABORT,
    _C.INVALID_PRODUCER_EPOCH: Verdict.FATAL,
    _C.PRODUCER_FENCED: Verdict.FATAL,
    _C.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: Verdict.FATAL,
}

_BY_API: dict[str, dict[ErrorCode, Verdict]] = {
    "InitProducerId": {},
    "AddPartitionsToTxn": {
        _C.TOPIC_AUTHORIZATION_FAILED: Verdict.ABORT,
        _C.UNKNOWN_PRODUCER_ID: Verdict.ABORT,
        _C.INVALID_PRODUCER_ID_MAPPING: Verdict.ABORT,
        _C.OPERATION_NOT_ATTEMPTED: Verdict.ABORT,
        _C.INVALID_TOPIC_EXCEPTION: Verdict.ABORT,
    },
    "AddOffsetsToTxn": {
        _C.GROUP_AUTHORIZATION_FAILED: Verdict.ABORT,
        _C.UNKNOWN_PRODUCER_ID: Verdict.ABORT,
        _C.INVALID_PRODUCER_ID_MAPPING: Verdict.ABORT,
    },
    "TxnOffsetCommit": {
        _C.GROUP_AUTHORIZATION_FAILED: Verdict.ABORT,
        _C.TOPIC_AUTHORIZATION_FAILED: Verdict.ABORT,
        _C.FENCED_INSTANCE_ID: Verdict.ABORT,
        _C.ILLEGAL_GENERATION: Verdict.ABORT,
        _C.UNKNOWN_MEMBER_ID: Verdict.ABORT,
        _C.STALE_MEMBER_EPOCH: Verdict.ABORT,
        _C.REBALANCE_IN_PROGRESS: Verdict.ABORT,
        _C.OFFSET_METADATA_TOO_LARGE: Verdict.ABORT,
        _C.INVALID_COMMIT_OFFSET_SIZE: Verdict.ABORT,
    },
    "EndTxn": {
        _C.UNKNOWN_PRODUCER_ID: Verdict.ABORT,
        _C.INVALID_PRODUCER_ID_MAPPING: Verdict.ABORT,
    },
}
"""What differs from the rest: anything else is asked again if its code says so, and fatal if not."""

_ADVICE = {
    _C.INVALID_PRODUCER_EPOCH: "another producer with this transactional_id has taken over, or the transaction "
    "outlived transaction_timeout_ms; end this producer",
    _C.PRODUCER_FENCED: "another producer with this transactional_id has taken over; end this one",
    _C.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "this user needs WRITE on the transactional id",
    _C.INVALID_TRANSACTION_TIMEOUT: "lower transaction_timeout_ms, or raise the broker's "
    "transaction.max.timeout.ms",
    _C.INVALID_TXN_STATE: "the coordinator has ended the transaction otherwise, as it does with one that outlived "
    "transaction_timeout_ms; end this producer",
    _C.ILLEGAL_GENERATION: "the consumer has lost its partitions to others: abort, and read on from what is "
    "committed",
    _C.UNKNOWN_MEMBER_ID: "the consumer has left its group: abort, and read on from what is committed",
}


def verdict(api: str, code: ErrorCode) -> Verdict:
    """What follows from this answer."""
    found = _BY_API[api].get(code) or _EVERYWHERE.get(code)
    return found or (Verdict.AGAIN if code.retriable else Verdict.FATAL)


def exception(api: str, code: ErrorCode, message: str, broker: int | None = None) -> KafkaError:
    """For a verdict of ABORT or FATAL."""
    advice = _ADVICE.get(code, "")
    if verdict(api, code) is Verdict.ABORT:
        return AbortableError(code, message, broker=broker, api=api, advice=advice)
    if code in (_C.INVALID_PRODUCER_EPOCH, _C.PRODUCER_FENCED):
        return FencedError(_C.PRODUCER_FENCED, message, broker=broker, api=api, advice=advice)
    return FatalError(code, message, broker=broker, api=api, advice=advice)
