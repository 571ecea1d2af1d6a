"""What the controller decides: writes to the store, and what to answer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from ottla.cluster.store import Write
from ottla.core.errors import ErrorCode

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Decision(Generic[Outcome]):
    """Write first, then answer: the outcome is true only when the writes are in the store."""

    writes: tuple[Write, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one item of a request came out."""

    code: ErrorCode = ErrorCode.NONE
    message: str | None = None

    @property
    def ok(self) -> bool:
        return self.code is ErrorCode.NONE


OK = Verdict()
