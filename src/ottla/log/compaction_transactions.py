"""Transactions as a walk over the log meets them: which batches were aborted, which markers are still needed.

A marker stays while a batch of its transaction is left: an abort marker with its entry in the index of
aborted transactions, a commit marker alone. A transaction without batches needs none; its marker may go once
the delete horizon that compaction writes into it has passed (KIP-534).
"""

from collections import deque
from collections.abc import Iterable

from ottla.log.aborted import AbortedTransaction
from ottla.records.batch import Batch
from ottla.records.control import ControlType, read_end_transaction_marker


class TransactionWalk:
    """Show it every batch once, by offset. `aborted` are those that overlap what is walked."""

    __slots__ = ("_ahead", "_committed", "_open", "_seen", "retained")

    def __init__(self, aborted: Iterable[AbortedTransaction]) -> None:
        self._ahead = deque(sorted(aborted, key=lambda each: each.first_offset))
        self._open: dict[int, AbortedTransaction] = {}
        self._seen: set[int] = set()
        self._committed: set[int] = set()
        self.retained: list[AbortedTransaction] = []
        """Aborted transactions of which a batch was met: the index has to go on naming them."""

    def take_retained(self) -> list[AbortedTransaction]:
        """The retained ones since the last time this was asked, by the offset of their marker."""
        taken, self.retained = sorted(self.retained, key=lambda each: each.last_offset), []
        return taken

    def is_aborted(self, batch: Batch) -> bool:
        """Whether a batch of data belongs to an aborted transaction: nobody may see its records any more."""
        self._advance(batch.last_offset)
        if not batch.is_transactional:
            return False
        transaction = self._open.get(batch.producer_id)
        if transaction is not None and transaction.last_offset < batch.base_offset:
            self._close(transaction)  # an earlier round dropped its marker
        elif transaction is not None:
            self._seen.add(batch.producer_id)
            return True
        self._committed.add(batch.producer_id)
        return False

    def is_needless(self, batch: Batch) -> bool:
        """Whether a control batch says nothing about any batch that is left. Raises CorruptRecordError."""
        self._advance(batch.last_offset)
        if batch.records_count == 0:
            return True
        marker = read_end_transaction_marker(batch)
        if marker is None:
            return False
        if marker.control_type is ControlType.COMMIT:
            was_met = batch.producer_id in self._committed
            self._committed.discard(batch.producer_id)
            return not was_met
        transaction = self._open.get(batch.producer_id)
        return transaction is None or not self._close(transaction)

    def _close(self, transaction: AbortedTransaction) -> bool:
        """Its end was passed. Whether a batch of it was met on the way."""
        producer_id = transaction.producer_id
        del self._open[producer_id]
        if producer_id not in self._seen:
            return False
        self._seen.discard(producer_id)
        self.retained.append(transaction)
        return True

    def _advance(self, offset: int) -> None:
        while self._ahead and self._ahead[0].first_offset <= offset:
            transaction = self._ahead.popleft()
            before = self._open.get(transaction.producer_id)
            if before is not None:
                self._close(before)
            self._open[transaction.producer_id] = transaction
