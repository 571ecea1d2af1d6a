"""What a SASL mechanism is to the exchange: bytes to send, made from bytes that came. No I/O here."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class SaslError(Exception):
    """The exchange cannot go on. The text says why, and what to do; never a secret."""


class Mechanism(Protocol):
    """One authentication; a new one is made for the next.

    `first` is sent, each answer goes to `next`, until that returns None. Then `finish` tells whether all is well.
    """

    name: str

    def first(self) -> bytes:
        """What the client says unasked."""
        ...

    def next(self, challenge: bytes) -> bytes | None:
        """What to say to the server's challenge; None when there is nothing more to say. Raises SaslError."""
        ...


NewMechanism = Callable[[], Awaitable[Mechanism]]
"""Makes the mechanism of one authentication; OAUTHBEARER awaits a token for it."""
