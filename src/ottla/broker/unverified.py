"""The producers of a partition whose transaction was asked about and not begun yet (KIP-890)."""

from dataclasses import dataclass

from ottla.core.limits import UNVERIFIED_PRODUCERS
from ottla.log.producers import EPOCH_BUMPED_SINCE


@dataclass(slots=True, eq=False)
class Unverified:
    """One producer. `lowest_sequence`: of all batches at this epoch that were asked about."""

    epoch: int
    lowest_sequence: int


class UnverifiedProducers:
    """A question is pending until its producer's transaction begins, or a marker says that it is over."""

    __slots__ = ("_by_id",)

    def __init__(self) -> None:
        self._by_id: dict[int, Unverified] = {}

    def ask(self, producer_id: int, epoch: int, base_sequence: int) -> Unverified:
        """The pending question about this producer, now about this batch as well."""
        known = self._by_id.get(producer_id)
        if known is None:
            if len(self._by_id) >= UNVERIFIED_PRODUCERS:
                del self._by_id[next(iter(self._by_id))]
            known = self._by_id[producer_id] = Unverified(epoch, base_sequence)
        elif epoch > known.epoch:
            known.epoch, known.lowest_sequence = epoch, base_sequence
        elif epoch == known.epoch:
            known.lowest_sequence = min(known.lowest_sequence, base_sequence)
        return known

    def is_pending(self, producer_id: int, question: Unverified) -> bool:
        """Whether nothing happened to the producer since the question was asked."""
        return self._by_id.get(producer_id) is question

    def settle(self, producer_id: int) -> None:
        """The producer's transaction began."""
        self._by_id.pop(producer_id, None)

    def ended(self, producer_id: int, epoch: int, transaction_version: int) -> None:
        """A marker of this epoch came. From version 2 on it is the next transaction's: a question about that stays."""
        known = self._by_id.get(producer_id)
        if known is not None and (transaction_version < EPOCH_BUMPED_SINCE or known.epoch < epoch):
            del self._by_id[producer_id]
