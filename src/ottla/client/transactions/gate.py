"""What the sender asks about the transaction that its batches belong to."""

from typing import Protocol

from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import KafkaError


class TransactionGate(Protocol):
    """Answered by a transactional producer; others have none."""

    @property
    def max_produce_version(self) -> int | None:
        """The last version of Produce that suits the protocol of transactions in use; None for any."""

    @property
    def is_ending_badly(self) -> bool:
        """Whether what comes back need not be sent again: it is to be aborted anyway."""

    def may_leave(self, partition: TopicPartition) -> bool:
        """Whether the partition is part of the transaction; it becomes so soon, and the sender is woken."""

    def batch_failed(self, error: KafkaError) -> KafkaError:
        """A batch was given up. Returns the error that its records get."""
