"""The states of a transactional id, and from which states each may be entered.

Rules of the machine:

1. One transactional id has one transaction at a time. It begins with the first partition that is added (ONGOING).
2. Commit or abort is decided by one record, PREPARE_COMMIT or PREPARE_ABORT. What it says happens, whoever dies: from
   then on nothing but the markers in its partitions is missing.
3. Once every partition has its marker, COMPLETE_COMMIT or COMPLETE_ABORT follows, and the id is free again.
4. A transaction that is late, or whose producer begins anew, is aborted with an epoch that fences the old producer.
   That is PREPARE_EPOCH_FENCE: passed through in one step, never written down.
5. With transaction version 2 (KIP-890) every end raises the epoch, so what an old transaction's producer still sends
   fits no newer one. Then a producer that is not sure may abort what never began: EMPTY and COMPLETE_* too can become
   PREPARE_ABORT.
6. An id that nobody has used for `transactional.id.expiration.ms` is forgotten (DEAD, written as a tombstone).
"""

from enum import Enum
from typing import Final


class State(Enum):
    """A state: its number in the log, and its name in ListTransactions and DescribeTransactions."""

    number: int
    label: str

    def __init__(self, number: int, label: str) -> None:
        self.number = number
        self.label = label

    EMPTY = 0, "Empty"
    ONGOING = 1, "Ongoing"
    PREPARE_COMMIT = 2, "PrepareCommit"
    PREPARE_ABORT = 3, "PrepareAbort"
    COMPLETE_COMMIT = 4, "CompleteCommit"
    COMPLETE_ABORT = 5, "CompleteAbort"
    DEAD = 6, "Dead"
    PREPARE_EPOCH_FENCE = 7, "PrepareEpochFence"


_AT_REST = frozenset({State.EMPTY, State.COMPLETE_COMMIT, State.COMPLETE_ABORT})

ENTERED_FROM: Final[dict[State, frozenset[State]]] = {
    State.EMPTY: _AT_REST,
    State.ONGOING: _AT_REST | {State.ONGOING},
    State.PREPARE_COMMIT: frozenset({State.ONGOING}),
    State.PREPARE_ABORT: _AT_REST | {State.ONGOING, State.PREPARE_EPOCH_FENCE},
    State.COMPLETE_COMMIT: frozenset({State.PREPARE_COMMIT}),
    State.COMPLETE_ABORT: frozenset({State.PREPARE_ABORT}),
    State.DEAD: _AT_REST,
    State.PREPARE_EPOCH_FENCE: frozenset({State.ONGOING}),
}
"""The state table: a state and those it may follow."""

IS_ENDING: Final = frozenset({State.PREPARE_COMMIT, State.PREPARE_ABORT})
"""The end is decided, and markers are being written."""

MAY_EXPIRE: Final = ENTERED_FROM[State.DEAD]

ENDED_BY: Final = {State.PREPARE_COMMIT: State.COMPLETE_COMMIT, State.PREPARE_ABORT: State.COMPLETE_ABORT}
"""What follows once all markers are written."""

BY_NUMBER: Final = {state.number: state for state in State}
BY_LABEL: Final = {state.label: state for state in State}
