"""What can go wrong with a connection, seen from both its ends.

ValueError ── FrameError                 the bytes are not Kafka frames, or are too large
Exception  ── CloseConnection            a handler's order: close after the earlier replies
KafkaError ── KafkaConnectionError       the client side: refused, closed, timed out
"""

from ottla.core.errors import ErrorCode, RetriableError
from ottla.wire.types import Buffer


class FrameError(ValueError):
    """A size prefix that no Kafka client would send. `frames` are the good frames that came before it."""

    def __init__(self, message: str, frames: list[Buffer], junk: bytes) -> None:
        super().__init__(message)
        self.frames = frames
        self.junk = junk
        """The first bytes at the bad size prefix: enough to guess what the other end speaks."""


class CloseConnection(Exception):  # noqa: N818 - an order, not an error
    """Raised by a handler: answer what came before this request, then close. The text is logged."""


class KafkaConnectionError(RetriableError):
    """The other end cannot be reached or went away. The text names the address and the likely fix."""

    def __init__(self, address: str, problem: str, code: ErrorCode = ErrorCode.NETWORK_EXCEPTION) -> None:
        super().__init__(code, f"{address}: {problem}")
        self.address = address
        self.problem = problem
