"""What a serde is."""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeVar, cast, runtime_checkable

T = TypeVar("T")

Headers = Sequence[tuple[str, bytes | None]]
"""Of the record that the value belongs to."""

Field = Literal["key", "value"]
"""The side of a record that a serde is for; errors and a registry's subjects name it."""


@runtime_checkable
class Serde(Protocol[T]):
    """Values of one type to bytes and back. Null is null on both sides: a tombstone has no value.

    Both methods raise SerializationError. A serde that wants to know whether it is for keys or values has a
    method `for_field(field)` that gives its copy for that side.
    """

    def serialize(self, value: T | None, topic: str, headers: Headers, /) -> bytes | None:
        """The bytes to send."""

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> T | None:
        """The value of bytes that came."""


@runtime_checkable
class Prepared(Protocol):
    """A serde that has to ask a schema registry before it can work; afterwards it works without waiting.

    Clients await these; who calls the serde by itself may leave them out: what is not known yet is then asked
    on the spot, and everything else in the event loop waits for the answer.
    """

    def is_prepared(self, topic: str) -> bool:
        """Whether `serialize` can work on the spot."""

    async def prepare(self, topic: str) -> None:
        """Get ready to serialize. Raises SerializationError."""

    def is_prepared_for(self, values: Iterable[bytes | None], headers: Iterable[Headers] = ()) -> bool:
        """Whether `deserialize` can work on the spot, for all of these."""

    async def prepare_for(self, values: Iterable[bytes | None], headers: Iterable[Headers] = ()) -> None:
        """Get ready to deserialize these. What is no good among them is said by `deserialize` itself."""


class _HasSides(Protocol):
    def for_field(self, field: Field) -> object: ...


def for_field(serde: Serde[T], field: Field) -> Serde[T]:
    """The serde's copy for that side of a record; itself when it does not care."""
    if not hasattr(serde, "for_field"):
        return serde
    return cast("Serde[T]", cast("_HasSides", serde).for_field(field))
