"""What goes with an event beside what it says: a trace id, the same in every request and event that an order causes,
and an id of its own, the same when it is sent again."""

from contextvars import ContextVar
from typing import Final
from uuid import uuid4

HTTP_HEADER: Final = "x-trace-id"
TRACE_HEADER: Final = "trace-id"
ID_HEADER: Final = "event-id"

TRACE: ContextVar[str] = ContextVar("trace", default="")
"""What is being done now is part of this trace."""


def new_trace() -> str:
    """An id for something that begins here."""
    return uuid4().hex
