"""Who the producer is to the brokers (KIP-98), and how its batches are numbered.

Sequence numbers count a producer's records in one partition, from 0 for each epoch; after 2³¹-1 comes 0.
"""

from typing import NamedTuple

from ottla.core.errors import ErrorCode

MAX_PRODUCER_EPOCH = 2**15 - 1
SEQUENCE_MASK = 2**31 - 1

LOST_THE_THREAD = frozenset({ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode.UNKNOWN_PRODUCER_ID})
"""The broker expects another sequence, or knows nothing of this producer: the batch was not appended."""

PERHAPS_APPENDED = frozenset({ErrorCode.UNKNOWN_SERVER_ERROR, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND})
"""Refusals after which the records may be in the log all the same, as they may after every retriable error."""


class ProducerIdentity(NamedTuple):
    """A producer id and its epoch: to a broker, another epoch is another producer that replaces the first."""

    producer_id: int
    producer_epoch: int

    def bumped(self) -> "ProducerIdentity | None":
        """With the next epoch, which a producer without transactions may take by itself (KIP-360).

        None when the id has no further one: then a new id must be asked for.
        """
        if self.producer_epoch >= MAX_PRODUCER_EPOCH:
            return None
        return ProducerIdentity(self.producer_id, self.producer_epoch + 1)


NO_IDENTITY = ProducerIdentity(-1, -1)
"""Of a producer without idempotence: its batches have no numbers either."""


def sequence_after(sequence: int, records_count: int) -> int:
    """The sequence of the record that follows `records_count` records from `sequence` on."""
    return (sequence + records_count) & SEQUENCE_MASK
