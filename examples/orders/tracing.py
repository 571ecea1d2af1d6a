"""One trace id follows an order through every request and event that it causes."""

from contextvars import ContextVar
from typing import Final
from uuid import uuid4

HTTP_HEADER: Final = "x-trace-id"
EVENT_HEADER: Final = "trace-id"

TRACE: ContextVar[str] = ContextVar("trace", default="")
"""What is being done now is part of this trace."""


def new_trace() -> str:
    """An id for something that begins here."""
    return uuid4().hex
