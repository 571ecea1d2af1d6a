"""One transactional id: what is written down about it, and the little that is not."""

from ottla.transactions.decision import Partition
from ottla.transactions.records import NO_PRODUCER_EPOCH, PartitionsSchema, TransactionLogValue
from ottla.transactions.states import BY_NUMBER, IS_ENDING, State

FENCE_EPOCH = 2**15 - 1
"""The highest epoch. No producer is ever given it, so that there is always one left to fence with."""

LAST_EPOCH = FENCE_EPOCH - 1
"""The highest epoch of a producer. The next one begins anew at 0 with another producer id."""


class Transaction:
    """A transactional id as of its last record. Replaced by the next record, never changed, but for `partitions`."""

    __slots__ = ("last_producer_epoch", "partitions", "state", "stored", "transactional_id")

    def __init__(
        self, transactional_id: str, stored: TransactionLogValue, last_producer_epoch: int = NO_PRODUCER_EPOCH
    ) -> None:
        self.transactional_id = transactional_id
        self.stored = stored
        self.state = BY_NUMBER[stored.transaction_status]
        self.partitions: set[Partition] = partitions_of(stored)
        """Those with the transaction's records; while it is ending, those still without a marker."""
        self.last_producer_epoch = last_producer_epoch
        """The producer's epoch before the present one, if the same producer holds both: it may not know yet that it has
        a new one. Not written down, as in Kafka."""

    @property
    def is_ending(self) -> bool:
        """Whether commit or abort is decided, and not yet done."""
        return self.state in IS_ENDING

    @property
    def committed(self) -> bool:
        """How a transaction that is ending ends."""
        return self.state is State.PREPARE_COMMIT


def partitions_of(value: TransactionLogValue) -> set[Partition]:
    """The partitions in a record."""
    return {
        (topic.topic, index) for topic in value.transaction_partitions or () for index in topic.partition_ids
    }


def schema_of(partitions: set[Partition]) -> list[PartitionsSchema]:
    """The partitions as they are written down, in order."""
    topics: dict[str, list[int]] = {}
    for topic, index in sorted(partitions):
        topics.setdefault(topic, []).append(index)
    return [PartitionsSchema(topic=topic, partition_ids=indexes) for topic, indexes in topics.items()]
