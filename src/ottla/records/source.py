"""Where records come from, and how their bytes become what an application works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

RecordHeaders = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Source(Generic[K, V]):
    """What all records of a partition have in common. A deserializer takes bytes (or None), topic and headers.

    Without a deserializer a record's key or value is its bytes.
    """

    topic: str
    partition: int
    leader_epoch: int = -1
    """The epoch that the batch was written under; -1 when it is not known."""
    key_deserializer: Callable[[bytes | None, str, RecordHeaders], K] | None = None
    value_deserializer: Callable[[bytes | None, str, RecordHeaders], V] | None = None


NOWHERE: Final[Source[bytes | None, bytes | None]] = Source("", -1)
"""Of records that were not fetched."""
