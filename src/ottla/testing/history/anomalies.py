"""What can be wrong with a history, by name."""

from dataclasses import dataclass
from enum import StrEnum


class Anomaly(StrEnum):
    """Each is a promise that was broken; the words say which."""

    LOST_WRITE = "lost write"
    """Acknowledged (and committed), read past, and seen by nobody."""
    DUPLICATE = "duplicate"
    """One send, at more than one place."""
    INVENTED = "invented"
    """Read, and sent by nobody."""
    ABORTED_READ = "aborted read"
    """A reader of committed data saw what was aborted, or what certainly was not written."""
    DIRTY_READ = "dirty read"
    """A reader of committed data saw what was not committed yet."""
    TORN_TRANSACTION = "torn transaction"
    """Readers of committed data saw a part of a transaction, and read past another part without seeing it."""
    REORDERED = "reordered"
    """Readers saw one process's sends in one partition in another order than they were sent."""
    NON_MONOTONIC_SEND = "non-monotonic send"
    """One process's sends in one partition were acknowledged at offsets that go back."""
    NON_MONOTONIC_POLL = "non-monotonic poll"
    """A reader was given an offset that is not after the one before, and it had not sought."""
    SKIPPED_POLL = "skipped poll"
    """A reader passed over what another one saw."""
    FUZZY_OFFSET = "fuzzy offset"
    """One offset was said to hold different values."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One anomaly, and the particulars."""

    anomaly: Anomaly
    words: str

    def __str__(self) -> str:
        return f"{self.anomaly}: {self.words}"
