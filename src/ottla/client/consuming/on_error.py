"""What becomes of a record that its handler fails with."""

from dataclasses import dataclass, field

from ottla.client.config.options import OptionError
from ottla.client.topic import TOPIC_NAME_RULE, is_topic_name


@dataclass(frozen=True, slots=True)
class Stop:
    """`run` raises what the handler raised. The record stays uncommitted, and comes again to whoever reads next."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The record is sent to another topic as it was, with headers that say where it is from and what was wrong.

    `dead-letter.topic`, `.partition`, `.offset`, `.group`, `.error` (the exception's class) and `.message`.
    """

    topic: str

    def __post_init__(self) -> None:
        if not is_topic_name(self.topic):
            raise OptionError(f"DeadLetter({self.topic!r}): topic must be a topic's name: {TOPIC_NAME_RULE}")


@dataclass(frozen=True, slots=True)
class Retry:
    """The handler is called again, after a wait that doubles each time; what is in order behind the record waits."""

    attempts: int = 3
    """How often the handler is called in all."""
    backoff_ms: int = 100
    backoff_max_ms: int = 10_000
    then: Stop | DeadLetter = field(default_factory=Stop)
    """What becomes of the record when even the last attempt fails."""

    def __post_init__(self) -> None:
        if min(self.backoff_ms, self.backoff_max_ms) < 0:
            waits = f"backoff_ms={self.backoff_ms}, backoff_max_ms={self.backoff_max_ms}"
            raise ValueError(f"Retry waits for a time from 0 ms on, not {waits}")
        if self.attempts < 1:
            raise ValueError(f"Retry calls the handler at least once, not {self.attempts} times")
        if not isinstance(self.then, Stop | DeadLetter):
            raise TypeError(f"then is {self.then!r}; it must be Stop() or DeadLetter(…)")

    def delay_s(self, attempt: int) -> float:
        """How long to wait after so many."""
        return min(self.backoff_ms << min(attempt - 1, 30), self.backoff_max_ms) / 1000


OnError = Stop | DeadLetter | Retry
