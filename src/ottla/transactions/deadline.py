"""The names of the deadlines that the machine sets."""

from enum import Enum, auto
from typing import NamedTuple

from ottla.core.deadlines import Deadlines


class Wait(Enum):
    """What is waited for."""

    END = auto()
    """The end of a transaction that its producer must not let pass."""
    COMPLETE = auto()
    """That an end whose markers are all there can be written down, after the log refused it."""
    EXPIRE = auto()
    """The next look for transactional ids that nobody uses any more; not of one id."""


class Deadline(NamedTuple):
    """One deadline, of one transactional id or of all."""

    wait: Wait
    transactional_id: str = ""


TransactionDeadlines = Deadlines[Deadline]
