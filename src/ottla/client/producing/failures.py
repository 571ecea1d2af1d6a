"""What is said of records that are not delivered for a reason of the producer's own."""

from ottla.client.producing.outgoing import OutgoingBatch
from ottla.core.errors import ErrorCode, KafkaError


def expired(batch: OutgoingBatch, timeout_ms: int, why: str) -> KafkaError:
    """Its `delivery.timeout.ms` is over."""
    message = f"{batch.queue.partition}: not delivered in {timeout_ms} ms ({why})"
    advice = "it may have been saved all the same" if batch.attempts else ""
    return KafkaError(ErrorCode.REQUEST_TIMED_OUT, message, advice=advice)


def too_large(size_bytes: int, limit_bytes: int) -> KafkaError:
    """No request may have such a record."""
    return KafkaError(
        ErrorCode.MESSAGE_TOO_LARGE,
        f"a record of {size_bytes} bytes is larger than max_request_size, {limit_bytes} bytes",
        advice="send less in one record, or raise max_request_size (and the topic's max.message.bytes)",
    )


def closed() -> KafkaError:
    """Nothing can be sent any more, by this producer; so it is not retriable."""
    advice = "what was under way then may have been saved all the same; make a new producer"
    return KafkaError(ErrorCode.INVALID_REQUEST, "the producer was closed", advice=advice)


def unplaceable(error: Exception) -> KafkaError:
    """No batch takes it, as one with an impossible timestamp, or the partitioner fails at it."""
    if isinstance(error, KafkaError):
        return error
    text = str(error) if isinstance(error, ValueError) else f"the record cannot be sent: {error!r}"
    failure = KafkaError(ErrorCode.INVALID_RECORD, text)
    failure.__cause__ = error
    return failure


def no_integers(partition: object, timestamp_ms: object) -> TypeError:
    """What a record's place and time are not; key and value are bytes by then."""
    return TypeError(f"partition and timestamp_ms are integers, not {partition!r} and {timestamp_ms!r}")
